"""The images of the local set on a real engine: their users, what they must not hold, and that they run confined."""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from homeport.commands.bake import BuildTarget, bake
from homeport.engine.runner import LocalRunner
from homeport.images import localset, sets
from homeport.images.dockerfile import without_syntax
from homeport.images.standins import build_contexts

pytestmark = pytest.mark.live

PARTS = sets.load().parts
CONFINED = (
    *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--pids-limit", "200", "--memory", "512m"),
)


def docker(*words: str, timeout: float = 60) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, f"docker {' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def local_set() -> None:
    """Builds what is missing, the way homeport does."""
    runner = LocalRunner()
    listing = [runner.run(localset.present(r)).out for r in (localset.recipe(), localset.base_recipe())]
    targets = localset.missing(*listing, targets=[*(p.target for p in PARTS.values()), "python", "node"])
    sources = localset.Sources(ca=localset.ca_bundle())
    commands = [localset.base(sources)] if sets.BASE_TARGET in targets else []
    for command in [*commands, *([localset.bake(targets, sources)] if targets else [])]:
        result = runner.run(command)
        assert result.ok, result.tail(40)


@pytest.fixture
def container() -> Iterator[str]:
    name = f"homeport-test-{uuid.uuid4().hex[:8]}"
    yield name
    subprocess.run(["docker", "rm", "-f", "-v", name], capture_output=True, check=False)


def wait_for(name: str, *words: str, seconds: float = 60) -> None:
    """Until `docker exec NAME WORDS` succeeds."""
    end = time.monotonic() + seconds
    while subprocess.run(["docker", "exec", name, *words], capture_output=True, check=False).returncode:
        assert time.monotonic() < end, f"{words} still fails\n{docker('logs', '--tail', '20', name)}"
        time.sleep(0.2)


@pytest.mark.parametrize("part", PARTS)
def test_the_user_has_the_id_of_the_official_image(part: str) -> None:
    shown = docker(
        "run", "--rm", "--network", "none", PARTS[part].local, "sh", "-c", f"id -u {part}; id -g {part}"
    )
    assert ":".join(shown.split()) == PARTS[part].user


@pytest.mark.parametrize("part", PARTS)
def test_no_key_no_cookie_no_package_leftover(part: str) -> None:
    names = (
        "*snakeoil*",
        ".erlang.cookie",
        "*.key",
        "id_rsa*",
        "id_ed25519*",
        "*.deb",
        "*_Packages*",
        "PG_VERSION",
    )
    look = " -o ".join(f"-name '{name}'" for name in names)
    words = ("sh", "-c", f"find / -xdev \\( {look} \\) -type f")
    assert docker("run", "--rm", "--network", "none", PARTS[part].local, *words) == ""


@pytest.mark.parametrize("reference", sorted({*(p.local for p in PARTS.values()), sets.BASE}))
def test_the_image_knows_its_packages_and_no_secret(reference: str) -> None:
    shown = docker(
        "run",
        "--rm",
        "--network",
        "none",
        reference,
        "sh",
        "-c",
        "cat /etc/apt/sources.list; ls /etc/apt/sources.list.d",
    )
    addresses = {line.split()[1] for line in shown.splitlines() if line.startswith("deb ")}
    assert addresses
    assert all(address.startswith(("http://", "https://")) and "@" not in address for address in addresses)
    config = json.loads(docker("image", "inspect", reference))[0]["Config"]
    assert not [e for e in config["Env"] or () if "PASS" in e or "SECRET" in e or "TOKEN" in e]


def test_nginx_serves_confined(container: str, tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(
        "pid /tmp/nginx.pid; error_log stderr; events {} http { client_body_temp_path /tmp/b; proxy_temp_path /tmp/p;"
        "fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s; access_log /dev/stdout;"
        "server { listen 80; return 200 'hello'; } }"
    )
    tmp_path.chmod(0o755)
    docker("run", "-d", "--name", container, *CONFINED, "--user", "101:101", "--tmpfs", "/tmp:uid=101,mode=0700",
           "-v", f"{tmp_path}:/etc/nginx:ro", PARTS["nginx"].local,
           "nginx", "-e", "stderr", "-g", "daemon off;")  # fmt: skip
    wait_for(
        container,
        "bash",
        "-c",
        "exec 3<>/dev/tcp/127.0.0.1/80 && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && grep -q hello <&3",
    )
    status = docker("exec", container, "sh", "-c", "cat /proc/1/status; command -v nginx")
    assert "Uid:\t101\t101\t101\t101" in status
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status


def test_postgres_serves_confined(container: str) -> None:
    start = "initdb -U postgres --locale-provider=builtin --locale=C.UTF-8 >/dev/null && exec postgres"
    docker("run", "-d", "--name", container, *CONFINED, "--user", "999:999", "--tmpfs", "/tmp",
           "--tmpfs", "/var/run/postgresql:uid=999", PARTS["postgres"].local, "bash", "-c", start)  # fmt: skip
    wait_for(container, "pg_isready", "-q", "-h", "127.0.0.1")
    answer = docker(
        "exec",
        container,
        "psql",
        "-At",
        "-U",
        "postgres",
        "-c",
        "SHOW server_version_num",
        "-c",
        "SHOW data_directory",
    )
    assert answer.splitlines()[0].startswith("17")
    assert answer.splitlines()[1] == "/var/lib/postgresql/data"
    assert (
        docker("exec", container, "stat", "-c", "%u:%g %a", "/var/lib/postgresql/data").strip()
        == "999:999 700"
    )
    extensions = docker(
        "exec", container, "psql", "-At", "-U", "postgres", "-c", "SELECT name FROM pg_available_extensions"
    )
    assert {"pg_stat_statements", "pgcrypto", "pg_trgm", "citext"} <= set(extensions.split())


def test_rabbitmq_is_process_one_and_logs_to_stdout(container: str) -> None:
    docker("run", "-d", "--init", "--name", container, *CONFINED, "--user", "999:999", "--tmpfs", "/tmp",
           PARTS["rabbitmq"].local)  # fmt: skip
    wait_for(container, "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/15692 && exec 4<>/dev/tcp/127.0.0.1/5672")
    assert "Prometheus metrics: HTTP (non-TLS) listener started on port 15692" in docker("logs", container)
    assert (
        docker("exec", container, "sh", "-c", "command -v rabbitmq-server").strip()
        == "/opt/rabbitmq/sbin/rabbitmq-server"
    )
    assert docker("exec", container, "stat", "-c", "%u:%g %a", "/var/lib/rabbitmq").strip() == "999:999 700"
    started = time.monotonic()
    docker("stop", "-t", "30", container)
    assert time.monotonic() - started < 25, "SIGTERM did not reach the server"


DOCKERFILE = """ARG PYTHON=3.13
FROM python:${PYTHON}-slim AS build
WORKDIR /src
COPY requirements.txt .
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    python -m venv /opt/venv && /opt/venv/bin/pip install -q --disable-pip-version-check -r requirements.txt
FROM --platform=$BUILDPLATFORM library/node:22-slim AS web
RUN --mount=type=bind,from=python:3.13-slim,target=/py test -x /py/usr/local/bin/pip
RUN node --version > /version && npm --version >> /version
FROM python:3.13-slim
COPY --from=build /opt/venv /opt/venv
COPY --from=web /version /version
COPY --from=node:22-slim /usr/local/bin/node /usr/local/bin/node
ENV PATH=/opt/venv/bin:$PATH
USER 10001:10001
CMD ["python", "-c", "import idna, sys; print(sys.prefix, sys.version_info[:2], open('/version').read())"]
"""


@pytest.fixture
def app(container: str, tmp_path: Path) -> Iterator[BuildTarget]:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "requirements.txt").write_text("idna\n")
    yield BuildTarget("app", str(tmp_path), tag=f"{container}:1", contexts=build_contexts(DOCKERFILE))
    subprocess.run(["docker", "rmi", f"{container}:1"], capture_output=True, check=False)


def test_an_unmodified_dockerfile_builds_without_a_registry(app: BuildTarget) -> None:
    result = LocalRunner().run(bake([app], localset.ca_bundle() or ""))
    assert result.ok, result.tail(40)
    shown = docker("run", "--rm", "--network", "none", *CONFINED, app.tag)
    assert shown.startswith("/opt/venv (3, 13) v22.")
    assert "BEGIN CERTIFICATE" not in docker("history", "--no-trunc", app.tag)


def test_a_syntax_line_is_left_out_inline(app: BuildTarget) -> None:
    text = f"# syntax=docker/dockerfile:1\n{DOCKERFILE}"
    command = bake([app], localset.ca_bundle() or "")
    definition = json.loads(command.stdin or b"")
    # Bake expands ${...} and %{...} in every string of its definition.
    literal = without_syntax(text).replace("${", "$${").replace("%{", "%%{")
    definition["target"]["app"]["dockerfile-inline"] = literal
    result = LocalRunner().run(replace(command, stdin=json.dumps(definition).encode()))
    assert result.ok, result.tail(40)


def test_pip_installs_where_the_official_image_does() -> None:
    where = "import sysconfig; print(sysconfig.get_path('purelib'), sysconfig.get_path('scripts'))"
    shown = docker("run", "--rm", "--network", "none", "homeport/python:3.13-slim", "python", "-c", where)
    assert shown.split() == ["/usr/local/lib/python3.13/site-packages", "/usr/local/bin"]
    assert "/usr/local" in docker(
        "run", "--rm", "--network", "none", "homeport/python:3.13-slim", "pip", "--version"
    )
