"""One running stack for all the live tests of the edge."""

from __future__ import annotations

import base64
import gzip
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from homeport.stack.parts import Environment, Ports, RateLimit, Route
from tests.components.edge import stacks
from tests.components.edge.running import Running

# A command is one line of text.
SERVICE = base64.b64encode((Path(__file__).parent / "upstream.py").read_bytes()).decode()
COMMAND = ("python3", "-c", f"import base64; exec(base64.b64decode('{SERVICE}'))")
LINKS = {  # below www -> where it leads in the container
    "current/key.pem": "/certs/live/privkey.pem",
    "current/key": "../../../certs/live/privkey.pem",
    "current/up": "../../..",
    "current/certs": "/certs",
    "current/same.svg": "favicon.svg",
    "current/assets/key.js": "/certs/live/privkey.pem",
    "current/assets/up": "../../../..",
    "current/index.html.gz": "/certs/live/privkey.pem",
    "assets/old.js": "/certs/live/privkey.pem",
    "assets/up": "../..",
}
HTML = "<!doctype html><title>Shop</title><script src=/assets/app-1a2b.js></script>"


@pytest.fixture(params=["HTTP/1.1", "HTTP/2"])
def protocol(request: pytest.FixtureRequest) -> str:
    """Every test of a running edge is run over both."""
    return str(request.param)


@pytest.fixture
def shop(shop_stack: Running, protocol: str) -> Running:
    return shop_stack.over(protocol == "HTTP/2")


@pytest.fixture(
    params=["application/json", "text/html,application/xhtml+xml,*/*;q=0.8"], ids=["json", "page"]
)
def accept(request: pytest.FixtureRequest) -> str:
    """What a client of the edge wants its own answers to be: an app, and a browser."""
    return str(request.param)


@pytest.fixture(scope="session")
def shop_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """gateway and user with two slots each, `gone` without a container, `deaf` that does not listen, and a frontend."""
    program = {"command": COMMAND, "memory": "64M", "health": {"path": "/health"}}
    services = {name: stacks.service(**program) for name in ("gateway", "user")}
    services["gone"] = stacks.service(**program)
    services["deaf"] = stacks.service(command=("sleep", "3600"), memory="64M", health={"command": ["true"]})
    routes = {
        "/api": Route(service="gateway"),
        "/api/user": Route(service="user"),
        "/bare": Route(service="gateway", strip=True),
        "/gone": Route(service="gone"),
        "/deaf": Route(service="deaf"),
    }
    env = Environment(domain="shop.localhost", aliases=("www.shop.localhost",), ports=free_ports())
    edge = stacks.api(routes=routes, rate=RateLimit(per_second=100, burst=100))
    root = tmp_path_factory.mktemp("shop")
    running = Running(stacks.target(edge, services, env, f"hpedge-{os.getpid()}"), root)
    frontend(root / "www")
    try:
        running.up()
        running.compose("rm", "-sf", "gone-blue", "gone-green")
        yield running
    finally:
        running.down()
        shutil.rmtree(root, ignore_errors=True)


def free_ports() -> Ports:
    """Two that nobody has now: several runs of the tests may share a machine."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return Ports(http=one.getsockname()[1], https=two.getsockname()[1])


def frontend(www: Path) -> None:
    """What a release leaves below www: the running frontend behind a link, and the assets of earlier ones; and links
    that no release of this homeport leaves."""
    (www / "releases/r1").mkdir(parents=True)
    (www / "current").symlink_to("releases/r1")
    files = {
        "current/index.html": HTML,
        "current/favicon.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "current/app.webmanifest": "{}",
        "current/.env": "SECRET=1",
        "current/about/index.html": "<title>About</title>",
        "current/assets/app-1a2b.js": "console.log('new')\n" * 200,
        "current/assets/module-5e6f.mjs": "export {}",
        "current/assets/code-7a8b.wasm": "wasm",
        "current/assets/font-9c0d.woff2": "font",
        "assets/app-0000.js": "console.log('old')",
    }
    for path, text in files.items():
        (www / path).parent.mkdir(parents=True, exist_ok=True)
        (www / path).write_text(text)
    for path, place in LINKS.items():
        (www / path).symlink_to(place)
    packed = gzip.compress(b"console.log('packed')\n" * 200)
    (www / "current/assets/app-1a2b.js.gz").write_bytes(packed)
