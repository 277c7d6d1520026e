"""`homeport check`: what it prints for a good file and for a wrong one, for people and machines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from homeport.cli.check import command

ROOT = Path(__file__).parents[2]


def test_what_was_understood() -> None:
    answer = CliRunner().invoke(command, ["-f", str(ROOT / "examples/budgetcoach/homeport.yaml")])
    assert answer.exit_code == 0
    assert answer.output.startswith("budgetcoach: no problems\n")
    for words in ("gateway_db", "https://budgetcoach.localhost", "only local", "postgres 17 and rabbitmq"):
        assert words in answer.output


def test_found_from_a_folder_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "examples" / "tiny" / "app")
    assert CliRunner().invoke(command, []).output.startswith("tiny: no problems\n")


def test_json_of_a_wrong_file() -> None:
    answer = CliRunner().invoke(command, ["--json", "-f", str(ROOT / "tests/wrong/prot.yaml")])
    told = json.loads(answer.output)
    assert answer.exit_code == 1
    assert (told["ok"], told["stack"]) == (False, None)
    problem = told["problems"][0]
    assert (problem["line"], problem["column"], problem["path"]) == (12, 5, "services.web.prot")
    assert (problem["fault"], problem["cure"]) == ("unknown key", 'did you mean "port"?')


def test_json_of_a_good_file() -> None:
    answer = CliRunner().invoke(command, ["--json", "-f", str(ROOT / "examples/tiny/homeport.yaml")])
    told = json.loads(answer.output)
    assert (answer.exit_code, told["ok"], told["problems"]) == (0, True, [])
    assert told["stack"]["services"]["hello"]["build"]["context"] == "app"


def test_help_needs_no_heavy_module() -> None:
    script = (
        "import sys; import homeport.cli.check, homeport.cli.explain, homeport.cli.schema;"
        "sys.exit(bool({'pydantic', 'yaml'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
