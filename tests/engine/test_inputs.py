"""A build is left out only when nothing that it could look at has changed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from homeport.commands.bake import BuildTarget
from homeport.engine import inputs
from homeport.engine.inputs import Builds, digest, takes_in

BASES = {"homeport/python:3.13-slim": "sha256:1"}


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildTarget:
    monkeypatch.setattr(inputs, "_SETTLED", -60.0)  # files of this test are as good as old ones
    context = tmp_path / "app"
    for path in (
        "Dockerfile",
        "src/main.py",
        "node_modules/a/index.js",
        "deep/__pycache__/x.pyc",
        "kept/x.log",
    ):
        (context / path).parent.mkdir(parents=True, exist_ok=True)
        (context / path).write_text(path)
    (context / ".dockerignore").write_text(
        "# what is made\n/node_modules/\n**/__pycache__\n*.log\nDockerfile\n"
    )
    return BuildTarget("web", str(context), args={"SERVICE": "web"}, tag="shop/web:building")


def test_the_same_is_the_same(target: BuildTarget) -> None:
    assert digest(target, BASES) == digest(target, BASES) != ""


@pytest.mark.parametrize(
    "script",
    [
        "echo other > src/main.py",
        "touch src/main.py",
        "chmod +x src/main.py",
        "touch -d 2020-01-01 src/main.py",
        "touch src/new.py",
        "mkdir empty",
        "rm src/main.py",
        "mv src/main.py src/other.py",
        "ln -s main.py src/link.py",
        "echo changed > Dockerfile",  # though it is left out of the context
        "echo '!node_modules' >> .dockerignore",
        "echo other > kept/x.log",
    ],
)
def test_whatever_may_matter_is_seen(target: BuildTarget, script: str) -> None:
    before = digest(target, BASES)
    assert os.system(f"cd {target.context} && {script}") == 0
    assert digest(target, BASES) != before


def test_an_argument_and_a_base_image_are_seen(target: BuildTarget) -> None:
    assert digest(replace(target, args={"SERVICE": "api"}), BASES) != digest(target, BASES)
    assert digest(target, {"homeport/python:3.13-slim": "sha256:2"}) != digest(target, BASES)


def test_what_is_surely_left_out_of_the_build_is_not_looked_at(target: BuildTarget) -> None:
    before = digest(target, BASES)
    for path in ("node_modules/a/index.js", "deep/__pycache__/x.pyc"):
        (Path(target.context) / path).write_text("other")
    assert digest(target, BASES) == before


def test_a_dockerignore_of_the_dockerfile_s_own_is_not_believed(target: BuildTarget) -> None:
    (Path(target.context) / "Dockerfile.dockerignore").write_text("src\n")
    before = digest(target, BASES)
    (Path(target.context) / "node_modules/a/index.js").write_text("other")
    assert digest(target, BASES) != before


def test_what_was_written_a_moment_ago_is_in_doubt(
    target: BuildTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "_SETTLED", 60.0)
    assert digest(target, BASES) == ""


@pytest.mark.parametrize(
    "line", ["ADD https://example.com/a.tgz /", "add --chown=1:1 git@example.com:a/b /src", "ADD x.git /"]
)
def test_what_a_dockerfile_fetches_may_have_changed_elsewhere(target: BuildTarget, line: str) -> None:
    (Path(target.context) / "Dockerfile").write_text(f"FROM scratch\n{line}\n")
    assert digest(target, BASES) == ""


def test_only_what_is_certain_is_remembered(tmp_path: Path) -> None:
    builds = Builds(tmp_path / "cache/builds.json")
    assert builds.known() == {}
    builds.remember({"web": ("inputs", "sha256:1"), "api": ("", "sha256:2")})
    assert builds.known() == {"web": ("inputs", "sha256:1")}
    builds.path.write_text("[half")
    assert builds.known() == {}


@pytest.mark.parametrize(
    ("lines", "taken"),
    [
        (None, True),
        ("node_modules", True),
        (".homeport", False),
        ("/.homeport/", False),
        ("**/.homeport", False),
        (".*", False),
        ("*", False),
        ("*\n!.homeport", True),
        ("*\n!src", False),
    ],
)
def test_what_a_context_takes_in(tmp_path: Path, lines: str | None, taken: bool) -> None:
    if lines is not None:
        (tmp_path / ".dockerignore").write_text(lines)
    assert takes_in(BuildTarget("web", str(tmp_path)), ".homeport") == taken
    (tmp_path / "Dockerfile.dockerignore").write_text(".homeport")
    assert not takes_in(BuildTarget("web", str(tmp_path)), ".homeport")
