"""The literal command lines. `python -m tests.commands.test_lines` writes them anew: read the difference."""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import homeport.commands
from homeport.commands import bake, command, compose, docker, git, postgres, registry
from homeport.commands.command import Command
from homeport.components.contribution import Container, HealthCheck, Mount

HERE = Path(__file__).parent
MODULES: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (bake, command, compose, docker, git, postgres, registry)
}
TASK = Container(
    "web-migrate",
    "shop/web:2",
    memory=64 * 1024**2,
    cpus=0.5,
    health=HealthCheck(()),
    user="10001:10001",
    entrypoint=("sh", "-c"),
    command=("alembic upgrade head",),
    environment=(("PGUSER", "shop_db_migrate"),),
    mounts=(Mount("./secrets/web-migrate", "/run/secrets"), Mount("data", "/data", read_only=False)),
    tmpfs=("/tmp:mode=1777,size=64m",),
)
NAMES: dict[str, Any] = {**MODULES, "Command": Command, "TASK": TASK, "Built": bake.BuildTarget, "Path": Path}


def read(name: str) -> dict[str, str]:
    """Call -> what stands below it."""
    found: dict[str, list[str]] = {}
    call = ""
    for line in (HERE / f"{name}.txt").read_text().splitlines():
        if line and not line.startswith("    "):
            call = line
            found[call] = []
        elif call:
            found[call].append(line.removeprefix("    "))
    return {call: "\n".join(lines).rstrip() for call, lines in found.items()}


def seen(made: Command | str) -> str:
    """A command as the files have it; SQL and other texts as they are."""
    if isinstance(made, str):
        return made.rstrip()
    kind = "acts" if made.acts else "asks"
    where = "".join(f" {key}={value}" for key, value in made.env) + (f" in {made.cwd}" if made.cwd else "")
    stdin = (made.stdin or b"").decode().splitlines()
    lines = [f"{kind} {made.timeout:g} s{where}:", made.text(), *(f"< {line}" for line in stdin)]
    return "\n".join(line.rstrip() for text in lines for line in text.splitlines())


CASES = [(name, call) for name in MODULES for call in read(name)]


@pytest.mark.parametrize(("name", "call"), CASES, ids=[call for _, call in CASES])
def test_the_line(name: str, call: str) -> None:
    assert seen(eval(call, NAMES)) == read(name)[call]


@pytest.mark.parametrize("name", MODULES)
def test_every_function_has_a_case(name: str) -> None:
    functions = {
        key
        for key, value in inspect.getmembers(MODULES[name], inspect.isfunction)
        if value.__module__ == MODULES[name].__name__ and not key.startswith("_")
    }
    called = {ast.unparse(ast.parse(call, mode="eval").body.func) for call in read(name)}  # type: ignore[attr-defined]
    assert {f"{name}.{function}" for function in functions} - called == set()


def test_every_module_is_here() -> None:
    folder = Path(homeport.commands.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(MODULES)


def test_an_ask_never_acts() -> None:
    """Words that change something stand in no question, and what is secret in no line."""
    for _, call in CASES:
        made = eval(call, NAMES)
        if isinstance(made, Command) and not made.acts:
            assert not {"rm", "stop", "up", "down", "create", "prune", "restart", "push"} & set(made.argv), (
                call
            )
        assert "hunter2" not in (made.text() if isinstance(made, Command) else ""), call


def main() -> None:
    for name in MODULES:
        texts = (f"{call}\n{textwrap.indent(seen(eval(call, NAMES)), '    ')}\n" for call in read(name))
        (HERE / f"{name}.txt").write_text("\n".join(texts))


if __name__ == "__main__":
    main()
