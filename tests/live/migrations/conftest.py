"""The stack of this folder, from a copy, started once; each test adds a migration to it."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from homeport.engine.authority import Authority
from tests.live.coach import clear
from tests.live.migrations.asker import Asker, Here

HERE = Path(__file__).parent
DOMAIN, PORT = "hpmig.localhost", 18543
HOMEPORT = str(Path(sys.executable).with_name("homeport"))
MIGRATION = '''"""Written by a test."""

from alembic import op

revision, down_revision = "{now:03d}", "{before:03d}"


def upgrade():
{body}
'''


def run(*words: str, code: int = 0, stdin: str = "") -> str:
    """What a program prints, on both streams; its exit code must be as expected."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False, input=stdin)
    assert done.returncode == code, f"{words}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def runs(project: str, what: str = "Image") -> dict[str, str]:
    """Compose service -> image, or another word of `docker ps`, of what runs in slots."""
    form = f'{{{{.Label "com.docker.compose.service"}}}} {{{{.{what}}}}}'
    label = f"label=com.docker.compose.project={project}"
    lines = run("docker", "ps", "--filter", label, "--format", form).splitlines()
    return {name: word for name, word in map(str.split, lines) if "-blue" in name or "-green" in name}


@dataclass
class Shop:
    """A running stack and the folder it is made from."""

    folder: Path
    revision: int = 1
    output: list[str] = field(default_factory=list)

    @property
    def live(self) -> Path:
        return self.folder / ".homeport/local/live"

    def homeport(self, *words: str, ok: bool = True) -> str:
        return run(HOMEPORT, *words, "-f", str(self.folder / "homeport.yaml"), code=0 if ok else 1)

    def up(self, *words: str, ok: bool = True) -> str:
        return self.homeport("up", "--images", "local", *words, ok=ok)

    def release(self, version: str, *words: str, ok: bool = True) -> str:
        """Make new code of the same program, with whatever migrations there are, the one that runs."""
        (self.folder / "app/VERSION").write_text(f"{version}\n")
        return self.up(*words, ok=ok)

    def note(self, words: str) -> None:
        """What the clerk of the next release notes."""
        (self.folder / "app/NOTE").write_text(f"{words}\n")

    def migration(self, *lines: str) -> Path:
        """Add a migration that does this; it can be taken away with `forget`."""
        self.revision += 1
        body = "\n".join(f"    {line}" for line in lines)
        path = self.folder / f"app/migrations/versions/v{self.revision:03d}.py"
        path.write_text(MIGRATION.format(now=self.revision, before=self.revision - 1, body=body))
        return path

    def forget(self, path: Path) -> None:
        path.unlink()
        self.revision -= 1

    def driver(self, name: str) -> None:
        (self.folder / "app/DRIVER").write_text(f"{name}\n")

    def sql(self, text: str, database: str = "shop_db") -> str:
        words = (
            "docker",
            "exec",
            "-i",
            "hpmig-postgres-1",
            "psql",
            "-XqAt",
            "-U",
            "postgres",
            "-d",
            database,
        )
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout.strip()

    def asked(self, path: str = "/") -> Asker:
        return Asker(DOMAIN, PORT, str(Authority.open((DOMAIN,)).root), path)

    def get(self, path: str) -> str:
        """What the edge answers, whatever the status."""
        context = ssl.create_default_context(cafile=str(Authority.open((DOMAIN,)).root))
        connection = Here(DOMAIN, PORT, timeout=10, context=context)
        connection.request("GET", path)
        return connection.getresponse().read().decode()

    def refused(self) -> int:
        """How often a migration gave up a lock so far."""
        lines = [
            line for line in self.logs().splitlines() if "canceling statement due to lock timeout" in line
        ]
        return sum('user="shop_db_migrate"' in line for line in lines)

    def logs(self) -> str:
        done = subprocess.run(
            ("docker", "logs", "hpmig-postgres-1"), capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    @contextmanager
    def reader(self, seconds: float, table: str = "orders") -> Iterator[None]:
        """A long SELECT that holds its lock on the table until this long after a migration first gave up."""
        words = ("docker", "exec", "hpmig-postgres-1", "psql", "-qU", "postgres", "-d", "shop_db", "-c")
        sql = f"BEGIN; SELECT count(*) FROM {table}; SELECT pg_sleep(3600); COMMIT"
        process = subprocess.Popen((*words, sql), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before, ended = self.refused(), threading.Event()

        def end_it() -> None:
            while self.refused() == before and not ended.is_set():
                ended.wait(0.5)
            ended.wait(seconds)
            self.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()"
            )

        thread = threading.Thread(target=end_it, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(30)
            process.wait(30)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("migrations") / "stack"
    shutil.copytree(HERE / "stack", folder, ignore=shutil.ignore_patterns(".homeport", "__pycache__"))
    shop = Shop(folder)
    clear("hpmig")  # what a killed run left: `up` refuses data of an earlier checkout
    try:
        shop.output.append(shop.up())
        yield shop
    finally:
        shop.homeport("down", "--volumes", "--yes")
