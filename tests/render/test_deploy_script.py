"""scripts/deploy.sh and rollback.sh: what is in their table, and that a strict reader finds no fault with them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from homeport.commands.postgres import LOCK_TIMEOUT
from homeport.render.scripts import releasing
from homeport.stack.model import Stack, Target
from tests.release.site import Site, site

SHELLCHECK = str(Path(sys.executable).with_name("shellcheck"))


def target(**services: dict[str, Any]) -> Target:
    stack = {
        "homeport": 1,
        "name": "demo",
        "environments": {"local": {"domain": "demo.localhost", "ports": {"https": 8443}}},
        "edge": {"routes": {"/": "web", "/api": "web"}},
        "services": services,
    }
    return Target(Stack.model_validate(stack), "local", "v1")


def script(**services: dict[str, Any]) -> str:
    return next(file.text for file in releasing(target(**services)) if file.path == "scripts/deploy.sh")


def test_a_line_for_each_service_that_is_rolled() -> None:
    text = script(
        web={
            "image": "web:1",
            "port": 8000,
            "health": {"path": "/h", "start": "90s"},
            "replicas": 2,
            "stop_grace": "500ms",
            "database": "web_db",
            "migrate": "m",
        },
        worker={"build": "worker"},
        alone={"image": "redis:7", "volumes": ["data:/data"]},
    )
    table = text.split("<<'END'\n")[1].split("\nEND\n")[0].splitlines()
    assert table == [
        "web 8000 90 1 yes web-blue,web-blue-2 web-green,web-green-2 web:1 v1",
        "worker 0 60 10 no worker-blue worker-green demo/worker:v1 v1",
    ]
    assert """  visit 'GET /h' "$domain" /h 5 200 '' || return 1""" in text
    assert "domain='demo.localhost' address='127.0.0.1' https='8443'" in text


def test_no_script_where_nothing_is_rolled() -> None:
    assert releasing(target(web={"image": "redis:7", "volumes": ["data:/data"]})) == ()


@pytest.mark.parametrize("name", ["scripts/deploy.sh", "scripts/rollback.sh"])
def test_shellcheck_finds_nothing(name: str, tmp_path: Path) -> None:
    files = {f.path: f for f in releasing(target(web={"image": "web:1", "port": 80}))}
    path = tmp_path / "script.sh"
    path.write_text(files[name].text)
    done = subprocess.run((SHELLCHECK, "-s", "sh", str(path)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert files[name].mode == 0o755


def test_a_migration_is_tried_again_for_the_same_faults_as_by_homeport() -> None:
    assert f"grep -qiE '{LOCK_TIMEOUT.pattern}' " in script(web={"image": "web:1", "port": 80})


SMOKE = [
    {"path": "/", "contains": "it's $HOME", "headers": {"Content-Type": "json"}},
    {"path": "/api/me?a=1&b=2", "status": [401, 403]},
    {"path": "/api/new", "method": "POST", "body": '{"a": "$(id)"}', "send": {"X-A": "b c"}, "status": 201},
    {"path": "/head", "method": "HEAD", "alias": "www.site.localhost"},
]
GOOD: dict[str, tuple[int, str]] = {
    "/": (200, "it's $HOME"),
    "/api/me?a=1&b=2": (401, ""),
    "POST /api/new": (201, ""),
    "HEAD /head": (200, ""),
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path) as found:
        found.answers |= GOOD
        yield found


def smoked(shop: Site, folder: Path, *smoke: Any, function: str = "smoke") -> tuple[int, str]:
    """The smoke test of deploy.sh alone, with curl, against a real site: its exit code and what it said."""
    text = next(f.text for f in releasing(shop.target(smoke=smoke)) if f.path == "scripts/deploy.sh")
    data = text.partition("# What the edge must answer")[2].partition("DRAIN=")[0]
    test = text.partition("# smoke: all that")[2].partition("# Connections from outside")[0]
    (folder / "slots").mkdir(exist_ok=True)
    script = f'say() {{ echo "$*"; }}\n#{data}\n#{test}\nif ! {function}; then exit 1; fi\n'
    done = subprocess.run(
        ("sh", "-euc", script), cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert not list((folder / "slots").iterdir())
    return done.returncode, done.stdout + done.stderr


def test_its_smoke_test_asks_the_same(shop: Site, tmp_path: Path) -> None:
    assert smoked(shop, tmp_path, *SMOKE) == (0, "")
    assert shop.asked == ["GET /", "GET /api/me?a=1&b=2", "HEAD /head", "POST /api/new"]
    assert (shop.bodies[-1], shop.headers[-1]["x-a"]) == (b'{"a": "$(id)"}', "b c")
    assert shop.headers[-1]["content-type"] == "application/json"
    assert shop.headers[-2]["host"].startswith("www.site.localhost")


def test_what_changes_something_is_not_asked_again(shop: Site, tmp_path: Path) -> None:
    assert smoked(shop, tmp_path, *SMOKE, function="smoke_again") == (0, "")
    assert shop.asked == ["GET /", "GET /api/me?a=1&b=2", "HEAD /head"]


@pytest.mark.parametrize(
    ("path", "says", "words"),
    [
        ("/", (404, "it's $HOME"), "GET /: HTTP 404, expected 200"),
        ("/", (200, "it is $HOME"), 'GET /: no "it\'s $HOME" in the body'),
        ("/api/me?a=1&b=2", (404, ""), "GET /api/me?a=1&b=2: HTTP 404, expected 401,403"),
        ("/api/me?a=1&b=2", (429, ""), "HTTP 429, expected 401,403"),
        ("POST /api/new", (200, ""), "POST /api/new: HTTP 200, expected 201"),
        ("HEAD /head", (301, ""), "HEAD www.site.localhost/head: HTTP 301, expected 200"),
    ],
)
def test_what_is_not_expected_fails(
    shop: Site, tmp_path: Path, path: str, says: tuple[int, str], words: str
) -> None:
    shop.answers[path] = says
    code, said = smoked(shop, tmp_path, *SMOKE)
    assert (code, words in said) == (1, True), said


def test_a_header_that_is_not_there_fails(shop: Site, tmp_path: Path) -> None:
    asked = {"path": "/", "headers": {"X-None": "any"}}
    assert smoked(shop, tmp_path, asked) == (1, 'GET /: no "any" in the header X-None\n')


def test_without_smoke_it_asks_what_is_known(shop: Site, tmp_path: Path) -> None:
    shop.answers["/api"] = 404, ""
    assert smoked(shop, tmp_path) == (0, "")
    assert shop.asked == ["GET /", "GET /api"]
    shop.answers["/"] = 301, ""
    assert smoked(shop, tmp_path) == (1, "GET /: HTTP 301, expected 200\n")


def test_shellcheck_finds_nothing_in_the_requests(shop: Site, tmp_path: Path) -> None:
    fields = {"path": "/x", "fields": {"a.0": "$b `c`"}}
    text = next(
        f.text for f in releasing(shop.target(smoke=[*SMOKE, fields])) if f.path == "scripts/deploy.sh"
    )
    path = tmp_path / "script.sh"
    path.write_text(text)
    done = subprocess.run((SHELLCHECK, "-s", "sh", str(path)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
