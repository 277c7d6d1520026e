"""A service that tells its password as it fails: homeport does not pass it on."""

from __future__ import annotations

import pytest

from homeport.secrets.store import Store
from tests.live.faults.running import Stack

pytestmark = pytest.mark.live


def test_a_password_that_the_app_tells_stays_with_the_app(running: Stack) -> None:
    running.good(f"before-{len(running.ran)}")
    running.behave(f"tells-{len(running.ran)}", "book", fault="tells")
    said = running.deploy(f"tells-{len(running.ran)}")
    running.behave("mended", "book")
    assert said.code == 1, said.text
    password = Store.open(running.root / "secrets.yaml", "local").get("postgres_book_db").reveal()
    assert "could not connect with postgresql://book_db:***@postgres" in said.text
    assert f"{'.' * 150}postgresql://book_db:***" in said.text
    texts = {path.name: path.read_text() for path in (running.root / "state").rglob("*") if path.is_file()}
    assert "book did not become healthy" in texts["history.jsonl"]
    assert [name for name, text in texts.items() if "could not connect with" in text], "the log has it"
    texts["screen"] = said.text
    assert [name for name, text in texts.items() if password[:10] in text] == []
