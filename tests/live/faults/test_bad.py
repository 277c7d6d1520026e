"""Releases that are wrong, each in its own way: the one before serves on, nobody notices, and the reason is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.live.faults.running import DRIVER, NAME, Stack, docker, visited

pytestmark = pytest.mark.live


@dataclass(frozen=True)
class Bad:
    """What is wrong with a release, and what the screen must show: the reason, and (`lines`) the last log lines.

    `began`: it is found out only after something has been changed, so that there is something to go back from.
    """

    name: str
    spoil: Callable[[Stack, str], None]
    reason: str
    lines: str = ""
    began: bool = True


def fault(word: str, *services: str) -> Callable[[Stack, str], None]:
    """All is of the new version; these services have the fault."""

    def spoil(stack: Stack, version: str) -> None:
        stack.behave(version)
        stack.behave(version, *services, fault=word)

    return spoil


def both(*spoils: Callable[[Stack, str], None]) -> Callable[[Stack, str], None]:
    """One after the other."""

    def spoil(stack: Stack, version: str) -> None:
        for one in spoils:
            one(stack, version)

    return spoil


def rewritten(*pairs: tuple[str, str], clean: bool = True) -> Callable[[Stack, str], None]:
    """homeport.yaml has something wrong in it, which `homeport check` cannot know; the code (`clean`) has not."""

    def spoil(stack: Stack, version: str) -> None:
        if clean:
            stack.behave(version)
        text = stack.yaml.read_text()
        for old, new in pairs:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        stack.yaml.write_text(text)

    return spoil


# nginx reads words of 4096 bytes at most.
LONG = f"/{'long' * 1100}"  # nginx reads its configuration by 4096 bytes
WEB = "build: {context: app, args: {SERVICE: web}}"


def foreign(stack: Stack, version: str) -> None:
    """An image as somebody else has built it."""
    words = (
        "build",
        "--platform",
        "linux/arm64",
        "-t",
        f"{NAME}/foreign:1",
        "-f",
        "app/Dockerfile.arm64",
        "app",
    )
    docker(*words, cwd=stack.folder)
    rewritten((WEB, f"image: {NAME}/foreign:1"))(stack, version)


ALL = (
    Bad("crash at start", fault("crash", "web"), "web ends by itself at start", "no first line"),
    Bad("a worker that crashes", fault("crash", "worker"), "worker ", "there is no work of that kind"),
    Bad("slow start", fault("slow", "api"), "api did not become healthy: /health: no answer", "slowly"),
    Bad("health 500", fault("health 500", "book"), "book did not become healthy: /health: HTTP 500", "cannot be read"),
    Bad("healthy, then not", fault("fades", "api"), "api was healthy, and then not", "was lost"),
    Bad(
        "wrong environment",
        rewritten(('PATIENCE: "5"', 'PATIENCE: "much"')),
        "web ends by itself at start",
        "ValueError: invalid literal for int() with base 10: 'much'",
    ),
    Bad(
        "a secret is missing",
        rewritten(("    database: book_db\n", "    database: book_db\n    secrets: [ink]\n")),
        "1 secret(s) missing: ink",
        "homeport secrets set ink local",
        began=False,
    ),
    Bad("a migration fails", fault("migration", "book"), "the migration of book", "ledgers", began=False),
    Bad(
        "a migration that locks and rewrites a table",
        fault("rewrite", "book"),
        "statement(s) of the migrations do not go with the code that runs",
        "the table may be rewritten",
        began=False,
    ),
    Bad(
        "an image that cannot be had",
        rewritten((WEB, "image: hpfault/never-made:1")),
        "services.web.image: hpfault/never-made:1 could not be pulled",
        began=False,
    ),
    Bad(
        "a configuration that nginx refuses",
        rewritten(("/book: book}", f"/book: book, ? {LONG} : book}}")),
        "nginx refuses the new configuration; the old one serves on",
        "too long parameter",
    ),
    Bad("out of memory at start", fault("memory", "web"), "web was killed for using more memory", "is large"),
    Bad("healthy, but it does not serve", fault("route 502", "web"), "web is healthy, but answers /web with", "502"),
    Bad("healthy, but its routes are gone", fault("route 404", "web"), "web is healthy, but answers /web with", "404"),
    Bad(
        "routes that are gone, but for the health path",
        both(fault("route 404", "web"), rewritten(("{/web: web,", "{/web: {service: web, strip: true},"), clean=False)),
        "web is healthy, but answers / with",
        "404",
    ),
    Bad(
        "an answer that smoke does not expect",
        rewritten(("services:\n", "smoke: [{path: /web, contains: the plan of tomorrow}]\nservices:\n")),
        "the smoke test failed: GET https://",
        'no "the plan of tomorrow" in the body',
    ),
    Bad("an image for another kind of machine", foreign, "web: its image is for arm64, the host is ", began=False),
    Bad(
        "a program for another kind of machine",
        rewritten((WEB, "build: {context: app, dockerfile: Dockerfile.arm64}")),
        "web ",
        "exec /serve failed",
    ),
    Bad(
        "a bad part",
        rewritten(("postgres: {memory: 256M}", 'postgres: {memory: 256M, settings: {shared_buffers: "900TB"}}')),
        "postgres ",
        "shared_buffers",
    ),
)  # fmt: skip


@pytest.fixture(autouse=True)
def mended(running: Stack) -> Iterator[Callable[[], None]]:
    """Takes back what a test has spoilt."""
    kept = running.kept()

    def mend() -> None:
        for path, text in kept.items():
            path.write_text(text)

    yield mend
    mend()


QUICK = (
    "healthy, but it does not serve",
    "healthy, but its routes are gone",
)  # the others are among the slow ones
CASES = [pytest.param(bad, id=bad.name, marks=() if bad.name in QUICK else pytest.mark.slow) for bad in ALL]


@pytest.mark.parametrize("bad", CASES)
def test_a_bad_release_changes_nothing_and_says_why(
    running: Stack, bad: Bad, mended: Callable[[], None]
) -> None:
    before, records = running.state(), len(running.history())
    bad.spoil(running, bad.name.replace(" ", "-"))
    with visited(running) as visits:
        said = running.deploy(bad.name.replace(" ", "-"))
    print(f"{bad.name}: {visits.asked} asked, {len(visits.failures)} failed\n{said.text}")
    assert said.code == 1
    assert bad.reason in said.text
    assert bad.lines in said.text
    assert ("serves as before" in said.text) == bad.began
    interrupted = bad.name == "a bad part"  # the database is stopped to be replaced, as was agreed to
    assert interrupted or visits.failures == []
    assert running.state() == before if not interrupted else same_release(running.state(), before)
    history = running.history()
    assert len(history) == records + 1
    assert history[-1]["verdict"] == "failed"
    assert bad.reason.strip() in history[-1]["reason"]
    mended()
    goes_through(running)


def same_release(now: dict[str, Any], before: dict[str, Any]) -> bool:
    """The same but for the database's container, which came back as it was."""
    assert now.pop("containers").keys() == before.pop("containers").keys()
    return now == before


def goes_through(running: Stack) -> None:
    """The next release, with nothing wrong in it, loses nothing either."""
    version = f"good-{len(running.ran)}"
    with visited(running) as visits:
        running.good(version)
    assert visits.failures == []
    assert running.answers()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["it fails", "it is killed, and the next one fails"])
def test_a_changed_password_goes_back_with_the_release(
    running: Stack, how: str, mended: Callable[[], None]
) -> None:
    """The database has the old one again, and so have the files that services read; then it goes through."""
    before = secret_files(running)
    said = running.run("secrets", "rotate", "postgres_book_db", "local")
    assert said.code == 0, said.text
    fault("crash", "web")(running, "changed")
    if how != "it fails":
        said = running.deploy("killed", driver=DRIVER, FAULTS_MATCH="slots/current", FAULTS_AT="1")
        assert said.code == -9, said.text
        assert secret_files(running) != before
    said = running.deploy("changed")
    assert said.code == 1, said.text
    assert "serves as before" in said.text
    assert secret_files(running) == before
    assert running.get("/book")[0] == 200
    mended()
    running.good(f"good-{len(running.ran)}")
    assert secret_files(running) != before
    assert not (running.root / "live/secrets.before").exists()
    assert running.answers()


def secret_files(running: Stack) -> dict[str, tuple[str, int, int]]:
    """Path -> text, mode and owner, of every file that a container reads secrets from."""
    root = running.root / "live/secrets"
    files = [path for path in root.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(root)): (path.read_text(), path.stat().st_mode, path.stat().st_uid)
        for path in files
    }


@pytest.mark.slow
def test_a_full_disk_is_refused_before_anything_is_touched(running: Stack) -> None:
    with running.filled():
        text = refused(running, "full")
    assert f"the disk of {running.root} is full" in text
    goes_through(running)


@pytest.mark.slow
def test_a_disk_that_fills_on_the_way(running: Stack) -> None:
    """When the live files are about to be written there is no room left; none is needed to go back."""
    filler = {
        "FAULTS_MATCH": "/live/.env",
        "FAULTS_AT": "1",
        "FAULTS_HOW": "fill",
        "FAULTS_FILL": str(running.filler),
    }
    try:
        text = refused(running, "filled", driver=DRIVER, **filler)
    finally:
        running.filler.unlink()
    assert "cannot be written: No space left on device" in text
    goes_through(running)


def refused(running: Stack, version: str, **how: Any) -> str:
    """What is said of a release that must fail and leave all as it was."""
    before = running.state()
    running.behave(version)
    with visited(running) as visits:
        said = running.deploy(version, **how)
    assert (said.code, visits.failures) == (1, []), said.text
    assert running.state() == before
    return said.text
