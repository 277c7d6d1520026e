"""Releases of the whole reference app under load, and back: six services, their databases, the frontend.

300 requests per second reach the edge: 290 an echo that is one more service of the stack (the app's own writes cost
two cores too much for that), 10 the app as a customer uses it. All of it is rolled in every release.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.live.load.running import Stack, load, lost

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(3600)]
ECHO_RATE, APP_RATE = 290, 10  # requests per second
SERVICES = {"gateway", "user", "transaction", "budget", "notification", "ai", "echo"}


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
    """Four modes of four releases, each taken back; each write is there once at the end."""
    echo = load(coach.url, coach.ca, http=http, rtt=rtt, rate=ECHO_RATE, connections=40)
    app = load(coach.url, coach.ca, http=http, rtt=rtt, scenario="coach", rate=APP_RATE, connections=20)
    with echo as outer, app as inner:
        for number in range(4):
            assert set(coach.release(f"{http}-{rtt}-{number}")["changed"]) >= SERVICES
            assert set(coach.back()["changed"]) >= SERVICES
    for name, report in (("echo", outer.report), ("app", inner.report)):
        print(
            f"budgetcoach, {name}, HTTP/{http}, RTT {rtt} ms: 4 releases and 4 back, {report.asked} asked "
            f"({report.posts} POST), {report.failed} failed, longest gap {report.longest_gap * 1000:.0f} ms, "
            f"p50 {report.p50:.0f} ms, p99 {report.p99:.0f} ms"
        )
    print(f"budgetcoach: slowest release {max(coach.walls[-8:]):.1f} s")
    faults = [lost(report) for report in (outer.report, inner.report)]
    if faults != [[], []]:
        print(
            *said("nginx", '"status": ?50', r"\[error\]", r"\[warn\]"),
            *said("gateway", "WARNING", "ERROR"),
            sep="\n",
        )
    assert faults == [[], []]


def said(name: str, *patterns: str) -> list[str]:
    """The last lines of a service's containers with one of these words: why something was lost."""
    listed = ("docker", "ps", "-aq", "--filter", f"name=hploadcoach-{name}")
    found: list[str] = []
    for one in subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split():
        logged = subprocess.run(("docker", "logs", one), capture_output=True, text=True, check=False)
        lines = (logged.stdout + logged.stderr).splitlines()
        found += [line for line in lines if any(re.search(pattern, line) for pattern in patterns)][-60:]
    return found
