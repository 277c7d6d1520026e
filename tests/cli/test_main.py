"""The command line as a person meets it: help that teaches, near misses, exit codes."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from homeport.cli.main import COMMANDS


def homeport(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "homeport", *words], capture_output=True, text=True, cwd=cwd, check=False,
        env={**os.environ, "COLUMNS": "120"},
    )  # fmt: skip


def test_help_shows_every_command_with_what_it_does() -> None:
    shown = homeport("--help").stdout
    for name, about in COMMANDS.items():
        assert f"  {name} " in shown
        assert about in shown
    assert "Exit codes" in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(name: str) -> None:
    command = importlib.import_module(f"homeport.cli.{name}").command
    assert command.help
    done = homeport(name, "--help")
    assert done.returncode == 0
    assert "Usage: homeport" in done.stdout


def test_help_is_quick_because_it_loads_nothing_heavy() -> None:
    code = "import sys; from homeport.cli.main import cli\n"
    code += "try: cli(['--help'], standalone_mode=False)\nexcept SystemExit: pass\n"
    code += "print([m for m in ('pydantic','yaml','cryptography','pyrage') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_near_miss_is_met_with_the_right_word() -> None:
    done = homeport("chekc")
    assert done.returncode == 1
    assert 'Did you mean "check"?' in done.stderr


def test_no_file_is_a_clear_message(tmp_path: Path) -> None:
    done = homeport("up", cwd=tmp_path)
    assert done.returncode == 1
    assert "no homeport.yaml" in done.stderr
    assert "homeport init" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_environment_is_met_with_the_known_ones(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "examples" / "tiny" / "homeport.yaml"
    done = homeport("render", "producton", "-f", str(example), cwd=tmp_path)
    assert done.returncode == 1
    assert "production" in done.stderr


def test_our_own_fault_leaves_a_file_for_an_issue(tmp_path: Path) -> None:
    code = "from homeport.cli import main, check\nimport click\n"
    code += "@click.command()\ndef broken():\n    raise RuntimeError('boom')\n"
    code += "check.command = broken\nimport sys; sys.argv=['homeport','check']; main.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    log = Path(done.stderr.strip().splitlines()[-1].split(": ", 1)[1])
    assert "boom" in log.read_text()
    log.unlink()
