"""`homeport render`: what it says it wrote is what it wrote, and it spares what is not its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from homeport.cli.render import command
from homeport.errors import StackError

STACK = """\
homeport: 1
name: demo
environments: {local: {domain: demo.localhost}, far: {domain: demo.example, host: me@demo.example}}
edge: {routes: {/: web}}
services: {web: {image: "demo/web:1.0", port: 8000, health: /}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "homeport.yaml"
    path.write_text(STACK)
    return path


def run(file: Path, *words: str) -> Result:
    return CliRunner().invoke(command, ["-f", str(file), *words], catch_exceptions=False)


def test_first_second_and_changed(file: Path) -> None:
    root = file.parent / "rendered" / "far"
    first = run(file, "far")
    assert first.exit_code == 0
    assert "  + docker-compose.prod.yml\n" in first.output
    assert (root / "slots").is_dir()
    assert run(file, "far").output == f"{root}: {_count(root)} files, none changed\n"
    file.write_text(STACK.replace("web:1.0", "web:1.1"))
    assert '+    image: "${IMAGE_WEB:-demo/web:1.1}"\n' in run(file, "far", "--diff").output
    changed = run(file, "far")
    assert "  ~ docker-compose.prod.yml\n" in changed.output
    assert "demo/web:1.1" in (root / "docker-compose.prod.yml").read_text()


def _count(root: Path) -> int:
    return sum(path.is_file() for path in root.rglob("*"))


def test_a_file_that_is_no_longer_rendered_goes_and_what_lives_there_stays(file: Path) -> None:
    root = file.parent / "out"
    run(file, "local", "-o", str(root))
    kept = [
        root / "slots" / "web.green",
        root / "secrets" / "web" / "key",
        root / "notes.txt",
        root / "certs" / "live" / "a.pem",
    ]
    stale = root / "nginx" / "live" / "gone.conf"
    for path in (*kept, stale):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xff kept")
    stale.write_text("server {}")
    assert "  - nginx/live/gone.conf\n" in run(file, "local", "-o", str(root)).output
    assert not stale.exists()
    assert all(path.exists() for path in kept)


def test_a_folder_of_somebody_else_is_refused(file: Path) -> None:
    with pytest.raises(StackError, match="is not empty"):
        run(file, "local", "-o", str(file.parent))
    assert file.read_text() == STACK


def test_an_environment_that_is_not_there(file: Path) -> None:
    with pytest.raises(StackError, match="no environment loca"):
        run(file, "loca")
