"""Releases under load: nothing is lost, from outside or between services. The counts are printed with `-rA`."""

from __future__ import annotations

import asyncio
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.load.running import DOMAIN, Stack, load, lost
from tests.live.load.tally import Report
from tests.live.load.websocket import WebSocket

pytestmark = pytest.mark.live


def say(name: str, stack: Stack, reports: list[Report], releases: int) -> None:
    """One line a load, for people."""
    for report in reports:
        print(
            f"{name}: {releases} releases, {report.asked} asked ({report.posts} POST), {report.failed} failed, "
            f"longest gap {report.longest_gap * 1000:.0f} ms, p50 {report.p50:.0f} ms, p99 {report.p99:.0f} ms; "
            f"within the stack {report.calls_asked} asked, {report.calls_failed} failed"
        )
    walls = sorted(stack.walls[-releases:])
    print(
        f"{name}: a release took {walls[len(walls) // 2]:.1f} s in the median, build and start of homeport included"
    )


def test_four_releases_lose_nothing(stack: Stack) -> None:
    """Near clients on HTTP/1.1 and far ones on HTTP/2, at the same time, with callers within the stack."""
    near = load(stack.url, stack.ca, http=1, rate=75, connections=30)
    far = load(stack.url, stack.ca, http=2, rtt=40, rate=75, connections=30)
    with near as one, far as two:
        for version in ("2", "3", "2", "3"):
            assert stack.release(version)["changed"] == ["echo", "caller"]
    reports = [one.report, two.report]
    say("four releases", stack, reports, 4)
    assert [lost(report) for report in reports] == [[], []]
    assert min(report.asked for report in reports) > 1000
    assert all(report.calls_asked > 100 for report in reports)


def test_nothing_to_change_restarts_nothing(stack: Stack) -> None:
    before = started()
    assert stack.up()["changed"] == []
    assert started() == before
    print(f"nothing to change: {stack.walls[-1]:.1f} s")


@pytest.mark.slow
@pytest.mark.parametrize("rtt", [0, 40])
@pytest.mark.parametrize("http", [1, 2])
def test_eight_releases_and_going_back_lose_nothing(stack: Stack, http: int, rtt: int) -> None:
    """Four modes of eight: each second release goes back to the version before."""
    with load(stack.url, stack.ca, http=http, rtt=rtt) as under:
        for version in ("8", "9") * 4:
            assert stack.release(version)["changed"] == ["echo", "caller"]
    say(f"HTTP/{http}, RTT {rtt} ms", stack, [under.report], 8)
    assert lost(under.report) == []
    assert under.report.asked > 5000


@pytest.mark.slow
def test_websockets_are_closed_by_the_app_after_the_drain_limit(stack: Stack) -> None:
    """They outlive the switch, on the old version, and are then told to go; never cut."""
    stack.release("old")

    async def run() -> list[tuple[str, int]]:
        sockets = [await WebSocket.open(stack.url, "/ws", stack.ca) for _ in range(5)]
        assert [await socket.echo("hello") for socket in sockets] == ["old hello"] * 5
        release = asyncio.get_running_loop().run_in_executor(pool, stack.release, "new")
        ends = await asyncio.gather(*(talk_until_closed(stack, socket) for socket in sockets))
        await release
        return ends

    with ThreadPoolExecutor(1) as pool:
        ends = asyncio.run(run())
    print(f"WebSockets: (last said by, close code) {sorted(set(ends))}")
    assert all(last == "old after the switch" and code in (1001, 1012) for last, code in ends)


async def talk_until_closed(stack: Stack, socket: WebSocket) -> tuple[str, int]:
    """What the last answer was, and the code of the close frame (-1: cut)."""
    last = ""
    while True:
        text = "after the switch" if stack_serves(stack) == "new" else "before"
        answer = await socket.echo(text)
        if answer is None:
            return last, socket.code
        last = answer
        await asyncio.sleep(0.5)


def stack_serves(stack: Stack) -> str:
    """The version that a new request gets."""
    words = (
        "curl",
        "-s",
        "--cacert",
        stack.ca,
        "--resolve",
        f"{DOMAIN}:18443:127.0.0.1",
        f"{stack.url}/echo",
    )
    text = subprocess.run(words, capture_output=True, text=True, timeout=20, check=True).stdout
    return "new" if '"version": "new"' in text else "old"


def started() -> list[str]:
    """Name and start time of every container of the stack."""
    words = ("docker", "ps", "-q", "--filter", "label=com.docker.compose.project=hpload")
    ids = subprocess.run(words, capture_output=True, text=True, timeout=20, check=True).stdout.split()
    show = ("docker", "inspect", "--format", "{{.Name}} {{.State.StartedAt}} {{.RestartCount}}", *ids)
    return sorted(
        subprocess.run(show, capture_output=True, text=True, timeout=20, check=True).stdout.splitlines()
    )
