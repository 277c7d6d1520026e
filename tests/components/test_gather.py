"""What two places claim is refused with both: names, files, ports, addresses, volumes, secrets; the rules passed by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from homeport.cli.check import with_clashes
from homeport.components import COMPONENTS, Component
from homeport.components.contribution import (
    Attachment,
    Container,
    Contribution,
    HealthCheck,
    Mount,
    Published,
    SecretFile,
)
from homeport.components.gather import clashes, gather
from homeport.errors import StackError
from homeport.files import File
from homeport.render import compose
from homeport.render.render import render
from homeport.stack.load import examine, load
from homeport.stack.model import Stack, Target
from homeport.stack.rules.services import RESERVED

GOLDEN = Path(__file__).parents[1] / "golden"
FILE = """\
homeport: 1
name: shop
environments:
  local: {domain: shop.localhost}
edge: {routes: {/: web}}
services:
  web: {build: app, port: 8000, health: /ok}
  cache: {image: "redis:7.4", port: 6379, protocol: tcp}
rabbitmq: {}
"""


def target(services: dict[str, Any], **parts: Any) -> Target:
    """As no file passes `check`: the models alone know no clash."""
    return Target(
        Stack.model_validate(
            {
                "homeport": 1,
                "name": "shop",
                "environments": {"local": {"domain": "shop.localhost"}},
                "services": {"web": {"image": "web:1", "port": 8000, "health": "/ok"}, **services},
                **parts,
            }
        ),
        "local",
    )


def of(**given: Any) -> Component:
    """A part that comes later, and contributes what is given; its place in the file is `rabbitmq`."""
    return Component("rabbitmq", lambda part, target: Contribution(**given))


def container(name: str, **more: Any) -> Container:
    return Container(name, "x:1", 1, 1.0, HealthCheck(("CMD", "true")), None, **more)


def said(*later: Component) -> str:
    with pytest.raises(StackError) as fault:
        gather(target({"cache": {"image": "redis:7.4"}}, rabbitmq={}), (*COMPONENTS, *later))
    return f"{fault.value.message}\n{fault.value.hint}"


def test_a_service_with_a_name_of_a_part_does_not_replace_it() -> None:
    wanted = target({"postgres": {"image": "x:1", "volumes": ["data:/data"]}}, postgres={})
    with pytest.raises(StackError) as fault:
        render(wanted)
    first = fault.value.message.splitlines()[0]
    assert (
        first == "environments.local: the container postgres is claimed by services.postgres and by postgres"
    )
    assert fault.value.hint == "give services.postgres another name"


def test_a_task_and_a_service_of_one_name() -> None:
    web = {"image": "web:1", "database": "web_db", "migrate": "true", "port": 8000, "health": "/ok"}
    wanted = target({"web": web, "web-migrate": {"image": "x:1", "volumes": ["d:/d"]}}, postgres={})
    found = {clash.what: (clash.one, clash.other) for clash in clashes(wanted)}
    assert found["the container web-migrate"] == (("services", "web"), ("services", "web-migrate"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"containers": (container("web-blue"),)},
            "the container web-blue is claimed by services.web and by rabbitmq",
        ),
        (
            {"containers": (container("x", networks=(Attachment("app", aliases=("web",)),)),)},
            "the name web in the network app is claimed by edge and by rabbitmq",
        ),
        (
            {"containers": (container("x", networks=(Attachment("app", "ADDRESS"),)),)},
            "in app is claimed by edge and by rabbitmq",
        ),
        (
            {"containers": (container("x", ports=(Published("0.0.0.0", 443, 1),)),)},
            "the port 443 of the machine is claimed by edge and by rabbitmq",
        ),
        (
            {"files": (File("nginx/nginx.conf", ""),)},
            "the file nginx/nginx.conf is claimed by edge and by rabbitmq",
        ),
        ({"secrets": (SecretFile("cache", "key", 1, "{key}"),)}, ""),
        (
            {"secrets": (SecretFile("web", "rabbitmq_url", 1, "{x}"),)},
            "the secret file web/rabbitmq_url is claimed by services.web and by rabbitmq.web",
        ),
    ],
)
def test_each_kind_of_thing(given: dict[str, Any], words: str) -> None:
    edge = target({}).edge_address
    if "containers" in given:
        first = given["containers"][0]
        moved = tuple(
            Attachment(a.network, a.address.replace("ADDRESS", edge), a.aliases) for a in first.networks
        )
        given = {"containers": (container(first.name, networks=moved, ports=first.ports),)}
    if words:
        assert words in said(of(**given))
    else:
        gather(target({"cache": {"image": "x:1"}}, rabbitmq={}), (*COMPONENTS, of(**given)))


def test_a_volume_and_a_secret_of_two_parts() -> None:
    later = of(volumes=("rabbitmq_data",), generated=("rabbitmq_admin",))
    postgres = Component("edge", lambda part, target: Contribution(volumes=("rabbitmq_data",)))
    words = said(later, postgres)
    assert "the volume rabbitmq_data is claimed by rabbitmq and by edge" in words
    assert "the secret rabbitmq_admin" not in words  # one place claims it twice: it is the same part
    other = Component("edge", lambda part, target: Contribution(generated=("rabbitmq_admin",)))
    assert "the secret rabbitmq_admin is claimed by rabbitmq and by edge" in said(other)


def test_services_may_share_a_volume_and_a_secret() -> None:
    shares = {"image": "x:1", "volumes": ["data:/data"], "secrets": ["key"]}
    assert clashes(target({"one": shares, "two": shares})) == ()


def test_a_port_on_two_addresses_is_two_ports() -> None:
    other = of(containers=(container("x", ports=(Published("127.0.0.2", 443, 1),)),))
    assert clashes(target({}, rabbitmq={}), (*COMPONENTS, other)) == ()


def test_check_says_it_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "homeport.yaml").write_text(FILE)
    examined = examine(tmp_path / "homeport.yaml")
    assert with_clashes(examined).problems == ()
    later = Component("rabbitmq", lambda part, target: Contribution(containers=(container("cache"),)))
    found = with_clashes(examined, (*COMPONENTS, later)).text()
    assert (
        f"{tmp_path}/homeport.yaml:9:1: rabbitmq: the container cache is claimed by services.cache" in found
    )
    assert "give services.cache another name" in found


def test_two_containers_of_one_name_never_become_one() -> None:
    twice = (container("redis"), container("redis", mounts=(Mount("data", "/data"),)))
    with pytest.raises(ValueError, match="two containers are called redis"):
        compose.render(target({}), twice, ())


@pytest.mark.parametrize("source", sorted(GOLDEN.glob("*/homeport.yaml")), ids=lambda path: path.parent.name)
def test_every_container_of_a_part_has_a_reserved_name(source: Path) -> None:
    stack = load(source)
    rendered = render(Target(stack, next(iter(stack.environments))))
    of_services = {c.name for c in rendered.containers if "homeport.service" in dict(c.labels)}
    parts = {c.name for c in rendered.containers} - of_services
    assert {"nginx", "postgres", "rabbitmq"} <= parts
    assert parts <= RESERVED


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_no_service_has_a_reserved_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM scratch\n")
    text = FILE.replace("  cache:", f"  {name}:")
    (tmp_path / "homeport.yaml").write_text(text)
    assert f"services.{name}:" in examine(tmp_path / "homeport.yaml").text()
