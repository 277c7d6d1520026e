"""`homeport secrets` as a person uses it: readers come and go, and the key that signs is nobody's to choose."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyrage import x25519

from homeport.secrets.signing import SIGNING
from homeport.secrets.store import Store

STACK = """\
homeport: 1
name: shop
environments:
  local: {domain: shop.localhost}
  production: {domain: shop.example.com, host: deploy@shop.example.com}
edge: {routes: {/: web}}
services:
  web: {image: "web:1", port: 8000, health: /ok, secrets: [jwt_key, api_key], database: web_db}
postgres: {}
secrets:
  jwt_key: generate
  api_key: {ask: of the mail provider}
"""


@dataclass
class Person:
    """Somebody with an identity of their own, in the shared folder."""

    folder: Path
    name: str

    @property
    def identity(self) -> Path:
        return self.folder.parent / f"{self.name}.txt"

    @property
    def key(self) -> str:
        if not self.identity.exists():
            self.identity.write_text(f"{x25519.Identity.generate()}\n")
            self.identity.chmod(0o600)
        return str(x25519.Identity.from_str(self.identity.read_text().splitlines()[-1]).to_public())

    def run(self, *words: str, stdin: str = "", code: int = 0, **environ: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "homeport", "secrets", *words],
            capture_output=True, text=True, cwd=self.folder, input=stdin, check=False,
            env={**os.environ, "HOMEPORT_IDENTITY": str(self.identity), "COLUMNS": "120", **environ},
        )  # fmt: skip
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def git(self, *words: str) -> str:
        own = ("-c", f"user.name={self.name}", "-c", f"user.email={self.name}@example.com")
        done = subprocess.run(
            ["git", *own, *words], capture_output=True, text=True, cwd=self.folder, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self) -> str:
        """All there is; its short id."""
        self.git("add", "-A")
        self.git("commit", "-qm", "change")
        return self.git("rev-parse", "--short", "HEAD")

    @property
    def store(self) -> Store:
        return Store.open(self.folder / "secrets/production.yaml", "production")

    def value(self, name: str, patch: pytest.MonkeyPatch) -> str:
        with patch.context() as context:
            context.setenv("HOMEPORT_IDENTITY", str(self.identity))
            return self.store.get(name).reveal()


@pytest.fixture
def ann(tmp_path: Path) -> Person:
    """Ann, who has made production's secrets and has let Bob in; all is committed."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "homeport.yaml").write_text(STACK)
    ann = Person(folder, "ann")
    ann.git("init", "-q")
    ann.run("init", "production")
    ann.run("set", "api_key", "production", stdin="a key of somebody else")
    ann.commit()
    ann.run("readers", "add", Person(folder, "bob").key, "production")
    ann.commit()
    return ann


@pytest.fixture
def bob(ann: Person) -> Person:
    return Person(ann.folder, "bob")


def test_readers_are_listed_with_the_commit_that_let_them_in(ann: Person, bob: Person) -> None:
    first, second = ann.git("log", "--reverse", "--format=%h").split()
    assert ann.run("readers", "production").splitlines() == [
        f"  {ann.key}  in commit {first} (ann)  (you)",
        f"  {bob.key}  in commit {second} (ann)",
    ]
    assert ann.run("readers", "list", "production") == ann.run("readers", "production")


def test_a_newcomer_is_told_what_to_ask_for(ann: Person) -> None:
    newcomer = Person(ann.folder, "eve")
    said = newcomer.run("readers", "production")
    assert f"You are no reader. Let one run: homeport secrets readers add {newcomer.key} production" in said
    ann.run("readers", "add", newcomer.key, "production")
    assert "eve" not in newcomer.run("readers", "production").replace(newcomer.key, "")
    assert "You are no reader" not in newcomer.run("readers", "production")


def test_who_is_removed_opens_nothing_and_what_homeport_made_is_new(
    ann: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("jwt_key", "postgres_web_db", SIGNING)
    old = {name: bob.value(name, monkeypatch) for name in (*names, "api_key")}
    said = ann.run("readers", "remove", bob.key, "production")
    for name in names:
        assert name in said.partition("New values: ")[2].partition(";")[0]
        assert ann.value(name, monkeypatch) != old[name]
    assert "api_key: get a new one, then homeport secrets set api_key production" in said
    assert "a rollback refuses them" in said and "homeport deploy production" in said
    assert not [value for value in old.values() if value in said]
    assert ann.value("api_key", monkeypatch) == old["api_key"]
    assert bob.store.recipients == [ann.key]
    # Nothing in the file opens for the key that was removed, though its list of readers were put back.
    bob.store.path.write_text(bob.store.path.read_text().replace(f"- {ann.key}", f"- {bob.key}"))
    with pytest.raises(Exception, match="is not readable"):
        bob.value("api_key", monkeypatch)


def test_what_cannot_be_removed(ann: Person, bob: Person) -> None:
    before = ann.store.path.read_text()
    stranger = str(x25519.Identity.generate().to_public())
    assert f"{stranger} is no reader" in ann.run("readers", "remove", stranger, "production", code=1)
    assert "is your own key" in ann.run("readers", "remove", ann.key, "production", code=1)
    assert "not an age public key" in ann.run("readers", "add", "age1nonsense", "production", code=1)
    assert ann.store.path.read_text() == before


def test_a_secret_that_no_service_reads_is_to_be_taken_out(ann: Person, bob: Person) -> None:
    text = (ann.folder / "homeport.yaml").read_text()
    (ann.folder / "homeport.yaml").write_text(
        text.replace(", api_key]", "]").replace("  api_key: {ask: of the mail provider}\n", "")
    )
    said = ann.run("readers", "remove", bob.key, "production")
    assert "homeport secrets edit production, and take it out: no service reads it" in said


def test_the_key_that_signs_is_made_and_kept(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    key = ann.value(SIGNING, monkeypatch)
    assert "homeport_signing" in ann.run("list", "production")
    assert "0 made" in ann.run("init", "production")
    said = ann.run("rotate", SIGNING, "production", code=1)
    assert "nobody can go back to a release from before" in said
    assert f"cure: homeport secrets rotate {SIGNING} production --yes" in said
    assert "made by homeport" in ann.run("set", SIGNING, "production", stdin="chosen", code=1)
    editor = ann.folder.parent / "editor.sh"
    editor.write_text(f"#!/bin/sh\nsed -i '/^{SIGNING}/d' \"$1\"\n")
    editor.chmod(0o755)
    assert "made by homeport" in ann.run("edit", "production", code=1, EDITOR=str(editor), VISUAL="")
    assert ann.value(SIGNING, monkeypatch) == key
    assert "a rollback refuses them" in ann.run("rotate", SIGNING, "production", "--yes")
    assert ann.value(SIGNING, monkeypatch) != key


def test_a_slip_in_the_editor_is_not_shown_with_what_stands_there(ann: Person) -> None:
    editor = ann.folder.parent / "editor.sh"
    editor.write_text("#!/bin/sh\necho 'api_key: hunter2: hunter2' >> \"$1\"\n")
    editor.chmod(0o755)
    said = ann.run("edit", "production", code=1, EDITOR=str(editor), VISUAL="")
    assert "what you wrote is not YAML, line" in said
    assert "hunter2" not in said
