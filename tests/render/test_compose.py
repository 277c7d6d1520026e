"""The compose file says of each container what its component said, whatever it shares with others."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from homeport.components.contribution import Container
from homeport.render.compose import config, seconds, size
from homeport.render.dotenv import COMPOSE_FILE
from homeport.render.render import Rendered, render
from homeport.stack.model import Stack, Target

WEB: dict[str, Any] = {
    "image": "registry.example:5000/team/web:1.0@sha256:" + "a" * 64,
    "port": 8000,
    "health": {"path": "/"},
    "replicas": 2,
    "database": "web_db",
    "migrate": 'run "$PGDATABASE"',
    "env": {"PRICE": "$5"},
    "entrypoint": ("tini", "--"),
    "writable": True,
}


def target(
    version: str = "v1", env: dict[str, str] | None = None, web: dict[str, Any] | None = None
) -> Target:
    stack = Stack.model_validate(
        {
            "homeport": 1,
            "name": "demo",
            "environments": {"local": {"domain": "demo.localhost", "env": env or {}}},
            "services": {"web": {**WEB, **(web or {})}, "plain": {"image": "demo/plain:1.0"}},
            "postgres": {},
            "rabbitmq": {},
        }
    )
    return Target(stack, "local", version)


def services(rendered: Rendered) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(rendered.tree[COMPOSE_FILE].text)["services"]
    return found


def test_what_is_shared_and_what_is_not() -> None:
    rendered = render(target())
    written = services(rendered)
    assert list(written) == [c.name for c in rendered.containers]
    for container in rendered.containers:
        _same(container, written[container.name])


def _same(container: Container, written: dict[str, Any]) -> None:
    dollars = {key: value.replace("$", "$$") for key, value in container.environment}
    image, version, service = container.image, dollars.get("SERVICE_VERSION"), dollars.get("SERVICE_NAME", "")
    if version:
        image = f"${{IMAGE_{service.upper()}:-{image}}}"
        dollars["SERVICE_VERSION"] = f"${{VERSION_{service.upper()}:-{version}}}"
    assert written.get("environment", {}) == dollars
    assert written["image"] == image
    assert written["mem_limit"] == written["memswap_limit"] == size(container.memory)
    assert written.get("profiles", []) == list(container.profiles)
    assert written.get("entrypoint", []) == list(container.entrypoint)
    assert written.get("command", []) == [word.replace("$", "$$") for word in container.command]
    assert written["read_only"] is not container.writable
    assert list(written["networks"]) == [n.network for n in container.networks]
    addresses = {name: (given or {}).get("ipv4_address", "") for name, given in written["networks"].items()}
    assert addresses == {n.network: n.address for n in container.networks}
    assert [m.split(":")[1] for m in written["volumes"]] == [m.target for m in container.mounts]
    assert written.get("depends_on", {}).keys() == set(container.depends)
    assert written["stop_grace_period"] == seconds(container.stop_grace)
    assert dict(container.labels).items() <= written["labels"].items()
    assert ("disable" in written["healthcheck"]) is container.once


def test_why_it_may_be_root_is_a_comment_and_no_other_configuration() -> None:
    root = target(web={"user": "root", "allow_root": "it binds port 80 itself"})
    text = render(root).tree[COMPOSE_FILE].text
    about = "# May run as root, by `allow_root` in homeport.yaml: it binds port 80 itself"
    assert f'    {about}\n    user: "0:0"\n' in text
    image = target(web={"user": "image", "allow_root": "it drops to a user"})
    assert (
        f"{about.partition(': ')[0]}: it drops to a user\n    image: "
        in render(image).tree[COMPOSE_FILE].text
    )
    silent = target(web={"user": "0:0"})
    assert hashes(silent) == hashes(root)


def test_every_container_has_the_probe_once() -> None:
    for container in render(target()).containers:
        assert [m.source for m in container.mounts if m.target == "/run/homeport"] == ["./health"]


def hashes(given: Target) -> dict[str, str]:
    return {c.name: config(c, given) for c in render(given).containers}


def test_a_new_version_is_the_same_configuration() -> None:
    before = hashes(target())
    assert hashes(target("v2", web={"image": "registry.example:5000/team/web:2.0"})) == before


@pytest.mark.parametrize(
    "change",
    [
        {"memory": 6 * 1024**2},
        {"env": {"PRICE": "$6"}},
        {"stop_grace": "20s"},
        {"image": "registry.example:5000/team/other:1.0"},
    ],
    ids=str,
)
def test_any_other_change_is_another_configuration_of_that_service_alone(change: dict[str, Any]) -> None:
    before, after = hashes(target()), hashes(target(web=change))
    assert {name for name in before if before[name] != after[name]} == {
        n for n in before if n.startswith("web")
    }


def test_the_environment_s_variables_are_part_of_those_who_read_them() -> None:
    before, after = hashes(target()), hashes(target(env={"COLOUR": "red"}))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {name for name in before if name.startswith(("web", "plain"))}


def test_a_network_that_nobody_uses_is_left_out() -> None:
    networks = yaml.safe_load(render(target()).tree[COMPOSE_FILE].text)["networks"]
    assert set(networks) == {"edge", "app", "data"}
    assert networks["app"]["internal"]
    assert networks["data"]["internal"]
    assert not networks["edge"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(512 * 1024**2, "512m"), (2 * 1024**3, "2g"), (1025, "1025b"), (1536 * 1024, "1536k")],
)
def test_sizes(number: int, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(("number", "text"), [(10.0, "10s"), (0.5, "500ms"), (90.0, "90s")])
def test_durations(number: float, text: str) -> None:
    assert seconds(number) == text
