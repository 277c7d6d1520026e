"""The demo: a year of money that is plausible, and an account that is made once."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from datetime import date
from pathlib import Path

from demo.year import as_csv, year_until
from tests.launcher import BACKEND, Launch
from tests.servers import free_port
from tests.test_notification import SENDER


def test_same_year_each_time() -> None:
    last = date(2026, 3, 17)
    assert year_until(last) == year_until(last)
    assert as_csv(year_until(last)).startswith(b"Date,Description,Amount\n2025-04-01,")


def test_year_is_plausible() -> None:
    for last in (date(2026, 1, 1), date(2026, 2, 28), date(2026, 12, 31)):
        lines = year_until(last)
        assert {(line.day.year, line.day.month) for line in lines} == months_until(last)
        assert max(line.day for line in lines) <= last
        income = sum(line.cents for line in lines if line.cents > 0)
        spent = -sum(line.cents for line in lines if line.cents < 0)
        assert 0.6 * income < spent < income


def months_until(last: date) -> set[tuple[int, int]]:
    number = last.year * 12 + last.month - 1
    return {(n // 12, n % 12 + 1) for n in range(number - 11, number + 1)}


def run_demo(url: str, mailbox: str, password_file: Path) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"DEMO_PASSWORD_FILE": str(password_file), "PYTHONPATH": str(BACKEND)}
    env["MAILBOX_URL"] = mailbox
    command = [sys.executable, "-m", "demo", url]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_account_is_made_once(launch: Launch, tmp_path: Path) -> None:
    password_file = tmp_path / "demo_password"
    password_file.write_text(secrets.token_urlsafe(12))
    names = ("user", "transaction", "budget")
    urls = {f"{name.upper()}_URL": launch(name).url for name in names}
    gateway = launch("gateway", urls)
    mailbox = launch("mailbox", {"SMTP_LISTEN_PORT": str(free_port())}, database=False)
    smtp = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": mailbox.env["SMTP_LISTEN_PORT"], "SMTP_FROM": SENDER}
    launch("notification", smtp)
    first = run_demo(gateway.url, mailbox.url, password_file)
    assert first.returncode == 0, first.stderr
    assert password_file.read_text() in first.stdout
    assert int(first.stdout.split("transactions")[1].split()[0]) > 200
    assert run_demo(gateway.url, mailbox.url, password_file).stdout == first.stdout
    password_file.write_text("another password")
    other = run_demo(gateway.url, mailbox.url, password_file)
    assert (other.returncode, "another password than" in other.stderr) == (1, True)
