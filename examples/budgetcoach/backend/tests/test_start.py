"""A service that cannot work says what it lacks and ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.launcher import BACKEND, IDENTITY_KEYS


def start(service: str, secrets: Path, **more: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(BACKEND), "SERVICE_NAME": service, **more}
    for name in ("database_url", "rabbitmq_url", "jwt_key", "identity_notification"):
        env[f"{name.upper()}_FILE"] = str(secrets / name)
    command = [sys.executable, "-m", "coachlib.serve"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def write(folder: Path, **values: str) -> None:
    for name, value in values.items():
        (folder / name).write_text(value)


@pytest.mark.parametrize(
    ("service", "missing", "message"),
    [
        ("notification", "database_url", "secret database_url: "),
        ("notification", "rabbitmq_url", "secret rabbitmq_url: "),
        ("notification", "identity_notification", "secret identity_notification: "),
        ("gateway", "jwt_key", "secret jwt_key: "),
    ],
)
def test_missing_secret(tmp_path: Path, service: str, missing: str, message: str) -> None:
    write(
        tmp_path,
        database_url="postgresql://127.0.0.1:1/x",
        rabbitmq_url="amqp://127.0.0.1:1",
        jwt_key="k" * 40,
        identity_notification="i" * 40,
    )
    (tmp_path / missing).unlink()
    done = start(service, tmp_path)
    assert done.returncode != 0
    assert f"{message}{tmp_path / missing} is missing or empty" in done.stdout


@pytest.mark.parametrize(
    ("service", "lacks"),
    [
        ("notification", ["secret rabbitmq_url", "secret identity_notification", "SMTP_FROM"]),
        ("gateway", ["secret jwt_key", *(f"secret identity_{one}" for one in IDENTITY_KEYS)]),
    ],
)
def test_all_that_is_missing_is_said_at_once(tmp_path: Path, service: str, lacks: list[str]) -> None:
    write(tmp_path, database_url="postgresql://127.0.0.1:1/x")
    done = start(service, tmp_path)
    assert done.returncode != 0
    for one in lacks:
        assert f"{one}: " in done.stdout


def test_short_signing_key(tmp_path: Path) -> None:
    write(tmp_path, database_url="postgresql://127.0.0.1:1/x", jwt_key="short")
    done = start("gateway", tmp_path)
    assert done.returncode != 0
    assert "secret jwt_key: at least 32 characters are needed" in done.stdout


def test_no_service_name() -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(BACKEND)}
    command = [sys.executable, "-m", "coachlib.serve"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "SERVICE_NAME is not set\n")
