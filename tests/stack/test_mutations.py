"""Whatever is typed into the file, `check` answers with problems that have a place; it never falls over."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from homeport.stack.load import examine

GOOD = (Path(__file__).parents[2] / "examples" / "budgetcoach" / "homeport.yaml").read_text()
NASTY = [
    "",
    "~",
    "[]",
    "{}",
    "[[]]",
    "{a: {b: c}}",
    "-1",
    "0",
    "1e99",
    "yes",
    '"\\0"',
    "'\\'",
    "&a",
    "*a",
    "!x y",
]
NASTY += [
    "<<: 5",
    "? x",
    "- x",
    "é",
    "\U0001f600",
    "x" * 5000,
    "%",
    "@",
    "a: b",
    "null",
    "[null]",
    "{null: null}",
]


def mutated(chance: random.Random) -> str:
    """The good file with one to four wrong places."""
    lines = GOOD.splitlines()
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(lines))
        key, colon, _rest = lines[at].partition(":")
        choice = chance.randrange(6)
        if choice == 0:
            del lines[at]
        elif choice == 1:
            lines.insert(at, lines[chance.randrange(len(lines))])
        elif choice == 2:
            lines[at] = f"{key}{colon} {chance.choice(NASTY)}"
        elif choice == 3:
            lines[at] = lines[at].replace(chance.choice("abdeiorst:,[]{}"), chance.choice("xyz:[]{},"), 1)
        elif choice == 4:
            lines[at] = " " * chance.randrange(9) + lines[at].strip()
        else:
            lines[at] = (
                f"{' ' * (len(key) - len(key.lstrip()))}{chance.choice(NASTY)}: {chance.choice(NASTY)}"
            )
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", range(300))
def test_check_always_answers(seed: int, tmp_path: Path) -> None:
    text = mutated(random.Random(seed))
    path = tmp_path / "homeport.yaml"
    path.write_text(text)
    found = examine(path)
    lines = text.split("\n")
    assert found.problems or found.stack
    for problem in found.problems:
        assert 1 <= problem.place.line <= len(lines) + 1
        assert 1 <= problem.place.column <= len(lines[min(problem.place.line, len(lines)) - 1]) + 1
        assert "\n" not in str(problem)
        assert problem.fault
