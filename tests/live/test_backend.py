"""The reference app's own tests, in a container of their own: real PostgreSQL, RabbitMQ, services, signals."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from homeport.images.localset import ca_bundle
from homeport.images.standins import build_contexts

BACKEND = Path(__file__).parents[2] / "examples" / "budgetcoach" / "backend"
IMAGE = "homeport-test/budgetcoach-backend"

pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]


def test_the_backend_passes_its_own_tests(local_set: None) -> None:
    dockerfile = BACKEND / "tests" / "Dockerfile"
    words = ["docker", "buildx", "build", "-q", "--load", "-t", IMAGE, "-f", str(dockerfile)]
    for asked, answer in build_contexts(dockerfile.read_text()).items():
        words += ["--build-context", f"{asked}={answer}"]
    if bundle := ca_bundle():
        words += ["--secret", f"id=ca,src={bundle}"]
    built = subprocess.run([*words, str(BACKEND)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[-3000:]
    run = ["docker", "run", "--rm", "--network", "none", "--name", f"hptest-backend-{os.getpid()}", IMAGE]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    assert " passed" in done.stdout
    print(done.stdout.strip().splitlines()[-1])
