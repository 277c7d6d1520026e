"""What the edge adds to a stack, as values."""

from __future__ import annotations

import ipaddress
import re

import pytest

from homeport.components.contribution import Contribution
from homeport.components.edge import contribute
from homeport.components.edge.component import status_port
from homeport.components.edge.text import literal, quoted
from homeport.files import FileTree
from homeport.stack.model import Target
from tests.components.edge import stacks


def edge(target: Target) -> Contribution:
    return contribute(target.stack.edge, target)


def text(target: Target, name: str) -> str:
    return FileTree.of(edge(target).files)[f"nginx/{name}"].text


def lines(target: Target, name: str) -> list[str]:
    return [line.strip() for line in text(target, name).splitlines()]


@pytest.mark.parametrize("make", stacks.ALL)
def test_the_container(make: object) -> None:
    target: Target = make()  # type: ignore[operator]
    (container,) = edge(target).containers
    assert (container.name, container.user, container.writable) == ("nginx", "101:101", False)
    assert {(p.host, p.container) for p in container.ports} == {
        (target.env.ports.http, 80),
        (target.env.ports.https, 443),
    }
    assert all(mount.read_only for mount in container.mounts)
    assert {a.network: a.address for a in container.networks} == {"edge": "", "app": target.edge_address}
    assert container.stop_signal == "SIGQUIT"


@pytest.mark.parametrize("make", stacks.ALL)
def test_no_placeholder_is_left_and_each_mount_point_is_there(make: object) -> None:
    target: Target = make()  # type: ignore[operator]
    files = edge(target).files
    assert "nginx/slots/README" in {file.path for file in files}
    for file in files:
        named = re.sub(r"@(body|late|green)\b", "", file.text)  # nginx's own use of the sign
        assert "@" not in named.replace('"$@"', ""), file.path
        assert not any(line != line.rstrip() for line in file.text.splitlines()), file.path


def test_it_has_the_names_of_the_services_that_it_switches() -> None:
    (container,) = edge(stacks.mixed()).containers
    (app,) = (a for a in container.networks if a.network == "app")
    assert app.aliases == ("gateway", "host")


def test_each_slot_and_replica_is_an_address() -> None:
    target = stacks.replicas()
    upstreams = text(target, "upstreams.conf")
    for slot in ("blue", "green"):
        for replica in (1, 2, 3):
            assert f"server {target.slot_address('gateway', slot, replica)}:8000 max_fails=2" in upstreams
    assert upstreams.count("upstream ") == 4
    assert upstreams.count("zone user-mail_green 64k;") == 1


def test_the_other_slot_is_the_backup() -> None:
    target = stacks.replicas()
    upstreams = text(target, "upstreams.conf")
    for name, service in target.services.items():
        for slot, backup in (("blue", "green"), ("green", "blue")):
            block = upstreams.split(f"upstream {name}_{slot} {{")[1].split("}")[0]
            found = [line.split()[1] for line in block.splitlines() if line.endswith("backup;")]
            others = [target.slot_address(name, backup, r + 1) for r in range(service.replicas)]  # type: ignore[arg-type]
            assert found == [f"{address}:{service.port}" for address in others]


def test_one_server_is_never_taken_for_down() -> None:
    target = stacks.tiny()
    assert f"server {target.slot_address('hello', 'blue')}:8000 max_fails=0;" in text(
        target, "upstreams.conf"
    )


def test_services_of_one_port_share_an_address_and_each_port_has_a_default() -> None:
    target = stacks.replicas()
    found = [line for line in lines(target, "services.conf") if line.startswith("listen")]
    assert found == [
        f"listen {target.edge_address}:8000 default_server;",
        f"listen {target.edge_address}:9000 default_server;",
        f"listen {target.edge_address}:8000;",
        f"listen {target.edge_address}:9000;",
    ]


def test_a_service_with_a_volume_is_asked_at_its_one_address() -> None:
    target = stacks.mixed()
    assert "files_green" not in text(target, "upstreams.conf")
    assert text(target, "to/files.conf").endswith("proxy_pass http://files_blue;\n")
    assert "server_name files;" not in text(target, "services.conf")
    assert not any("smtp" in file.path or "worker" in file.path for file in edge(target).files)


def test_the_status_port_is_nobody_else_s() -> None:
    assert status_port(stacks.tiny()) == 8081
    assert status_port(stacks.mixed()) == 8082


def test_a_service_that_does_not_run_here_has_no_route() -> None:
    stack = stacks.budgetcoach().stack
    only = {name: service.model_copy(update={"only": ("other",)}) for name, service in stack.services.items()}
    target = Target(stack.model_copy(update={"services": only}), "local")
    assert "gateway" not in text(target, "site.conf") + text(target, "upstreams.conf")


def test_bodies_that_do_not_fit_into_memory_are_streamed() -> None:
    assert "proxy_request_buffering off;" in lines(stacks.proxies(), "site.conf")
    assert "proxy_request_buffering off;" not in lines(stacks.tiny(), "site.conf")


def test_a_burst_of_none_is_not_written() -> None:
    assert "limit_req zone=requests;" in lines(stacks.proxies(), "site.conf")
    assert "limit_req zone=requests burst=200 nodelay;" in lines(stacks.tiny(), "site.conf")


def test_only_a_trusted_proxy_is_believed() -> None:
    assert "real_ip_header X-Forwarded-For;" not in lines(stacks.tiny(), "client.conf")
    found = lines(stacks.proxies(), "client.conf")
    assert "set_real_ip_from 10.0.0.0/8;" in found and "set_real_ip_from 2001:db8::/32;" in found


def test_redirects_name_the_published_port() -> None:
    assert lines(stacks.aliases(), "site.conf").count("return 301 https://shop.com:8443$request_uri;") == 2


def test_the_frame_options_follow_the_policy() -> None:
    assert "add_header X-Frame-Options SAMEORIGIN always;" in lines(stacks.policy(), "headers.conf")
    assert "add_header X-Frame-Options DENY always;" in lines(stacks.tiny(), "headers.conf")


def test_headers_are_in_one_place() -> None:
    """An `add_header` in a block drops all those around it."""
    for make in stacks.ALL:
        found = {
            f.path
            for f in edge(make()).files
            if any(w.strip().startswith("add_header") for w in f.text.splitlines())
        }
        assert found == {"nginx/headers.conf", "nginx/between.conf"}


def test_the_log_knows_the_container_behind_an_address() -> None:
    target = stacks.replicas()
    assert f"{target.slot_address('gateway', 'green', 2)}:8000 gateway-green-2;" in lines(target, "log.conf")
    assert f"{stacks.mixed().slot_address('files', 'blue')}:80 files;" in lines(stacks.mixed(), "log.conf")


def test_the_gateways_are_never_a_container_s_address() -> None:
    target = stacks.budgetcoach()
    allowed = [
        line.split()[1].rstrip(";") for line in lines(target, "status.conf") if line.startswith("allow")
    ]
    assert allowed[0] == "127.0.0.1"
    first = ipaddress.ip_address(allowed[2])
    assert first == target.dynamic_range[0] and ipaddress.ip_address(allowed[1]) == target.subnet[1]


def test_text_is_quoted_for_nginx() -> None:
    assert quoted('a "b" \\ $c\n d') == 'a \\"b\\" \\\\ ${dollar}c d'
    assert literal("/a.b+c(d)[e]|f*?") == r"/a\.b\+c\(d\)\[e\]\|f\*\?"
