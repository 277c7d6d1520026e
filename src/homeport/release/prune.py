"""What machines keep of the past: the last releases with their images and frontends, and nothing else of ours.

A host may run the stack in more than one environment, and an operator's engine builds for all of them: an image
stays for as long as one of them could go back to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from homeport.commands import docker
from homeport.engine.host import Host
from homeport.engine.images import names
from homeport.engine.progress import Progress
from homeport.engine.runner import Runner
from homeport.engine.ssh import SshMachine
from homeport.errors import HomeportError, HostError
from homeport.images.localset import LABEL
from homeport.release import history, unused
from homeport.stack.model import Target

KEEP = 5


def prune(
    host: Host, target: Target, builder: Runner | None, environments: Iterable[Host], progress: Progress
) -> None:
    """Remove what no rollback needs, on the host and on the engine that built it (`builder`), which has images of
    these `environments` too. A fault here is said and does no harm: the release has succeeded.
    """
    with progress.step("prune", f"all but the last {KEEP} releases") as step:
        try:
            step.done("; ".join(_prune(host, target, builder, environments)))
        except HomeportError as fault:
            step.done(f"not everything old is gone: {fault.message}")


def _prune(host: Host, target: Target, builder: Runner | None, environments: Iterable[Host]) -> list[str]:
    """What was done, and what went wrong, in words."""
    records = history.read(host)
    good = _good(records)
    gone = host.prune_releases([record.id for record in good], [r.frontend for r in good if r.frontend])
    files = unused.prune(host, good)
    wanted, faults = _references(target, [host, *host.neighbours(), *environments])
    ours = _ours(target, {name for record in records for name in record.images})
    removed = 0
    engines = [host.runner] if builder is None or builder is host.runner else [host.runner, builder]
    for runner in engines if not faults else ():
        count, said = _images(runner, ours, wanted)
        removed, faults = removed + count, [*faults, *said]
    words = f"{len(good)} releases are kept; gone: {len(gone)} releases, {removed} images, {files} old assets and logs"
    return [words, *faults]


def _ours(target: Target, services: set[str]) -> tuple[str, ...]:
    """What the names of our images begin with."""
    registry = target.stack.registry
    local = {f"{target.stack.name}/{name}:" for name in services}
    remote = {f"{registry.server}/{target.stack.name}-{name}" for name in services} if registry else set()
    return tuple(sorted(local | {f"{name}{mark}" for name in remote for mark in ":@"}))


def _good(records: list[history.Record]) -> list[history.Record]:
    return [record for record in records if record.verdict == "ok"][-KEEP:]


def _references(target: Target, hosts: Iterable[Host]) -> tuple[set[str], list[str]]:
    """The images that a release which is kept runs; and of whom that could not be asked, in words: then any image may
    be one of them."""
    found: set[str] = set()
    faults: list[str] = []
    for host in hosts:
        try:
            found |= {
                image["ref"] for record in _good(history.read(host)) for image in record.images.values()
            }
        except HostError as fault:
            if _may_be_ours(target, host):
                faults.append(f"all images stay: {fault.message}")
    return found, faults


def _may_be_ours(target: Target, host: Host) -> bool:
    """Whether a folder may hold an environment of this stack; of what lies in /opt the name says so."""
    name = PurePosixPath(host.root).name
    return not isinstance(host.machine, SshMachine) or name.startswith(target.stack.name)


def _images(runner: Runner, ours: tuple[str, ...], wanted: set[str]) -> tuple[int, list[str]]:
    """Names of ours that nothing wants go; how many, and what went wrong."""
    present = [ref for ref in names(runner) if ref.startswith(ours)]
    old = [ref for ref in present if ref not in wanted and not ref.endswith(":building")]
    used = set(runner.run(docker.images_in_use()).out.split()) if old else set()
    old = [ref for ref in old if ref not in used]  # scripts/deploy.sh writes no history
    if not old:
        return 0, []
    result = runner.run(docker.remove_images(*old))
    return len(old), [] if result.ok else [result.tail(1)]


def of_builds(builder: Runner | None) -> list[str]:
    """Where images are built: what lost its name to a newer one, and build cache that was not used for two weeks.
    What went wrong, in words."""
    if builder is None:
        return []
    try:
        results = [builder.run(docker.prune_nameless(LABEL)), builder.run(docker.prune_build_cache("336h"))]
    except HomeportError as fault:
        return [fault.message]
    return [result.tail(1) for result in results if not result.ok]
