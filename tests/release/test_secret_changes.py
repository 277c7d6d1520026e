"""A deploy says which secrets and readers changed since the last release, and by which commit: real git checkouts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from pyrage import x25519

from homeport.engine.host import Host
from homeport.release import signed, stored
from homeport.release.history import Record
from homeport.release.secret_changes import Known, told
from homeport.secrets.signing import SIGNING, SigningKey
from homeport.secrets.store import Store, open_or_create
from homeport.secrets.value import Secret, generate
from homeport.stack.model import Stack, Target

TARGET = Target(
    Stack.model_validate({"homeport": 1, "name": "shop", "environments": {"production": {"domain": "a.example"}},
                          "services": {"web": {"image": "web:1"}}}),
    "production",
)  # fmt: skip


class Team:
    """A checkout with a store, and a host that keeps one release."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.host = folder, Host(str(folder.parent / "host"))
        self.path = folder / "secrets/production.yaml"
        self.store = open_or_create(self.path, "production")
        for name in (SIGNING, "jwt_key", "api_key"):
            self.store.set(name, generate())
        self.store.save()

    def git(self, *words: str, who: str = "ann") -> str:
        own = ("-c", f"user.name={who}", "-c", "user.email=x@example.com")
        done = subprocess.run(
            ["git", *own, *words], capture_output=True, text=True, cwd=self.folder, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, who: str) -> str:
        self.store.save()
        self.git("add", "-A")
        self.git("commit", "-qm", f"change of {who}", who=who)
        return self.git("rev-parse", "--short", "HEAD")

    def release(self) -> Record:
        key = SigningKey.of(self.store)
        text = stored.dump(TARGET, Known.of(self.store, key).as_data())
        self.host.write_target("1", text)
        return signed.sign(key, Record("1", "v1", "ann", "now", "ok", target=signed.fingerprint(text)))

    def told(self, before: Record) -> list[str]:
        store = Store.open(self.path, "production")
        return told(self.host, before, store, SigningKey.of(store))


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    monkeypatch.setenv("HOMEPORT_IDENTITY", str(tmp_path / "identity.txt"))
    folder = tmp_path / "shop"
    folder.mkdir()
    team = Team(folder)
    team.git("init", "-q")
    team.commit("ann")
    return team


def test_nothing_changed_nothing_is_said(team: Team) -> None:
    before = team.release()
    assert team.told(before) == []
    team.store.set("jwt_key", team.store.get("jwt_key"))  # the same value, encrypted anew
    team.commit("bob")
    assert team.told(before) == []


def test_each_change_has_its_commit_though_later_ones_encrypt_all_anew(team: Team) -> None:
    before, reader = team.release(), str(x25519.Identity.generate().to_public())
    team.store.set("jwt_key", Secret("one that mallory knows"))
    mallory = team.commit("mallory")
    team.store.set("new_key", generate())
    team.store.remove("api_key")
    bob = team.commit("bob")
    team.store.add_recipient(reader)
    eve = team.commit("eve")
    assert team.told(before) == [
        f"secret api_key removed, in commit {bob} (bob)",
        f"secret jwt_key changed, in commit {mallory} (mallory)",
        f"secret new_key added, in commit {bob} (bob)",
        f"reader {reader} added, in commit {eve} (eve)",
    ]
    team.store.remove_recipient(reader)
    team.store.set("jwt_key", generate())
    team.store.save()
    assert [line for line in team.told(before) if "jwt_key" in line] == [
        "secret jwt_key changed, not committed yet"
    ]


def test_no_value_and_no_digest_without_the_key_is_on_the_host(team: Team) -> None:
    team.release()
    text = team.host.read_target("1") or ""
    assert "jwt_key" in text
    for name in team.store.names:
        assert team.store.get(name).reveal() not in text


def test_outside_of_git(team: Team) -> None:
    before = team.release()
    shutil.rmtree(team.folder / ".git")
    team.store.set("jwt_key", generate())
    team.store.save()
    assert team.told(before) == ["secret jwt_key changed, in no git checkout"]


def test_throw_away_secrets_are_of_this_machine(team: Team) -> None:
    before = team.release()
    team.path = team.folder / ".homeport/local/secrets.yaml"
    team.path.parent.mkdir(parents=True)
    team.store.set("jwt_key", generate())
    team.store.save()
    shutil.copy(team.folder / "secrets/production.yaml", team.path)
    assert team.told(before) == ["secret jwt_key changed, on this machine only"]


def test_a_shallow_checkout_says_how_far_it_sees(team: Team, tmp_path: Path) -> None:
    before = team.release()
    team.store.set("jwt_key", generate())
    team.commit("mallory")
    team.store.set("other", generate())
    last = team.commit("bob")
    team.git("clone", "-q", "--depth", "1", f"file://{team.folder}", str(tmp_path / "shallow"))
    team.path = tmp_path / "shallow/secrets/production.yaml"
    assert f"secret jwt_key changed, in commit {last} (bob) or before" in team.told(before)


def test_the_key_itself_was_replaced(team: Team) -> None:
    before = team.release()
    team.store.set(SIGNING, generate())
    team.store.set("jwt_key", generate())
    mallory = team.commit("mallory")
    (line,) = team.told(before)
    assert f"is not signed with homeport_signing as it is now (in commit {mallory} (mallory))" in line


def test_what_the_host_says_of_it_is_not_believed(team: Team) -> None:
    before = team.release()
    team.store.set("jwt_key", generate())
    team.commit("mallory")
    key = SigningKey.of(team.store)
    team.host.write_target("1", stored.dump(TARGET, Known.of(team.store, key).as_data()))
    (line,) = team.told(before)
    assert "is not signed" in line


def test_a_release_of_an_earlier_homeport(team: Team) -> None:
    team.release()
    assert team.told(Record("1", "v1", "ann", "now", "ok")) == [
        "release 1 does not say what the secrets were; the next one will"
    ]


def test_names_from_the_file_do_not_move_the_cursor(team: Team) -> None:
    before = team.release()
    team.store.set("a\x1b[2Kb", generate())
    team.commit("mal\x1b[1Alory")
    (line,) = team.told(before)
    assert line.startswith("secret a?[2Kb added, in commit")
    assert line.isprintable()
