"""The history: appended lines, and what a crash may have cut is passed over."""

from __future__ import annotations

from homeport.release.history import Record, current, parse


def record(name: str, verdict: str = "ok") -> Record:
    return Record(name, "v1", "ann@box", "2026-01-01T00:00:00+00:00", verdict, changed=("web",))


def test_what_was_written_is_read_back() -> None:
    first, second = record("1"), record("2", "failed")
    assert parse(first.line() + second.line()) == [first, second]


def test_a_cut_last_line_is_passed_over() -> None:
    assert parse(record("1").line() + record("2").line()[:40]) == [record("1")]


def test_the_last_good_release_serves() -> None:
    assert current([record("1"), record("2"), record("3", "failed")]) == record("2")
    assert current([record("1", "failed")]) is None
