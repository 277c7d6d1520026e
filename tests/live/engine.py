"""The docker command, for tests that ask the engine themselves."""

from __future__ import annotations

import subprocess


def docker(*words: str, ok: bool = True, stdin: str | None = None) -> str:
    """What a docker command printed, both streams."""
    done = subprocess.run(
        ("docker", *words), capture_output=True, text=True, timeout=120, check=False, input=stdin
    )
    assert not ok or done.returncode == 0, f"docker {' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr if not ok else done.stdout
