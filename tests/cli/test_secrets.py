"""`homeport secrets edit` and `list` with a real editor program and a real store; no value reaches the screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

STACK = """
homeport: 1
name: kept
environments:
  local: {domain: kept.localhost}
  production: {domain: kept.example.com, host: deploy@kept.example.com, tls: self-signed}
edge: {routes: {/: web}}
services:
  web: {image: "example/web:1", port: 8000, health: /healthz, secrets: [api_key, token]}
  worker: {image: "example/worker:1", secrets: [api_key]}
secrets:
  token: generate
"""
VALUE = "correct horse battery"


class Shop:
    """A folder with a stack, and the command in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "homeport.yaml").write_text(STACK)
        self.env = {**os.environ, "HOMEPORT_IDENTITY": str(folder / "identity.txt")}
        self.env.pop("VISUAL", None)

    def run(self, *words: str, given: str = "", code: int = 0, editor: str = "") -> str:
        argv = [sys.executable, "-m", "homeport", "secrets", *words]
        env = {**self.env, "EDITOR": editor} if editor else self.env
        done = subprocess.run(
            argv, cwd=self.folder, env=env, input=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert VALUE not in done.stdout + done.stderr
        return done.stdout + done.stderr

    def editor(self, script: str) -> str:
        """A program that changes the file it is given; it also writes down the file's mode and place."""
        path = self.folder / "editor.sh"
        path.write_text(f'#!/bin/sh\nstat -c "%a %n" "$1" > "{self.folder}/seen"\n{script}\n')
        path.chmod(0o755)
        return str(path)

    @property
    def store(self) -> Path:
        return self.folder / "secrets" / "production.yaml"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.run("init", "production")
    shop.run("set", "api_key", "production", given=f"{VALUE}\n")
    return shop


def test_list_names_readers_and_no_value(shop: Shop) -> None:
    told = json.loads(shop.run("list", "production", "--json"))
    rows = {row["name"]: row for row in told["secrets"]}
    assert rows["api_key"] == {"name": "api_key", "set": True, "readers": ["web", "worker"], "made": False}
    assert rows["token"]["made"] and rows["token"]["set"]
    lines = shop.run("list", "production").splitlines()
    assert [line.split() for line in lines if "api_key" in line] == [
        ["set", "api_key", "given", "web,", "worker"]
    ]


def test_list_says_what_is_missing(shop: Shop) -> None:
    shop.store.unlink()
    rows = {
        row["name"]: row["set"] for row in json.loads(shop.run("list", "production", "--json"))["secrets"]
    }
    assert rows["api_key"] is False


def test_edit_changes_one_value_and_leaves_the_others(shop: Shop) -> None:
    before = shop.store.read_text()
    said = shop.run("edit", "production", editor=shop.editor(f"sed -i 's/{VALUE}/another one/' \"$1\""))
    assert said.startswith("1 changed in ")
    assert shop.store.read_text() != before
    shop.run("edit", "production", editor=shop.editor("grep -q '^api_key: another one$' \"$1\""))
    mode, place = (shop.folder / "seen").read_text().split()
    assert mode == "600"
    assert not Path(place).exists(), "what was open for editing is gone again"


def test_edit_takes_a_value_out(shop: Shop) -> None:
    shop.run("edit", "production", editor=shop.editor("sed -i '/^api_key/d' \"$1\""))
    assert "missing  api_key" in shop.run("list", "production")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ('echo "api_key: [" > "$1"', "what you wrote is not YAML"),
        ('echo "api_key: 12" > "$1"', "values in quotes"),
        ('echo "api_kee: x" >> "$1"', 'Did you mean "api_key"?'),
        ('sed -i "s/^api_key.*/api_key: \'\'/" "$1"', "api_key: empty"),
        ("exit 3", "ended with exit code 3"),
    ],
)
def test_what_cannot_be_taken_changes_nothing(shop: Shop, script: str, words: str) -> None:
    before = shop.store.read_text()
    assert words in shop.run("edit", "production", editor=shop.editor(script), code=1)
    assert shop.store.read_text() == before


def test_an_editor_that_is_not_there(shop: Shop) -> None:
    assert "no such editor" in shop.run("edit", "production", editor="/nowhere/editor", code=1)
