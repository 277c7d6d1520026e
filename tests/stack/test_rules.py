"""What the rules must let pass, and that they do not repeat what the shape has said."""

from __future__ import annotations

from pathlib import Path

import pytest

from homeport.stack.load import Examined, examine

LOCAL = "environments: {local: {domain: shop.localhost}}\n"
EDGE = "edge: {routes: {/: web}}\n"
WEB = "services:\n  web: {build: app, port: 8000, health: /h%s}\n"


def examined(folder: Path, text: str) -> Examined:
    (folder / "app").mkdir()
    (folder / "app" / "Dockerfile").write_text("FROM scratch\n")
    (folder / "homeport.yaml").write_text("homeport: 1\nname: shop\n" + text)
    return examine(folder / "homeport.yaml")


GOOD = {
    "a worker without port and health": LOCAL + EDGE + WEB % "" + "  worker: {build: app}\n",
    "a tcp port without health": LOCAL + EDGE + WEB % "" + "  mail: {build: app, port: 25, protocol: tcp}\n",
    "a health command of a worker": LOCAL
    + EDGE
    + WEB % ""
    + "  w: {build: app, health: {command: 'true'}}\n",
    "a postgres that nobody uses": LOCAL + EDGE + WEB % "" + "postgres: {}\n",
    "a secret that is not declared": LOCAL + EDGE + WEB % ", secrets: [jwt_key]",
    "a frontend alone": LOCAL + "edge: {frontend: {build: app}}\nservices: {}\n",
    "a digest": LOCAL + EDGE + WEB % "" + f"  w: {{image: 'x@sha256:{'0' * 64}'}}\n",
    "a registry with a port": LOCAL + EDGE + WEB % "" + "  w: {image: 'r.example:5000/x:1'}\n",
    "writable": LOCAL + EDGE + WEB % ", writable: true",
    "the same ports on two hosts": (
        "environments:\n  a: {domain: a.com, host: x@a.example}\n  b: {domain: b.com, host: x@b.example}\n"
        + EDGE
        + WEB % ""
    ),
    "two environments on a host with ports of their own": (
        "environments:\n  a: {domain: a.localhost}\n"
        "  b: {domain: b.localhost, ports: {http: 8080, https: 8443}}\n  c: {domain: c.localhost, bind: 127.0.0.2}\n"
        + EDGE
        + WEB % ""
    ),
    "one public and one local environment": (
        "environments:\n  a: {domain: a.localhost}\n  b: {domain: b.com, host: x@b.com}\n" + EDGE + WEB % ""
    ),
    "services that depend in a chain and a diamond": (
        LOCAL + EDGE + WEB % ", depends: [a, b]" + "  a: {build: app, depends: [c]}\n"
        "  b: {build: app, depends: [c]}\n  c: {build: app}\n"
    ),
    "both only the same environment": (
        "environments:\n  a: {domain: a.localhost}\n  b: {domain: b.com, host: x@b.com}\n"
        + EDGE
        + WEB % ""
        + "  m: {build: app, only: [a], depends: [n]}\n  n: {build: app, only: [a]}\n"
    ),
    "a database variable of a service that has no database here": LOCAL
    + EDGE
    + WEB % ", env: {PGHOST: db.example}",
}


@pytest.mark.parametrize("name", GOOD)
def test_right(name: str, tmp_path: Path) -> None:
    assert examined(tmp_path, GOOD[name]).problems == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN_TTL", "900"),
        ("PASSWORD_MIN_LENGTH", "12"),
        ("KEYCLOAK_URL", "https://id.example.com"),
        ("MONKEY", "chimpanzee"),
        ("PUBLIC_KEY", "abcdef"),
        ("RECAPTCHA_SITE_KEY", "abcdef"),
        ("SECRET_KEY_FILE", "/run/secrets/other"),
        ("TLS_KEY", "/etc/tls/key.pem"),
        ("API_KEY", ""),
        ("USE_TOKEN", "true"),
        ("HOMEPAGE", "https://example.com:8080/@me"),
        ("AUTHOR", "me@example.com"),
    ],
)
def test_not_every_variable_is_a_secret(name: str, value: str, tmp_path: Path) -> None:
    assert examined(tmp_path, LOCAL + EDGE + WEB % f", env: {{{name}: '{value}'}}").problems == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "correct horse"),
        ("password", "x"),
        ("SMTP_PASSWD", "x"),
        ("API_KEY", "0123456789abcdef"),
        ("APIKEY", "0123456789abcdef"),
        ("JWT_SECRET", "change-me"),
        ("GITHUB_TOKEN", "x"),
        ("STRIPE", "sk_live_abcdefgh"),
        ("CACHE", "redis://:pa55@cache:6379/0"),
        ("BROKER", "amqp://user:pass@rabbitmq:5672/"),
    ],
)
def test_what_looks_like_a_secret_is_refused_and_not_shown(name: str, value: str, tmp_path: Path) -> None:
    text = examined(tmp_path, LOCAL + EDGE + WEB % f", env: {{{name}: '{value}'}}").text()
    assert f"services.web.env.{name}: looks like a secret" in text
    assert value not in text.replace(name, "") or len(value) == 1


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (LOCAL + EDGE + "services:\n  web: {build: app, prot: 8000, health: /h}\n", 1),
        (LOCAL + EDGE + "services:\n  web: {build: app, port: x, health: /h}\n", 1),
        (LOCAL + EDGE + "services:\n  web: {build: app, port: 80, helth: /h}\n", 1),
        (LOCAL + EDGE + "services:\n  web: {biuld: app, port: 80, health: /h}\n", 1),
        (LOCAL + EDGE + "services:\n  web: {build: app, port: 80, memory: x}\n", 2),
        (LOCAL + EDGE + "services:\n  web: {memory: x, port: 80, health: /h}\n", 2),
        (LOCAL + "edge: {rotues: {/: web}}\n" + WEB % "", 1),
        (LOCAL + EDGE + "services:\n  web: 5\n", 1),
        (LOCAL + "edge: 5\n" + WEB % "", 1),
        ("environments: 5\n" + EDGE + WEB % "", 1),
        (LOCAL + EDGE + WEB % ", database: a_db" + "postgres: {version: 3}\n", 1),
        (LOCAL + EDGE + WEB % ", secrets: 5" + "secrets: {a: generate}\n", 1),
        (LOCAL + EDGE + WEB % "" + "  x: {image: 'x:1', dpends: [web]}\n", 1),
    ],
)
def test_no_echo_of_what_is_broken_in_shape(text: str, count: int, tmp_path: Path) -> None:
    found = examined(tmp_path, text)
    assert len(found.problems) == count, found.text()
