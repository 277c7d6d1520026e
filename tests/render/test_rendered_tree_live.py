"""A rendered tree, with `docker compose` alone: it starts, is hardened, keeps databases apart, takes new passwords."""

from __future__ import annotations

import datetime
import json
import os
import re
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from homeport.images.sets import load as load_sets
from homeport.render.render import Rendered, render
from homeport.stack.model import Stack, Target

pytestmark = pytest.mark.live

NAME = "hprend-live"
PYTHON = "homeport/python:3.13-slim"
# What a service does with what it is given: it serves, and says which files it can read.
SERVE = ("python3", "-m", "http.server", "8000", "--directory", "/run/homeport")


def stack(**databases: str) -> Stack:
    """One service for each database, one worker."""
    services: dict[str, Any] = {
        name: {
            "image": PYTHON,
            "command": SERVE,
            "port": 8000,
            "health": {"path": "/health.sh"},
            "database": database,
        }
        for name, database in databases.items()
    }
    services["web"] |= {
        "secrets": [{"name": "session_key"}],
        "migrate": 'test -r "$PGPASSFILE" && echo "$PGDATABASE"',
    }
    services["worker"] = {"image": PYTHON, "command": ("sleep", "infinity"), "user": "image"}
    environment = {
        "domain": f"{NAME}.localhost",
        "ports": {"http": 18481, "https": 18482},
        "network": "10.211.32.0/20",
    }
    return Stack.model_validate(
        {
            "homeport": 1,
            "name": NAME,
            "environments": {"local": environment},
            "edge": {"routes": {"/": {"service": "web"}}},
            "services": services,
            "postgres": {"memory": 256 * 1024**2},
            "rabbitmq": {"memory": 512 * 1024**2},
            "secrets": {"session_key": {"generate": True}},
        }
    )


@dataclass
class Tree:
    """A rendered tree on disk; everything in it is done as its README says."""

    root: Path
    rendered: list[Rendered] = field(default_factory=list)

    def render(self, wanted: Stack) -> None:
        images = {part: image.local for part, image in load_sets().parts.items()}
        self.rendered.append(render(Target(wanted, "local", "v1", images)))
        self.rendered[-1].tree.write(self.root)
        for folder in self.rendered[-1].folders:
            (self.root / folder).mkdir(exist_ok=True)

    def run(self, *words: str, ok: bool = True, stdin: str = "") -> str:
        done = subprocess.run(
            words, cwd=self.root, capture_output=True, text=True, timeout=240, check=False, input=stdin
        )
        assert not ok or done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def compose(self, *words: str, ok: bool = True, stdin: str = "") -> str:
        return self.run("docker", "compose", *words, ok=ok, stdin=stdin)

    def inspect(self) -> dict[str, dict[str, Any]]:
        """What the engine says of each container, by compose service."""
        ids = self.compose("ps", "--all", "--quiet").split()
        found = json.loads(self.run("docker", "inspect", *ids))
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def login(self, role: str, database: str, secret: str = "") -> str:
        """What psql says over the network, with the role's own password or with the given one."""
        word = "$(cat /run/secrets/$0)" if not secret else "$(cat)"
        script = f'PGPASSWORD={word} psql -tA -h postgres -U "$0" -d "$1" -c "SELECT current_user" 2>&1'
        return self.compose(
            "exec", "-T", "postgres", "sh", "-c", script, role, database, ok=False, stdin=secret
        ).strip()

    def get(self, path: str) -> str:
        """The status of an answer through the edge."""
        address = f"{NAME}.localhost:18482:127.0.0.1"
        words = ("curl", "-sk", "--resolve", address, "-o", "/dev/null", "-w", "%{http_code}")
        return self.run(*words, f"https://{NAME}.localhost:18482{path}")

    def superuser(self, sql: str, database: str = "postgres") -> str:
        return self.compose(
            "exec", "-T", "postgres", "psql", "-XtAqU", "postgres", "-d", database, "-c", sql
        ).strip()


def certificate(folder: Path) -> None:
    """A certificate for the edge: a person without homeport brings one."""
    folder.mkdir(parents=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{NAME}.localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(2)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"{NAME}.localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "fullchain.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(key.private_bytes(*form))
    for file in folder.iterdir():
        os.chown(file, 101, 101)


def until(question: Callable[[], bool], why: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end, why
        time.sleep(0.2)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """Started by what the README says, and nothing else."""
    made = Tree(tmp_path_factory.mktemp("tree"))
    made.render(stack(web="web_db", other="other_db"))
    certificate(made.root / "certs" / "live")
    made.compose("--profile", "*", "down", "--volumes")
    try:
        made.run("sh", "scripts/secrets.sh")
        made.compose("up", "-d", "--wait")
        yield made
    finally:
        print(made.compose("logs", "--no-color", "--tail", "60", ok=False))
        made.compose("--profile", "*", "down", "--volumes", ok=False)


def test_one_slot_of_each_is_up_and_healthy(tree: Tree) -> None:
    found = tree.inspect()
    assert set(found) == {"nginx", "web-blue", "other-blue", "worker-blue", "postgres", "rabbitmq"}
    assert {name: one["State"]["Health"]["Status"] for name, one in found.items()} == dict.fromkeys(
        found, "healthy"
    )


def test_the_edge_answers(tree: Tree) -> None:
    assert tree.get("/health.sh") == "200"


def test_every_container_is_hardened_in_fact(tree: Tree) -> None:
    for name, one in tree.inspect().items():
        host, own = one["HostConfig"], one["Config"]
        assert host["Memory"] == host["MemorySwap"] > 0, name
        assert host["NanoCpus"] > 0, name
        assert host["PidsLimit"] > 0, name
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert not host["CapAdd"], name
        assert host["SecurityOpt"] == ["no-new-privileges:true"], name
        assert host["RestartPolicy"]["Name"] == "unless-stopped", name
        assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}}, (
            name
        )
        assert host["Init"], name
        assert not host["Privileged"], name
        assert own["Healthcheck"]["Test"], name
        assert "docker.sock" not in json.dumps(one["Mounts"]), name
        status = tree.compose("exec", "-T", name, "cat", "/proc/1/status")
        assert re.search(r"^CapBnd:\s+0+$", status, re.M), name
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.M), name
        if name != "worker-blue":  # it keeps its image's user, whatever that is
            assert not re.search(r"^Uid:\s+0\b", status, re.M), name


def test_a_container_reads_its_own_secrets_and_no_other_user_can(tree: Tree) -> None:
    listing = tree.compose("exec", "-T", "web-blue", "sh", "-c", "stat -c '%n %u %a' /run/secrets/*").split(
        "\n"
    )
    assert "/run/secrets/session_key 10001 400" in listing
    assert tree.compose("exec", "-T", "web-blue", "cat", "/run/secrets/session_key")
    refused = tree.compose(
        "exec", "-T", "--user", "10002", "web-blue", "cat", "/run/secrets/session_key", ok=False
    )
    assert "Permission denied" in refused
    url = tree.compose("exec", "-T", "worker-blue", "cat", "/run/secrets/rabbitmq_url")
    assert url.startswith("amqp://worker:"), "a user that only the image knows reads its own as well"
    assert (tree.root / "secrets").stat().st_mode & 0o777 == 0o700


def test_the_migration_runs_with_the_service_s_database(tree: Tree) -> None:
    assert "web_db" in tree.compose("run", "--rm", "web-migrate")


def test_a_role_sees_only_its_own_database(tree: Tree) -> None:
    assert tree.login("web_db", "web_db") == "web_db"
    for other in ("other_db", "postgres", "template1"):
        assert "permission denied for database" in tree.login("web_db", other)
    assert "rejects connection" in tree.login("postgres", "postgres", "anything")
    assert "password authentication failed" in tree.login("web_db", "web_db", "wrong")
    assert tree.login("monitor", "other_db") == "monitor"
    assert tree.superuser("SHOW data_checksums") == "on"
    rights = "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper OR rolcreatedb OR rolcreaterole"
    assert tree.superuser(rights) == "postgres"


def test_a_changed_password_file_is_a_changed_password(tree: Tree) -> None:
    old = (tree.root / "secrets/postgres/web_db").read_text()
    for file in ("secrets/postgres/web_db", "secrets/web/database_url", "secrets/web/pgpass"):
        (tree.root / file).unlink()
    tree.run("sh", "scripts/secrets.sh")
    new = (tree.root / "secrets/postgres/web_db").read_text()
    assert new != old
    assert new in (tree.root / "secrets/web/database_url").read_text()
    tree.compose("restart", "postgres")
    tree.compose("up", "-d", "--wait", "--no-recreate", "postgres")
    assert tree.login("web_db", "web_db", new) == "web_db"
    assert "password authentication failed" in tree.login("web_db", "web_db", old)


def test_a_database_that_is_added_later_appears_and_the_others_stay(tree: Tree) -> None:
    tree.superuser("CREATE TABLE kept (n int); INSERT INTO kept VALUES (41)", "web_db")
    tree.render(stack(web="web_db", other="other_db", late="late_db"))
    tree.run("sh", "scripts/secrets.sh")
    tree.compose("up", "-d", "--wait")
    assert tree.login("late_db", "late_db") == "late_db"
    assert "permission denied for database" in tree.login("late_db", "web_db")
    assert tree.superuser("SELECT n FROM kept", "web_db") == "41"
    assert "late" in tree.compose("exec", "-T", "rabbitmq", "rabbitmqctl", "-q", "list_users")


def test_the_broker_takes_a_service_s_password_and_a_changed_one(tree: Tree) -> None:
    def accepts(password: str) -> bool:
        words = ("exec", "-T", "rabbitmq", "rabbitmqctl", "authenticate_user", "--", "web", password)
        return "Success" in tree.compose(*words, ok=False)

    file = tree.root / "secrets/rabbitmq/web"
    old = file.read_text()
    assert accepts(old)
    new = secrets.token_urlsafe(32)
    file.write_text(new)
    tree.compose("restart", "rabbitmq")
    tree.compose("up", "-d", "--wait", "--no-recreate", "rabbitmq")
    assert accepts(new)
    assert not accepts(old)
    rights = tree.compose("exec", "-T", "rabbitmq", "rabbitmqctl", "-q", "list_permissions", "-p", NAME)
    assert {line.split()[0] for line in rights.splitlines()[1:]} == {
        "admin",
        "web",
        "other",
        "late",
        "worker",
    }
    assert "guest" not in tree.compose("exec", "-T", "rabbitmq", "rabbitmqctl", "-q", "list_users")


def test_the_readme_s_way_to_roll_by_hand(tree: Tree) -> None:
    tree.compose("up", "-d", "--no-deps", "--wait", "web-green")
    tree.run("sh", "-c", "mkdir -p slots/current && touch slots/current/web.green")
    tree.compose("stop", "web-blue")
    assert tree.get("/health.sh?from=green") == "200"
    assert "from=green" in tree.compose("logs", "--no-color", "web-green")
    env = tree.root / ".env"
    env.write_text(env.read_text().replace("web-blue", "web-green"))
    tree.compose("up", "-d", "--wait")
    states = {name: one["State"]["Status"] for name, one in tree.inspect().items() if name.startswith("web-")}
    assert states == {"web-blue": "exited", "web-green": "running"}


def test_the_readme_s_way_to_back_up_and_restore(tree: Tree) -> None:
    tree.superuser("CREATE TABLE saved AS SELECT generate_series(1, 1000) AS n", "web_db")
    dump = "docker compose exec -T postgres pg_dump -U postgres --format=custom web_db > web_db.dump"
    tree.run("sh", "-c", dump)
    tree.superuser("DROP TABLE saved", "web_db")
    restore = "pg_restore -U postgres --clean --if-exists --exit-on-error -d web_db"
    tree.run("sh", "-c", f"docker compose exec -T postgres {restore} < web_db.dump")
    assert tree.superuser("SELECT count(*), sum(n) FROM saved", "web_db") == "1000|500500"
    for command in (dump.replace("web_db", "DATABASE"), restore.replace("web_db", "DATABASE")):
        assert command in (tree.root / "README.md").read_text()


def test_the_readme_s_way_to_stop_keeps_the_data(tree: Tree) -> None:
    tree.compose("--profile", "*", "down")
    assert not tree.compose("--profile", "*", "ps", "--all", "--quiet")
    tree.compose("up", "-d", "--wait")
    assert tree.superuser("SELECT count(*) FROM saved", "web_db") == "1000"


def test_killed_databases_come_back(tree: Tree) -> None:
    for name in ("postgres", "rabbitmq"):
        before = tree.inspect()[name]["State"]["Pid"]
        os.kill(before, 9)
        until(lambda name=name: tree.inspect()[name]["RestartCount"] > 0, f"{name} was not restarted")
        until(
            lambda name=name: tree.inspect()[name]["State"].get("Health", {}).get("Status") == "healthy",
            f"{name} did not become healthy again",
            60,
        )
    assert tree.superuser("SELECT n FROM kept", "web_db") == "41"


def test_a_cluster_that_was_half_made_does_not_count(tree: Tree) -> None:
    """Ended in the middle of initdb: the next start makes a whole one. In a project of its own, on a new volume."""
    volume, image = f"{NAME}-half", load_sets().parts["postgres"].local
    mounts = (
        "-v",
        f"{tree.root}/postgres:/etc/postgres:ro",
        "-v",
        f"{tree.root}/secrets/postgres:/run/secrets:ro",
    )
    data = "/var/lib/postgresql/data"
    common = ("--rm", "--user", "999:999", "-v", f"{volume}:{data}", "-e", f"PGDATA={data}/17", *mounts)
    try:
        half = f"mkdir -p {data}/17.init/base && echo 17 > {data}/17.init/PG_VERSION"
        tree.run("docker", "run", *common, "--entrypoint", "sh", image, "-c", half)
        ready = "until pg_isready -q -h 127.0.0.1 -U monitor; do sleep 0.2; done"
        script = f"sh /etc/postgres/entry.sh & {ready}; ls -A {data}"
        out = tree.run("docker", "run", *common, "--init", "--entrypoint", "sh", image, "-c", script)
        assert "cluster created" in out
        assert out.startswith("17\n"), "the cluster, and nothing half-made beside it"
    finally:
        tree.run("docker", "volume", "rm", "-f", volume, ok=False)


def test_no_password_in_logs_arguments_or_variables(tree: Tree) -> None:
    values = {p.read_text().strip() for p in (tree.root / "secrets/postgres").iterdir()}
    values |= {p.read_text().strip() for p in (tree.root / "secrets/rabbitmq").iterdir()}
    shown = tree.compose("logs", "--no-color") + json.dumps(list(tree.inspect().values()))
    shown += "".join(tree.compose("top", name) for name in tree.inspect())
    shown += "".join(file.text for file in tree.rendered[-1].tree)
    assert not [value for value in values if value in shown]
