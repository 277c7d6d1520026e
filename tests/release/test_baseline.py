"""What the history says of a release that was killed, and what the next one finds of it: on a real disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from homeport.engine.host import Host
from homeport.files import File, FileTree
from homeport.release import history
from homeport.release.baseline import look
from homeport.release.history import Record
from homeport.release.rollback import choose

OLD = FileTree.of([File("a", "1"), File("nginx/b", "1")])
NEW = FileTree.of([File("a", "2"), File("nginx/c", "2")])


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Releases r0 and r1 are good, r1 serves; r2 was begun and never ended."""
    host = Host(str(tmp_path))
    for name, tree in (("r0", OLD), ("r1", OLD), ("r2", NEW)):
        host.write_release(name, tree)
        written = record(name, "ok" if name != "r2" else history.UNFINISHED)
        host.add_history(written.line())
    host.switch({}, "r1")
    return host


def record(name: str, verdict: str) -> Record:
    return Record(name, name, "ann@box", "now", verdict, tree=name)


def test_what_was_killed_before_it_took_over_is_unfinished(host: Host) -> None:
    assert [one.verdict for one in history.read(host)] == ["ok", "ok", "unfinished"]
    before = look(host)
    assert before.record and before.record.id == "r1"
    assert before.unfinished
    assert before.tree == OLD
    assert before.leftovers == ("nginx/c",)


def test_what_was_killed_after_it_took_over_serves_and_is_written_down(host: Host) -> None:
    host.switch({"web": "green"}, "r2")
    assert history.read(host)[-1].verdict == "ok"
    before = look(host)
    assert before.record and before.record.id == "r2"
    assert before.unfinished
    assert before.tree == NEW
    host.switch({}, "r3")  # and stays so when another one serves
    assert history.read(host)[-1].reason == history.TOOK_OVER
    assert not look(host).unfinished


def test_going_back_from_what_was_killed(host: Host) -> None:
    """On its way: to the release that serves, whole. After it has taken over: to the one before."""
    assert choose(host, None, "local").id == "r1"
    host.switch({}, "r2")
    assert choose(host, None, "local").id == "r1"
    assert choose(host, "r0", "local").id == "r0"


def test_a_release_counts_once_however_often_it_is_written_down(host: Host) -> None:
    host.add_history(replace(record("r2", "failed"), reason="why").line())
    assert [one.id for one in history.read(host)] == ["r0", "r1", "r2"]
    assert history.read(host)[-1].reason == "why"
    assert not look(host).unfinished


def test_half_written_files_are_left_over(host: Host) -> None:
    host.make_live(OLD, FileTree(), ())
    (Path(host.live) / "nginx/.c.abcd_123").write_text("ha")
    assert look(host).leftovers == ("nginx/.c.abcd_123", "nginx/c")
