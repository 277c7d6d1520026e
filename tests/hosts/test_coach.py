"""The whole reference app on a host behind ssh: releases and rollbacks under load."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hosts.host import Host, clean
from tests.live.load.running import HERE, ROOT, load, lost

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(3600)]
HOMEPORT = str(Path(sys.executable).with_name("homeport"))
DOMAIN = "hpcoachhost.test"
RATE = 60  # requests per second: two cores carry the load, the host's engine and every service twice
SERVICES = {"gateway", "user", "transaction", "budget", "notification", "ai", "echo"}
VERSIONS = ("backend/services/__init__.py", "app/VERSION")


@dataclass(frozen=True)
class Remote:
    """A copy of the app, with the load's echo beside it, deployed to `host`."""

    folder: Path
    host: Host

    @classmethod
    def copy(cls, folder: Path, host: Host) -> Remote:
        unwanted = shutil.ignore_patterns(".homeport", "node_modules", "dist", "__pycache__")
        shutil.copytree(ROOT / "examples" / "budgetcoach", folder, ignore=unwanted)
        for part in ("app", "ledger"):
            shutil.copytree(HERE / "stack" / part, folder / part)
        path = folder / "homeport.yaml"
        words = yaml.safe_load(path.read_text())
        local = words["environments"]["local"]
        away = {"domain": DOMAIN, "host": f"root@{host.name}", "env": local.get("env", {})}
        words |= {"name": "hpcoachhost", "environments": {"production": away}}
        words["edge"]["rate"] = {"per_second": 5000, "burst": 2000}
        words["edge"]["routes"] |= dict.fromkeys(("/echo", "/slow", "/report"), "echo")
        words["services"]["mailbox"]["only"] = ["production"]
        gateway = words["services"]["gateway"]
        gateway["secrets"] = [one for one in gateway["secrets"] if isinstance(one, str)]
        gateway.pop("seed", None)
        words["secrets"].pop("demo_password")
        ours = yaml.safe_load((HERE / "stack" / "homeport.yaml").read_text())["services"]
        words["services"] |= {name: ours[name] for name in ("echo", "ledger")}
        path.write_text(yaml.safe_dump(words, sort_keys=False))
        app = cls(folder, host)
        app.run("secrets", "init", "production")
        return app

    def run(self, *words: str) -> str:
        own = {
            "HOMEPORT_SSH_CONFIG": str(self.host.config),
            "XDG_CONFIG_HOME": str(self.host.folder / "config"),
        }
        done = subprocess.run(
            (HOMEPORT, *words), cwd=self.folder, env={**os.environ, **own}, capture_output=True, text=True,
            timeout=900, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def release(self, version: str) -> dict[str, Any]:
        for file in VERSIONS:
            (self.folder / file).write_text(f"{'# ' if file.endswith('.py') else ''}{version}\n")
        said = self.run("deploy", "production", "--images", "local", "--version", version, "--yes", "--json")
        result: dict[str, Any] = json.loads(said.splitlines()[-1])
        return result

    @property
    def ca(self) -> str:
        return str(next((self.host.folder / "config").rglob("ca.pem")))


@pytest.fixture(scope="module")
def coach(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    host = Host(f"coach{os.getpid()}", tmp_path_factory.mktemp("coach"))
    try:
        Host.up(host.name, host.folder)
        app = Remote.copy(tmp_path_factory.mktemp("app") / "coach", host)
        app.release("v1")
        yield app
    finally:
        host.down()
        clean()


def test_releases_over_ssh_lose_nothing(coach: Remote) -> None:
    url, options = f"https://{DOMAIN}", {"address": coach.host.address, "rate": RATE, "connections": 20}
    with load(url, coach.ca, http=2, rtt=40, **options) as under:
        for number in range(3):
            result = coach.release(f"v{number + 2}")
            assert set(result["changed"]) >= SERVICES
            assert result["failed"] == 0
            coach.run("rollback", "production", "--yes")
    report = under.report
    print(
        f"budgetcoach over ssh, HTTP/2, RTT 40 ms: 3 releases and 3 back, {report.asked} asked ({report.posts} POST), "
        f"{report.failed} failed, longest gap {report.longest_gap * 1000:.0f} ms, p99 {report.p99:.0f} ms"
    )
    assert lost(report) == []
    assert report.asked > RATE * 30
