"""A real release tells of its start, its end and its failure, through an address that is a secret."""

from __future__ import annotations

import subprocess

import pytest

from tests.live.migrations.conftest import HOMEPORT, Shop
from tests.release.test_notify import webhook

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


def test_start_success_and_failure_are_told(shop: Shop) -> None:
    with webhook() as (address, came):
        words = (HOMEPORT, "secrets", "set", "hook", "local", "-f", str(shop.folder / "homeport.yaml"))
        subprocess.run(words, input=address, text=True, capture_output=True, check=True, timeout=60)
        shop.release("told")
        path = shop.migration('op.execute("ALTER TABLE nobody ADD COLUMN x int")')
        shop.up(ok=False)
        shop.forget(path)
    assert [news["occasion"] for news in came] == ["start", "success", "start", "failure"]
    assert any("its image changed" in change for change in came[1]["changes"])
    assert came[1]["probe"]["asked"] > 0
    assert came[1]["probe"]["failed"] == 0
    assert came[3]["reason"].startswith("the migration of shop fails on a copy")
    said = shop.release("nobody answers")
    assert "notify: hook: could not be told" in said
    assert address not in said
