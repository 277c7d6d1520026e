"""Releases of the whole reference app under load: six services, their databases, the frontend."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.live.load.running import Stack, load, lost

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(1800)]
RATE = float(
    os.environ.get("HOMEPORT_LOAD_RATE", "60")
)  # requests a second; the app itself is slower than the echo
SERVICES = {"gateway", "user", "transaction", "budget", "notification", "ai"}


@pytest.fixture(scope="module")
def coach(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack.coach(tmp_path_factory.mktemp("load") / "coach")
    try:
        stack.up()
        yield stack
    finally:
        stack.down()


@pytest.mark.parametrize("rtt", [0, 40])
@pytest.mark.parametrize("http", [1, 2])
def test_releases_of_the_whole_app_lose_nothing(coach: Stack, http: int, rtt: int) -> None:
    """Four modes of eight; a user reads and writes transactions, each write is there once at the end."""
    with load(coach.url, coach.ca, http=http, rtt=rtt, scenario="coach", rate=RATE) as under:
        for version in ("8", "9") * 4:
            assert set(coach.release(version)["changed"]) >= SERVICES
    report = under.report
    print(
        f"budgetcoach, HTTP/{http}, RTT {rtt} ms: 8 releases, {report.asked} asked ({report.posts} POST), "
        f"{report.failed} failed, longest gap {report.longest_gap * 1000:.0f} ms, p99 {report.p99:.0f} ms; "
        f"slowest release {max(coach.walls[-8:]):.1f} s"
    )
    assert lost(report) == []
