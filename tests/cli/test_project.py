"""The commands that an error tells are those that its reader can type."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("homeport")
SCRIPT = """
import sys
from pathlib import Path
from homeport.cli.project import typed
sys.argv[0] = {!r}
print(typed({})("down local"))
"""


@pytest.mark.parametrize(
    ("called", "file", "path", "line"),
    [
        ("homeport", "None", str(PROGRAM.parent), "homeport down local"),
        (
            ".venv/bin/homeport", "Path('a b/homeport.yaml')", "/nowhere",
            ".venv/bin/homeport down local -f 'a b/homeport.yaml'",
        ),
        ("/x/homeport/__main__.py", "None", "/nowhere", "homeport down local"),
    ],
)  # fmt: skip
def test_with_the_file_and_the_program_that_the_caller_named(
    called: str, file: str, path: str, line: str
) -> None:
    words = (sys.executable, "-c", SCRIPT.format(called, file))
    environment = {"PATH": path, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == line
