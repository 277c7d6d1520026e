"""homeport init as a person calls it: files, exit codes, words."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from homeport.importer.convert import convert
from homeport.importer.folder import Folder
from homeport.stack.load import load

CASES = Path(__file__).parent / "cases"


def init(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run it in a folder, as its own process."""
    code = "from homeport.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "init", *words], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A copy of a case, without what init should write."""
    shutil.copytree(CASES / "three-tier", tmp_path / "app")
    (tmp_path / "app" / "homeport.yaml").unlink()
    return tmp_path / "app"


def test_it_writes_the_file_and_says_what_became_of_each_key(app: Path) -> None:
    done = init(app)
    assert done.returncode == 0, done.stderr
    assert (app / "homeport.yaml").read_text() == (CASES / "three-tier" / "homeport.yaml").read_text()
    for words in (
        "Changed, nothing to do (",
        "Changed, with something for you (",
        "Not carried (",
        "keys carried",
        "It passes `homeport check`",
        "nginx/default.conf:16:",
    ):
        assert words in done.stdout


def test_it_never_writes_over_a_file(app: Path) -> None:
    (app / "homeport.yaml").write_text("mine")
    refused = init(app)
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert (app / "homeport.yaml").read_text() == "mine"
    assert init(app, "--force").returncode == 0
    assert (app / "homeport.yaml").read_text() != "mine"


def test_name_domain_and_output(app: Path) -> None:
    done = init(
        app, "compose.yaml", "--name", "corner", "--domain", "corner.example", "--output", "other.yaml"
    )
    assert done.returncode == 0, done.stderr
    text = (app / "other.yaml").read_text()
    assert "name: corner\n" in text
    assert "production: {domain: corner.example, host: deploy@corner.example}" in text
    assert not (app / "homeport.yaml").exists()


@pytest.mark.parametrize("words", [("--domain", "not a domain"), ("--domain", "localhost")])
def test_a_wrong_domain_is_said_before_anything_is_written(app: Path, words: tuple[str, ...]) -> None:
    refused = init(app, *words)
    assert refused.returncode == 1
    assert "is not a domain" in refused.stderr
    assert not (app / "homeport.yaml").exists()


def test_questions_are_listed_and_the_file_is_there_to_edit(tmp_path: Path) -> None:
    shutil.copy(CASES / "questions" / "compose.yaml", tmp_path)
    done = init(tmp_path)
    assert done.returncode == 1
    assert "Could not be carried without you (5):" in done.stdout
    assert "homeport.yaml:16:12: services.web.image: example/web has no fixed version" in done.stdout
    assert (tmp_path / "homeport.yaml").exists()


def test_json(tmp_path: Path) -> None:
    shutil.copy(CASES / "questions" / "compose.yaml", tmp_path)
    found = json.loads(init(tmp_path, "--json").stdout)
    assert found["passes"] is False
    assert len(found["problems"]) == sum(finding["asks"] for finding in found["findings"])
    assert {"file", "line", "path", "fate", "why", "cure", "asks"} == set(found["findings"][0])


def test_nothing_to_begin_with(tmp_path: Path) -> None:
    done = init(tmp_path)
    assert done.returncode == 1
    assert "compose.yaml, compose.yml, docker-compose.yaml, docker-compose.yml" in done.stderr
    assert "no Dockerfile" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["services: [", "- a", "", "\tservices: {}"])
def test_a_file_that_is_not_a_compose_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    done = init(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: compose.yaml")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "homeport.yaml").exists()


def test_builds_above_the_compose_file(tmp_path: Path) -> None:
    """`docker/compose.yaml` with `build: ..`: homeport.yaml goes where all that is built lies below it."""
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / ".env").write_text("LEVEL=debug\n")
    text = "services: {web: {build: .., ports: ['80:8000'], environment: {LEVEL: '${LEVEL}'}}}\n"
    (tmp_path / "docker" / "compose.yaml").write_text(text)
    (tmp_path / "Dockerfile").write_text('FROM python:3.13-slim\nCMD ["python"]\n')
    done = init(tmp_path / "docker")
    assert done.returncode == 0, done.stdout + done.stderr
    written = (tmp_path / "homeport.yaml").read_text()
    assert 'build: "."' in written
    assert "env: {LEVEL: debug}" in written


@pytest.mark.parametrize("before", [None, "node_modules", ".git\n.homeport\n"])
def test_no_build_takes_in_what_is_kept_beside_the_file(tmp_path: Path, before: str | None) -> None:
    (tmp_path / "compose.yaml").write_text("services: {web: {build: ., ports: ['80:8000']}}\n")
    (tmp_path / "Dockerfile").write_text('FROM python:3.13-slim\nCMD ["python"]\n')
    if before is not None:
        (tmp_path / ".dockerignore").write_text(before)
    assert init(tmp_path).returncode == 0
    lines = (tmp_path / ".dockerignore").read_text().splitlines()
    assert lines.count(".homeport") == 1
    assert set((before or "").split()) <= set(lines)


def test_the_example_of_a_development_setup() -> None:
    """What init makes of AI Budget Coach's old compose file has the services and routes of the real one."""
    example = Path(__file__).parents[2] / "examples" / "budgetcoach"
    draft = convert(Folder(example), ("compose.yaml",))
    target = example / ".init-of-the-compose-file.yaml"
    target.write_text(draft.text)
    try:
        made, real = load(target), load(example / "homeport.yaml")
    finally:
        target.unlink()
    assert made.edge.routes == real.edge.routes
    assert made.edge.frontend == real.edge.frontend
    for name, service in real.services.items():
        if "only" in service.model_fields_set:
            continue
        assert (made.services[name].database, made.services[name].migrate) == (
            service.database,
            service.migrate,
        )
        assert made.services[name].health == service.health
        assert made.services[name].build == service.build
