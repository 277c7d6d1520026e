"""A checkout that was deleted and made again: its volumes are there, its secrets are not; both ways on are walked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live.coach import BIN, clear
from tests.live.engine import docker

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

NAME = "hpearlier"
STACK = """\
homeport: 1
name: hpearlier
environments:
  local: {domain: hpearlier.localhost, ports: {http: 18780, https: 18743}, network: 10.212.112.0/20}
edge:
  routes: {/: web}
services:
  web:
    image: homeport/python:3.13-slim
    command: [python, -m, http.server, "8000", -d, /tmp]
    port: 8000
    health: /
  keeper:
    image: homeport/postgres:17
    command: [sleep, infinity]
    health: {command: ["true"]}
    database: keeper_db
    secrets: [own_key]
    seed: PATH=$(echo /usr/lib/postgresql/*/bin):$PATH; psql "$(cat $DATABASE_URL_FILE)" -qc "CREATE TABLE demo (n int)"
postgres: {memory: 256M}
secrets: {own_key: generate}
"""


@dataclass(frozen=True)
class Checkout:
    """A folder with a homeport.yaml, which others may have been in before."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "homeport.yaml"

    @property
    def secrets(self) -> Path:
        return self.folder / ".homeport/local/secrets.yaml"

    def homeport(self, *words: str, code: int = 0) -> str:
        """What a command said; its exit code must be as expected."""
        done = subprocess.run(
            (str(BIN / "homeport"), *words),
            capture_output=True, text=True, timeout=300, check=False, stdin=subprocess.DEVNULL,
            env={**os.environ, "HOMEPORT_IDENTITY": str(self.folder.parent / "identity.txt")},
        )  # fmt: skip
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def up(self, *words: str, code: int = 0) -> str:
        return self.homeport("up", "--images", "local", *words, "-f", str(self.file), code=code)

    def tables(self) -> str:
        sql = (
            "psql",
            "-XAtqU",
            "postgres",
            "-d",
            "keeper_db",
            "-c",
            "SELECT tablename FROM pg_tables WHERE tablename = 'demo'",
        )
        return docker("exec", f"{NAME}-postgres-1", *sql).strip()


def world() -> tuple[str, str]:
    label = f"label=com.docker.compose.project={NAME}"
    volumes = docker("volume", "ls", "-q", "--filter", label).split()
    made = docker("volume", "inspect", "--format", "{{.Name}} {{.CreatedAt}}", *volumes) if volumes else ""
    return docker("ps", "-aq", "--no-trunc", "--filter", label), made


def told(said: str, act: str) -> list[str]:
    """The words of the command that the error tells, without `homeport`."""
    (line,) = re.findall(rf"homeport ({act} .*)", said)
    return str(line).split()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    checkout = Checkout(tmp_path_factory.mktemp("earlier") / "stack")
    checkout.folder.mkdir()
    checkout.file.write_text(STACK)
    clear(NAME)
    try:
        checkout.up()
        yield checkout
    finally:
        clear(NAME)


def test_data_without_its_secrets_is_said_before_anything_is_touched(checkout: Checkout) -> None:
    shutil.copy(checkout.secrets, checkout.folder.parent / "backup.yaml")
    shutil.rmtree(checkout.folder / ".homeport")
    before = world()
    for words in ((), ("--keep-data",)):
        said = checkout.up(*words, code=1)
        assert "this machine has data of hpearlier from an earlier checkout" in said
        assert "and its secrets are not here; nothing was changed" in said
        assert re.search(r"hpearlier_postgres\w*, since 20\d\d-", said)
        assert f"bring back the {checkout.secrets} of that checkout" in said
        assert "own_key" in said
        assert "Traceback" not in said
    assert world() == before
    assert not checkout.secrets.exists()


def test_it_is_kept_with_its_secrets(checkout: Checkout) -> None:
    words = told(checkout.up(code=1), "up")
    assert words == ["up", "local", "--keep-data", "-f", str(checkout.file)]
    volumes = world()[1]
    shutil.copy(checkout.folder.parent / "backup.yaml", checkout.secrets)
    assert "homeport secrets set" not in checkout.up(code=1)
    checkout.homeport(*words, "--images", "local")
    assert world()[1] == volumes
    assert checkout.tables() == "demo"
    assert "nothing to change" in checkout.up()


def test_it_starts_anew_by_the_command_that_is_told(checkout: Checkout) -> None:
    shutil.rmtree(checkout.folder / ".homeport")
    words = told(checkout.up(code=1), "down")
    assert words == ["down", "local", "--volumes", "-f", str(checkout.file)]
    checkout.homeport(*words, "--yes")
    assert world() == ("", "")
    assert "keeper has its demo data" in checkout.up()
    assert checkout.tables() == "demo"
