"""Editing secrets: the decrypted text lives in memory-backed storage for as long as the editor is open."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from homeport.errors import SecretError


def edit_text(text: str) -> str:
    """Open `text` in $VISUAL or $EDITOR (default: vi); what was saved. The file is 0600 and removed."""
    shm = Path("/dev/shm")  # noqa: S108 (memory, not disk)
    with tempfile.TemporaryDirectory(dir=shm if os.access(shm, os.W_OK) else None) as folder:
        path = Path(folder) / "secrets.yaml"
        path.touch(mode=0o600)
        path.write_text(text)
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        try:
            done = subprocess.run([*shlex.split(editor), str(path)], check=False)
        except FileNotFoundError as fault:
            raise SecretError(f"{editor}: no such editor", "Set EDITOR to one, e.g. EDITOR=nano.") from fault
        if done.returncode:
            raise SecretError(f"{editor} ended with exit code {done.returncode}", "Nothing was changed.")
        return path.read_text()
