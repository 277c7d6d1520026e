"""The reference app's own tests, in a container of their own without a network, beside all that runs meanwhile."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from homeport.images.localset import ca_bundle
from homeport.images.standins import build_contexts

BACKEND = Path(__file__).parents[1] / "examples" / "budgetcoach" / "backend"
IMAGE = "homeport-test/budgetcoach-backend"
NAME = f"hptest-backend-{os.getpid()}"


def run() -> tuple[int, str]:
    """Exit code, and what was printed."""
    dockerfile = BACKEND / "tests" / "Dockerfile"
    words = ["docker", "buildx", "build", "-q", "--load", "-t", IMAGE, "-f", str(dockerfile)]
    for asked, answer in build_contexts(dockerfile.read_text()).items():
        words += ["--build-context", f"{asked}={answer}"]
    if bundle := ca_bundle():
        words += ["--secret", f"id=ca,src={bundle}"]
    built = subprocess.run([*words, str(BACKEND)], capture_output=True, text=True, check=False)
    if built.returncode:
        return built.returncode, built.stderr
    words = ["docker", "run", "--rm", "--network", "none", "--name", NAME, IMAGE]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def stop() -> None:
    """End it, should it still run."""
    subprocess.run(("docker", "rm", "-f", NAME), capture_output=True, check=False)
