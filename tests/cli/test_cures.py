"""Every command that a message, a help text or a page of the docs names is one that runs.

Commands with words of the stack in them are made by homeport/cures.py alone, and run here. All others are read off
the texts of the package and of the docs, and parsed.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

import homeport
from homeport import cures
from homeport.cli.main import COMMANDS, cli

SOURCE = Path(homeport.__file__).parent
ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").glob("*/*.md")),
]
# `homeport WORD ...` up to where prose goes on.
COMMAND = re.compile(
    rf"\bhomeport ((?:{'|'.join(COMMANDS)})\b(?: (?!(?:and|or|shows?|says?|makes?)\b)[^\s`'\"|,;:()#]+)*)"
)
CAPITALS = {
    "ENV": "production",
    "FOLDER": "plain",
    "SERVICE": "web",
    "NAME": "api_key",
    "RELEASE": "v1",
    "FILE": "x.yaml",
}
HOLE = "\x00"  # where an f-string holds a value
STACK = """
homeport: 1
name: cured
environments:
  local: {domain: cured.localhost}
  production: {domain: cured.example.com, host: deploy@127.0.0.1, tls: self-signed}
edge: {routes: {/: web}}
services:
  web: {image: "example/web:1", port: 8000, health: /healthz, secrets: [api_key, token]}
secrets:
  token: generate
"""


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every literal of a module; values inside f-strings are holes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (str(p.value) if isinstance(p, ast.Constant) else HOLE for p in node.values)
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.lineno, node.value


def named() -> list[tuple[str, str]]:
    """(place, command) for every command named in the package and on the pages."""
    found = [
        (f"{path.relative_to(SOURCE)}:{line}", match[1])
        for path in sorted(SOURCE.rglob("*.py"))
        for line, text in texts(path)
        for match in COMMAND.finditer(text)
    ]
    files = [*PAGES, *sorted(SOURCE.rglob("*.md")), *sorted(SOURCE.rglob("*.sh"))]
    return found + [
        (f"{path.name}:{number}", match[1])
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for match in COMMAND.finditer(line)
    ]


def parsed(words: list[str]) -> None:
    """Raises click.UsageError when the command line does not take these words."""
    command: click.Command = cli
    parent = click.Context(cli, info_name="homeport")
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(parent, words)
        assert found is not None
        if not words and isinstance(found, click.Group):
            return  # the group is meant: `homeport secrets`
        if isinstance(found, click.Group) and words[0] not in found.commands and "list" in found.commands:
            words = ["list", *words]  # `readers ENV`
        command, parent = found, click.Context(found, info_name=name, parent=parent)
    command.make_context(command.name, list(words), parent=parent.parent, resilient_parsing=False)


@pytest.mark.parametrize(("place", "words"), named(), ids=lambda value: value)
def test_a_command_that_a_text_names_is_parsed(place: str, words: str) -> None:
    if HOLE in words:
        pytest.fail(f"{place}: a command with a word of the stack is made by cures.py: {words!r}")
    typed = words.split(">", maxsplit=1)[0].rstrip(". ")
    try:
        parsed([CAPITALS.get(word, word.strip("[]")) for word in shlex.split(typed)])
    except click.MissingParameter as lacking:
        assert lacking.ctx and lacking.ctx.command_path.endswith(typed), (
            "a command without its words is only named"
        )


def test_the_collector_finds_what_is_wrong() -> None:
    """The test of the test: an option that does not exist, and a word too many."""
    for wrong in ("logs --colour", "secrets set", "down production v1 v2", "secrets sett x"):
        with pytest.raises(click.UsageError):
            parsed(shlex.split(wrong))


# -- those with words of the stack: run for real ---------------------------------------------------------------------

ARGUMENTS: dict[str, str | bool] = {
    "environment": "production", "name": "api_key", "release": "v1", "service": "web", "path": "services.health",
    "here": False, "key": "age1...", "sure": False,
}  # fmt: skip
OTHERS: dict[str, dict[str, str]] = {"secrets_rotate": {"name": "token"}}
# What each says where nothing runs and the host does not answer: it got as far as the host, or did its work.
ENDS: dict[str, tuple[int, str]] = {
    "secrets_edit": (0, "changed in"),
    "secrets_rotate": (0, "has a new value"),
    "readers_add": (1, "age1..."),  # no key, as it stands: said so
    "secrets_set": (0, "api_key is set in"),
    "secrets_init": (0, "1 reader(s)"),
    "explain": (0, "health"),
    "init": (0, "homeport.yaml"),
}
AT_THE_HOST = (1, "127.0.0.1")


def _functions() -> list[Callable[..., str]]:
    made = inspect.getmembers(cures, inspect.isfunction)
    return [function for name, function in made if not name.startswith("_")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout of a small app, with a key of its own, and no way to its host."""
    place = tmp_path / "app"
    place.mkdir()
    (place / "homeport.yaml").write_text(STACK)
    config = tmp_path / "ssh_config"
    config.write_text("Host *\n  Port 9\n  ConnectTimeout 1\n")
    for words in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"),
    ):
        subprocess.run(("git", *words), cwd=place, check=True)
    return place


def _run(folder: Path, command: str) -> tuple[int, str]:
    environment = {
        **os.environ,
        "HOMEPORT_SSH_CONFIG": str(folder.parent / "ssh_config"),
        "HOME": str(folder.parent),
        "EDITOR": "true",
    }
    words = [sys.executable, "-m", *shlex.split(command)]
    done = subprocess.run(
        words, cwd=folder, env=environment, input="a-value", capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("function", _functions(), ids=lambda function: function.__name__)
def test_a_cure_with_words_of_the_stack_runs(function: Callable[..., str], folder: Path) -> None:
    given = inspect.signature(function).parameters
    if function is cures.init:
        (folder / "homeport.yaml").unlink()
        (folder / "compose.yaml").write_text(
            "services: {web: {image: 'example/web:1', ports: ['8000:8000']}}\n"
        )
        command = function("compose.yaml")
    else:
        own = OTHERS.get(function.__name__, {})
        command = function(**{name: own.get(name, ARGUMENTS[name]) for name in given})
    code, said = _run(folder, command)
    wanted, words = ENDS.get(function.__name__, AT_THE_HOST)
    assert words in said
    assert code == wanted, said
    assert "Traceback" not in said


# -- programs of others ------------------------------------------------------------------------------------------------

QUOTED = re.compile(r"`((?:docker|df|ss|git|ssh-keygen|du) [^`]*)`")


def _of_others() -> list[tuple[str, str]]:
    return [
        (f"{path.relative_to(SOURCE)}:{line}", match[1])
        for path in sorted(SOURCE.rglob("*.py"))
        for line, text in texts(path)
        for match in QUOTED.finditer(text.replace("{host}", HOLE))
        if " -f A " not in match[1]  # said of compose, not told to run
    ]


@pytest.mark.parametrize(("place", "command"), _of_others(), ids=lambda value: value)
def test_a_program_of_others_has_the_words_that_a_cure_names(place: str, command: str) -> None:
    """Asked for its help on the subcommand and each option; nothing is run."""
    program, *words = shlex.split(command.replace(HOLE, "x"))
    if program != "docker":
        assert shutil.which(program) or program == "ss", f"{place}: is {program} on every host?"
        return
    plain = [word for word in words if not word.startswith("-")]
    chain = (
        plain[:2]
        if plain[0] in ("system", "image", "builder", "compose", "buildx", "volume", "network")
        else plain[:1]
    )
    shown = subprocess.run(("docker", *chain, "--help"), capture_output=True, text=True, check=False)
    assert shown.returncode == 0, f"{place}: {command}: {shown.stderr}"
    for option in (word for word in words if word.startswith("--")):
        assert option.split("=")[0] in shown.stdout, f"{place}: docker {' '.join(chain)} has no {option}"
