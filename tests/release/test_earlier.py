"""What is said of data that an earlier checkout has left, for each kind of host: the words and the ways on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from homeport.cli.main import cli
from homeport.engine.host import Host
from homeport.engine.machine import LocalMachine
from homeport.errors import HostError
from homeport.release import earlier, history
from homeport.secrets.store import open_or_create
from homeport.secrets.value import Secret
from homeport.stack.model import Stack, Target
from tests.recording import RecordingRunner

STACK = Stack.model_validate(
    {
        "homeport": 1,
        "name": "shop",
        "environments": {
            "local": {"domain": "shop.localhost"},
            "production": {"domain": "shop.example", "host": "deploy@shop.example"},
        },
        "services": {
            "web": {"image": "web:1", "port": 80, "database": "web_db", "volumes": ["files:/files"]}
        },
        "postgres": {},
    }
)


def host(folder: Path, *volumes: str) -> Host:
    there = [{"Name": name, "CreatedAt": "2026-11-24T08:15:00Z"} for name in volumes]
    runner = RecordingRunner(
        {
            "docker volume ls": "\n".join((*volumes, "shop_of_others")),
            "docker volume inspect": json.dumps(there),
        }
    )
    return Host(str(folder), LocalMachine(runner))


@pytest.fixture(autouse=True)
def _identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMEPORT_IDENTITY", str(tmp_path / "identity.txt"))


def fault(place: Host, folder: Path, environment: str, *held: str, keep: bool = False) -> HostError:
    store = open_or_create(folder / "secrets.yaml", environment)
    for name in held:
        store.set(name, Secret("x"))
    with pytest.raises(HostError) as caught:
        earlier.check(
            place,
            Target(STACK, environment),
            store,
            keep,
            lambda words: f"homeport {words} -f here/homeport.yaml",
        )
    return caught.value


def test_volumes_without_history_and_secrets(tmp_path: Path) -> None:
    said = fault(host(tmp_path, "shop_files"), tmp_path, "local")
    assert said.message == (
        f"this machine has data of shop from an earlier checkout: {tmp_path} knows no release of it, and its secrets "
        "are not here; nothing was changed"
    )
    assert said.details == "shop_files, since 2026-11-24 08:15"
    assert said.hint.splitlines()[-1].strip() == (
        "Start anew, which deletes that data: homeport down local --volumes -f here/homeport.yaml"
    )
    assert "It held postgres_monitor, postgres_web_db." in said.hint


def test_on_a_host_of_its_own_the_secrets_are_in_git_and_it_is_asked_all_the_same(tmp_path: Path) -> None:
    said = fault(host(tmp_path, "shop_files"), tmp_path, "production", "postgres_monitor", "postgres_web_db")
    assert "secrets" not in said.message
    assert [line.strip() for line in said.hint.splitlines()] == [
        "Keep it: homeport deploy production --keep-data -f here/homeport.yaml",
        "Start anew, which deletes that data: homeport down production --volumes -f here/homeport.yaml",
    ]


def test_it_goes_on_with_the_data_only_when_the_secrets_are_there(tmp_path: Path) -> None:
    place = host(tmp_path, "shop_files")
    assert "It held postgres_web_db." in fault(place, tmp_path, "local", "postgres_monitor", keep=True).hint
    store = open_or_create(tmp_path / "secrets.yaml", "local")
    for name in ("postgres_monitor", "postgres_web_db"):
        store.set(name, Secret("x"))
    assert earlier.check(place, Target(STACK, "local"), store, keep=True)


def test_nothing_is_said_where_there_are_no_volumes_of_ours_or_releases(tmp_path: Path) -> None:
    target, store = Target(STACK, "local"), open_or_create(tmp_path / "secrets.yaml", "local")
    assert not earlier.check(host(tmp_path), target, store, keep=False)
    place = host(tmp_path, "shop_files")
    place.add_history(history.Record("1", "v1", "ann@box", "now", history.UNFINISHED, tree="digest").line())
    assert not earlier.check(place, target, store, keep=False)


def test_a_release_that_was_refused_is_none(tmp_path: Path) -> None:
    place = host(tmp_path, "shop_files")
    place.add_history(history.Record("1", "v1", "ann@box", "now", "failed").line())
    assert fault(place, tmp_path, "local").details


@pytest.mark.parametrize("environment", ["local", "production"])
def test_the_commands_that_are_told_parse(tmp_path: Path, environment: str) -> None:
    hint = fault(host(tmp_path, "shop_files"), tmp_path, environment).hint
    lines = [line.partition("homeport ")[2].split() for line in hint.splitlines() if "homeport " in line]
    assert len(lines) == 3
    for words in lines:
        done = CliRunner().invoke(cli, [*words, "--help"])
        assert done.exit_code == 0, done.output
