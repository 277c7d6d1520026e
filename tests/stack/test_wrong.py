"""Wrong stacks are files: tests/wrong/NAME.yaml, and NAME.txt with the exact words a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from homeport.cli.check import command

WRONG = Path(__file__).parents[1] / "wrong"
CASES = sorted(path.stem for path in WRONG.glob("*.yaml"))


@pytest.mark.parametrize("name", CASES)
def test_the_exact_words(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(WRONG)
    answer = CliRunner().invoke(command, ["-f", f"{name}.yaml"])
    assert answer.output == (WRONG / f"{name}.txt").read_text()
    assert answer.exit_code == 1


def test_every_case_has_its_words_and_the_reverse() -> None:
    assert sorted(path.stem for path in WRONG.glob("*.txt")) == CASES


def test_there_is_no_jargon_and_no_secret() -> None:
    words = "\n".join(path.read_text() for path in WRONG.glob("*.txt")).lower()
    for jargon in (
        "pydantic",
        "input should",
        "value error",
        "string_type",
        "validation",
        "none",
        "hunter2",
        "geheim",
    ):
        assert jargon not in words
