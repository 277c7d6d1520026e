"""The small readers: variables, secrets, images, nginx, Dockerfiles."""

from __future__ import annotations

import pytest

from homeport.importer import dockerfile, images, nginx
from homeport.importer.secrets import looks_secret
from homeport.importer.variables import fill, read_env
from homeport.importer.write import flow, scalar
from homeport.stack.rules import variables as rules
from homeport.stack.source import Mapping, Scalar, read


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("$A", "1"),
        ("${A}", "1"),
        ("${A:-2}", "1"),
        ("${B:-2}", "2"),
        ("${B-2}", "2"),
        ("${E:-2}", "2"),
        ("${E-2}", ""),
        ("${B:-${A}}", "1"),
        ("${A:+x}${B:+y}", "x"),
        ("${E+z}", "z"),
        ("$$A", "$A"),
        ("$", "$"),
        ("100$", "100$"),
        ("${", "${"),
        ("${B:?must be set}", ""),
        ("a${A}b$A", "a1b1"),
    ],
)
def test_interpolation_as_the_compose_specification_has_it(text: str, filled: str) -> None:
    assert fill(text, {"A": "1", "E": ""}).text == filled


def test_variables_without_a_value_are_named() -> None:
    assert fill("${X} ${Y:-1} ${Z:?}", {}).unset == ["X", "Z"]


def test_env_files() -> None:
    text = "# c\nA=1\nexport B='two words' # c\nC=\"x # y\"\nD=a#b # c\nE=\n =bad\nF: yes\n"
    values = {name: value for name, (value, _) in read_env(text).items()}
    assert values == {"A": "1", "B": "two words", "C": "x # y", "D": "a#b", "E": "", "F": "yes"}


NAMES = (
    "DB_PASSWORD", "JWT_KEY", "API_KEY", "SECRET", "APP_SECRET_KEY", "TOKEN", "ACCESS_TOKEN", "PGPWD", "DB_PWD", "KEY",
    "AWS_SECRET_ACCESS_KEY", "SMTP_PASSWD", "CREDENTIALS", "PASSPHRASE", "SIGNING_KEY", "LEVEL", "URL", "PUBLIC_KEY",
    "CACHE_KEY", "db_password", "Secret", "STRIPE_APIKEY", "MY_CREDENTIAL",
)  # fmt: skip
VALUES = (
    "abc", "", "true", "12345", "1234567", "/run/x", "https://u:p@h/", "postgres://u@h/", "sk_live_1",
    "ghp_" + "a" * 36, "-----BEGIN KEY-----", "redis://:pw@r:1",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", VALUES)
def test_what_check_takes_for_a_secret_init_takes_for_one_too(name: str, value: str) -> None:
    if rules._is_secret(name, value):
        assert looks_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("TOKEN_TTL", "15m"), ("PASSWORD_MIN_LENGTH", "12"), ("POSTGRES_HOST_AUTH_METHOD", "trust"), ("SITE_KEY", "abc"),
     ("ALLOW_EMPTY_PASSWORD", "yes"), ("JWT_KEY_FILE", "/x"), ("LOG_LEVEL", "info"), ("AUTH_TOKEN_HEADER", "X-Auth")],
)  # fmt: skip
def test_what_only_sounds_like_a_secret(name: str, value: str) -> None:
    assert not looks_secret(name, value)


@pytest.mark.parametrize(
    ("text", "name", "tag", "pinned"),
    [
        ("redis", "redis", "", False),
        ("redis:latest", "redis", "latest", False),
        ("redis:7.4-alpine", "redis", "7.4-alpine", True),
        ("localhost:5000/a/redis", "localhost:5000/a/redis", "", False),
        ("localhost:5000/a/redis:1@sha256:ab", "localhost:5000/a/redis", "1", True),
    ],
)
def test_image_names(text: str, name: str, tag: str, pinned: bool) -> None:
    found = images.reference(text)
    assert (found.name, found.tag, found.pinned) == (name, tag, pinned)


@pytest.mark.parametrize(
    ("image", "role"),
    [("postgres:17", "postgres"), ("bitnami/postgresql:17", "postgres"), ("postgis/postgis:17", "store"),
     ("example/postgres:17", "store"), ("rabbitmq:4", "rabbitmq"), ("docker.io/library/nginx", "proxy"),
     ("mcr.microsoft.com/mssql/server:2022", "store"), ("vaultwarden/server:1", "service"), ("redis", "store")],
)  # fmt: skip
def test_roles(image: str, role: str) -> None:
    assert images.role(image) == role


def test_nginx() -> None:
    text = """
    http { # {
      upstream app { least_conn; server web:3000; server web2:3000; }
      map $http_upgrade $connection { default upgrade; '' "cl{ose;"; }
      server { location /a/ { proxy_pass http://app; }
               location ^~ /b { rewrite ^/b/(.*) /$1 break; proxy_pass http://${api}:80; }
               location /c/ { set $up http://c:9; proxy_pass $up; } } }
    """
    found = {location.path: location for location in nginx.read(text).locations}
    assert (found["/a/"].host, found["/a/"].port, found["/a/"].strip) == ("web", 3000, False)
    assert found["/b"].refused or found["/b"].strip
    assert (found["/c/"].host, found["/c/"].port) == ("c", 9)


@pytest.mark.parametrize(
    "text", ["", "}", "{{{", "location", "location { proxy_pass", "server { location / {", "'"]
)
def test_nginx_reads_anything(text: str) -> None:
    nginx.read(text)


def test_dockerfiles() -> None:
    text = 'ARG V=22\nFROM node:${V} AS base\nEXPOSE 80/tcp 53/udp\nUSER app\nFROM base\nRUN a \\\n  && b\nCMD ["x"]\n'
    found = dockerfile.parse(text)
    assert [stage.base for stage in found.stages] == ["node:22", "base"]
    assert (found.port(), found.user(), found.runs(), found.runs("base")) == (80, "app", True, False)


TEXTS = (
    "a", "a b", "yes", "~", "null", "1", "01", "1e3", "0x1F", "1:30", "2001-01-01", "-", "--", "-x", "-1", "- a",
    "a: b",
    "a #b", "#a", "a,b", "[a]", "{a}", "*a", "&a", "!a", "|", ">", "'", '"', "\\", "%a", "@a", "`a`", "", " a", "a ",
    "$a", "a=b", "?", ": a", "a:", "=", "<<", "é", "12M", "5s", "a:b:c", ".5", "+1", "1_000", "0o7", ".inf", ".nan",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_written_is_read_back(text: str) -> None:
    for written in (
        f"k: {scalar(text)}\n",
        f"k: [{flow(text)}, {flow(text)}]\n",
        f"k: {flow({'x': text})}\n",
    ):
        found = read(written, "t")
        assert not found.problems and isinstance(found.root, Mapping), written
        node = found.root.entries[0][1]
        while not isinstance(node, Scalar):
            node = node.entries[0][1] if isinstance(node, Mapping) else node.items[0]
        assert (node.text, node.null) == (text, False), written
