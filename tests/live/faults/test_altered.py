"""Somebody on the host alters what is kept there: the operator's secrets and authority serve nobody else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from homeport.engine.authority import Leaf
from homeport.secrets.store import Store
from homeport.secrets.value import Secret
from tests.live.faults.running import DOMAIN, Stack, visited

pytestmark = pytest.mark.live


def test_a_rollback_to_an_altered_release_is_refused_and_to_the_true_one_is_not(running: Stack) -> None:
    first = f"first-{len(running.ran)}"
    running.good(first)
    record = running.history()[-1]
    running.good(f"second-{len(running.ran)}")
    store = Store.open(running.root / "secrets.yaml", "local")
    for name in ("slack_webhook", "registry_token"):
        store.set(name, Secret(f"https://hooks.example.com/{name}-value"))
    store.save()

    kept = running.root / "state/targets" / f"{record['id']}.json"
    true = kept.read_text()
    data = json.loads(true)
    wanted = [{"name": name, "optional": False} for name in ("slack_webhook", "registry_token")]
    data["stack"]["services"]["web"]["secrets"] = wanted
    data["stack"]["environments"]["local"]["aliases"] = ["vault.localhost"]
    before = running.state()
    kept.write_text(json.dumps(data))
    with visited(running) as visits:
        said = running.run("rollback", "local", record["id"], "--yes")
    assert said.code == 1, said.text
    assert f"state/targets/{record['id']}.json is not what was released" in said.text
    assert running.state() == before and visits.failures == []
    secrets = [path.name for path in (running.root / "live/secrets").rglob("*")]
    assert not {"slack_webhook", "registry_token"} & set(secrets)
    leaf = Leaf((running.root / "live/certs/live/fullchain.pem").read_text())
    assert leaf.names == {DOMAIN}

    kept.write_text(true)
    said = running.run("rollback", "local", record["id"], "--yes")
    assert said.code == 0, said.text
    assert running.get("/web") == (200, first)


def test_a_deploy_says_which_secrets_changed_and_keeps_its_log_for_itself(running: Stack) -> None:
    running.good(f"before-{len(running.ran)}")
    logs = running.root / "state/logs"
    logs.chmod(0o755)
    for log in logs.iterdir():
        log.chmod(0o644)  # as an earlier homeport left them
    store = Store.open(running.root / "secrets.yaml", "local")
    store.set("slack_webhook", Secret("https://hooks.example.com/another"))
    store.save()
    running.behave(version := f"after-{len(running.ran)}")
    said = running.deploy(version)
    assert said.code == 0, said.text
    assert "secret slack_webhook" in said.text and "on this machine only" in said.text
    assert modes(logs) == {0o600} and logs.stat().st_mode & 0o777 == 0o700
    running.behave(version := f"next-{len(running.ran)}")
    assert "secret slack_webhook" not in running.deploy(version).text


def modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}
