"""Old assets and old logs go a day after the last release that named them; what a kept one needs never goes."""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from homeport.cli.say import Printer
from homeport.engine.host import Host
from homeport.engine.machine import LocalMachine, Machine, Put
from homeport.release import history, unused
from homeport.release.history import Record
from homeport.release.prune import KEEP, _references, prune
from tests.engine.test_machine import as_nobody, behind
from tests.release.test_prune import TARGET, Engine, names, released

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(params=["local", "ssh"])
def machine(request: pytest.FixtureRequest) -> Machine:
    return LocalMachine() if request.param == "local" else behind()


def release(host: Host, folder: Path, name: str, *assets: str, verdict: str = "ok") -> None:
    """A release that serves a frontend with these assets, its record and its log."""
    built = folder / name
    for asset in assets:
        (built / "assets" / asset).parent.mkdir(parents=True, exist_ok=True)
        (built / "assets" / asset).write_text(asset)
    (built / "index.html").write_text(name)
    host.publish_frontend(built, name, "/assets/")
    log(host, name)
    host.add_history(Record(name, name, "ann@box", "noon", verdict, frontend=name).line())


def log(host: Host, name: str) -> None:
    host.machine.write([Put(f"{host.root}/state/logs/{name}.log", b"said")])


def clean(host: Host, now: datetime) -> list[Record]:
    """What a deploy does at its end, at this time; the releases that are kept."""
    good = [record for record in history.read(host) if record.verdict == "ok"][-KEEP:]
    host.prune_releases([r.id for r in good], [r.frontend for r in good])
    unused.prune(host, good, now)
    return good


def pool(host: Host) -> set[str]:
    return set(host.machine.files(f"{host.live}/www/assets"))


def logs(host: Host) -> set[str]:
    return {name.removesuffix(".log") for name in host.machine.names(f"{host.root}/state/logs")}


def test_what_no_kept_release_names_goes_after_a_day(tmp_path: Path, machine: Machine) -> None:
    host = Host(str(tmp_path / "host"), machine)
    log(host, "nothing-to-change")
    for number in range(KEEP + 1):
        release(host, tmp_path, f"r{number}", f"app-{number}.js", "img/logo.svg")
        clean(host, NOON + number * HOUR)
    last = NOON + KEEP * HOUR  # r0 is no longer kept from here on
    assert pool(host) == {"img/logo.svg", *(f"app-{n}.js" for n in range(KEEP + 1))}
    assert "r0" in logs(host) and "nothing-to-change" in logs(host)
    clean(host, last + 23 * HOUR)
    assert "app-0.js" in pool(host) and "r0" in logs(host)
    assert "nothing-to-change" not in logs(host)  # out of use since the first
    clean(host, last + 24 * HOUR)
    assert pool(host) == {"img/logo.svg", *(f"app-{n}.js" for n in range(1, KEEP + 1))}
    assert logs(host) == {f"r{n}" for n in range(1, KEEP + 1)}


def test_the_time_of_a_file_does_not_count(tmp_path: Path, machine: Machine) -> None:
    """A file that was made years ago was served until now."""
    host = Host(str(tmp_path / "host"), machine)
    for number in range(KEEP + 1):
        release(host, tmp_path, f"r{number}", f"app-{number}.js")
    os.utime(tmp_path / "host" / "live" / "www" / "assets" / "app-0.js", (1e9, 1e9))
    clean(host, NOON)
    assert "app-0.js" in pool(host)
    clean(host, NOON + 24 * HOUR)
    assert "app-0.js" not in pool(host)


def test_what_is_used_again_begins_anew(tmp_path: Path) -> None:
    host = Host(str(tmp_path / "host"))
    release(host, tmp_path, "r0", "app.js")
    for number in range(1, KEEP + 1):
        release(host, tmp_path, f"r{number}", "other.js")
    clean(host, NOON)  # app.js is out of use
    release(host, tmp_path, "again", "app.js")
    clean(host, NOON + 20 * HOUR)
    for number in range(KEEP):
        release(host, tmp_path, f"s{number}", "other.js")
    clean(host, NOON + 30 * HOUR)
    assert pool(host) == {"app.js", "other.js"}
    clean(host, NOON + 54 * HOUR)
    assert pool(host) == {"other.js"}


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"live/www/assets/app-0.js": "soon"}', '{"live/www/assets/app-0.js": 1}']
)
def test_a_damaged_record_removes_nothing(tmp_path: Path, text: str) -> None:
    host = Host(str(tmp_path / "host"))
    for number in range(KEEP + 1):
        release(host, tmp_path, f"r{number}", f"app-{number}.js")
    host.machine.write([Put(f"{host.root}/state/unused.json", text.encode())])
    clean(host, NOON)
    assert "app-0.js" in pool(host)


def test_while_a_kept_frontend_is_missing_no_asset_goes(tmp_path: Path) -> None:
    """What it names is not known."""
    host = Host(str(tmp_path / "host"))
    for number in range(KEEP + 1):
        release(host, tmp_path, f"r{number}", f"app-{number}.js")
    host.machine.remove([f"{host.live}/www/releases/r3"])
    for days in range(4):
        clean(host, NOON + days * 24 * HOUR)
    assert "app-3.js" in pool(host) and "app-0.js" in pool(host)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_a_kept_release_has_all_its_assets(tmp_path: Path, seed: int) -> None:
    """Releases good and bad, ways back, and prunes at any time: an asset of a kept release stays; one that is not of
    any stays for a day after that was first seen, and no longer."""
    chance, host, now = random.Random(seed), Host(str(tmp_path / "host")), NOON
    every = [f"chunk-{letter}.js" for letter in "abcdefgh"]
    named: dict[str, set[str]] = {}
    since: dict[str, datetime] = {}
    for step in range(30):
        name, act = f"{step:02}", chance.random()
        good = [r for r in history.read(host) if r.verdict == "ok"][-KEEP:]
        if act < 0.2 and good:  # a rollback is a release too, with a frontend of before
            back = chance.choice(good)
            host.serve_frontend(back.frontend)
            host.add_history(Record(name, name, "ann", "now", "ok", frontend=back.frontend).line())
        elif act < 0.35 and good:  # one that failed: its frontend was served, then the one before again
            release(host, tmp_path, name, *chance.sample(every, 3), verdict="failed")
            host.serve_frontend(good[-1].frontend)
        else:
            named[name] = set(chance.sample(every, 3))
            release(host, tmp_path, name, *named[name])
        now += chance.choice([1, 5, 20]) * HOUR
        if chance.random() < 0.3:
            continue
        there = pool(host)
        kept = {asset for record in clean(host, now) for asset in named[record.frontend]}
        since = {asset: since.get(asset, now) for asset in there - kept}
        young = {asset for asset, at in since.items() if now - at < 24 * HOUR}
        since = {asset: at for asset, at in since.items() if asset in young}
        assert pool(host) == kept | young


def test_the_clock_of_another_operator_removes_nothing_early() -> None:
    gone, left = unused.due(["a", "b"], {"a": (NOON + 48 * HOUR).isoformat()}, NOON)
    assert (gone, left) == ([], {"a": NOON.isoformat(), "b": NOON.isoformat()})


def test_images_stay_while_a_neighbour_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = Engine(names(*range(8)))
    host = released(Host(str(tmp_path / "tiny"), LocalMachine(engine)), *map(str, range(8)))
    (tmp_path / "staging" / "state" / "history.jsonl").mkdir(parents=True)
    prune(host, TARGET, None, [], Printer(json_lines=True))
    assert engine.images == names(*range(8))
    assert "all images stay: " in capsys.readouterr().out


def test_a_fault_of_pruning_does_not_fail_the_release(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host = released(Host(str(tmp_path / "tiny"), LocalMachine(Engine([]))), "1")
    (tmp_path / "tiny" / "live").mkdir()
    (tmp_path / "tiny" / "live" / "www").symlink_to("www")
    prune(host, TARGET, None, [], Printer(json_lines=True))
    assert "not everything old is gone: " in capsys.readouterr().out


def test_a_strangers_closed_folder_beside_ours_does_not_matter(tmp_path: Path, machine: Machine) -> None:
    """On a host: /opt holds other things, some for root only."""
    tmp_path.chmod(0o755)
    stranger = tmp_path / "private"
    stranger.mkdir(mode=0o700)
    with as_nobody(machine) as asked:
        found, faults = _references(TARGET, [Host(str(stranger / "x"), asked)])
    assert found == set()
    assert bool(faults) == isinstance(machine, LocalMachine)
