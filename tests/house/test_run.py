"""./run: what it does where nobody can be asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CLEAN = Path(__file__).parents[2] / "scripts" / "clean.py"


def test_clean_refuses_where_there_is_no_terminal_to_ask_on() -> None:
    done = subprocess.run(
        (sys.executable, str(CLEAN)), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "clean: it deletes data, and there is no terminal to ask on; nothing was removed",
        "  cure: ./run clean --yes",
    ]
    assert done.stdout == ""
