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


def test_a_notice_says_what_no_release_proves(tmp_path: Path) -> None:
    file = tmp_path / "homeport.yaml"
    text = (ROOT / "examples/tiny/homeport.yaml").read_text().partition("smoke:")[0]
    (tmp_path / "app").mkdir()
    (tmp_path / "app/Dockerfile").write_text("FROM scratch\n")
    file.write_text(text.replace("{/: hello}", "{/api: hello}"))
    answer = CliRunner().invoke(command, ["-f", str(file)])
    assert answer.exit_code == 0
    assert answer.output.splitlines()[-1] == (
        f"{file}:7:12: notice: edge.routes./api: no request of a release proves hello: no route leads to its health "
        "path /healthz; write `smoke: [{path: /api/PATH, status: 200}]` with a path and the status that it answers"
    )
    told = json.loads(CliRunner().invoke(command, ["--json", "-f", str(file)]).output)
    assert (told["ok"], [notice["path"] for notice in told["notices"]]) == (True, ["edge.routes./api"])
    file.write_text(text)
    assert "notice" not in CliRunner().invoke(command, ["-f", str(file)]).output


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


ALLOWED = """\
homeport: 1
name: shop
environments:
  local: {domain: shop.localhost}
edge: {routes: {/: web}}
services:
  web: {build: app, port: 8000, health: /ok, user: root, allow_root: it binds port 80 itself}
  other: {build: app, user: image, writable: true}
  third: {build: app, user: image, allow_root: its entrypoint drops to a user}
"""


@pytest.fixture
def allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "homeport.yaml").write_text(ALLOWED)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_allowed_is_a_notice_with_its_line(allowed: Path) -> None:
    answer = CliRunner().invoke(command, [])
    assert answer.exit_code == 0
    assert answer.output.startswith("shop: no problems, 4 notices\n")
    assert answer.output.splitlines()[-4:] == [
        "homeport.yaml:7:70: notice: services.web.allow_root: runs as root: it binds port 80 itself",
        "homeport.yaml:8:29: notice: services.other.user: only the image knows its user; "
        "a deploy refuses it when that is root",
        "homeport.yaml:8:46: notice: services.other.writable: the container may change its own programs, "
        "and what it writes is lost at its next start; "
        "if you know the folders, name them in `tmpfs` or `volumes` instead",
        "homeport.yaml:9:48: notice: services.third.allow_root: may run as root: its entrypoint drops to a user",
    ]


def test_json_of_notices(allowed: Path) -> None:
    answer = CliRunner().invoke(command, ["--json"])
    told = json.loads(answer.output)
    assert (answer.exit_code, told["ok"], told["problems"]) == (0, True, [])
    assert [(n["line"], n["path"]) for n in told["notices"]] == [
        (7, "services.web.allow_root"),
        (8, "services.other.user"),
        (8, "services.other.writable"),
        (9, "services.third.allow_root"),
    ]
    assert told["notices"][0]["fault"] == "runs as root: it binds port 80 itself"
