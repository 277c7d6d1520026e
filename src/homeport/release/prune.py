"""What a host keeps of the past: the last releases with their images and frontends, and nothing else of ours."""

from __future__ import annotations

from homeport.commands import docker
from homeport.engine.host import Host
from homeport.engine.progress import Progress
from homeport.release import history
from homeport.stack.model import Target

KEEP = 5


def prune(host: Host, target: Target, progress: Progress) -> None:
    """Remove what no rollback needs. A fault here is said and does no harm: the release has succeeded."""
    records = history.read(host)
    good = [record for record in records if record.verdict == "ok"][-KEEP:]
    gone = host.prune_releases([record.id for record in good], [r.frontend for r in good if r.frontend])
    wanted = {image["ref"] for record in good for image in record.images.values()}
    present = host.runner.run(docker.image_names()).out.split()
    ours = tuple(f"{target.stack.name}/{name}:" for name in _services(records))
    old = [
        ref for ref in present if ref.startswith(ours) and ref not in wanted and not ref.endswith(":building")
    ]
    if not (old or gone):
        return
    with progress.step("prune", f"{len(gone)} releases, {len(old)} images") as step:
        result = host.runner.run(docker.remove_images(*old)) if old else None
        kept = f"{len(good)} releases are kept"
        step.done(kept if result is None or result.ok else f"{kept}; {result.tail(1)}")


def _services(records: list[history.Record]) -> set[str]:
    return {name for record in records for name in record.images}
