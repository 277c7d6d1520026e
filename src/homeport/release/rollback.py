"""Back to an earlier release: the same transaction as a deploy, from what the host keeps, without building."""

from __future__ import annotations

from collections.abc import Callable

from homeport import cures
from homeport.engine.host import Host
from homeport.engine.progress import Progress
from homeport.errors import ReleaseError
from homeport.release import certificate, history, stored
from homeport.release.deploy import Deploy
from homeport.release.plan import Change
from homeport.release.recording import Outcome
from homeport.secrets.signing import SigningKey
from homeport.secrets.store import Store
from homeport.stack.model import Target


def choose(host: Host, wanted: str | None, environment: str) -> history.Record:
    """The release to go back to: the good one before the current, or the one named by id or version.

    After a deploy that was killed on its way it is the current one, whole; after a rollback that was killed, the one
    that it was going to.
    """
    every = history.read(host)
    good = [record for record in every if record.verdict == "ok"]
    cut = bool(every) and every[-1].verdict == history.UNFINISHED
    current = good[-1] if cut and good else None
    chosen = (None if wanted else _under_way(every, good) or current) or _chosen(
        host, environment, good, wanted
    )
    refuse_over_breaking(every, chosen)
    return chosen


def _under_way(every: list[history.Record], good: list[history.Record]) -> history.Record | None:
    """Where a rollback that was killed was going: as it was when it was good."""
    last = every[-1] if every else None
    if (
        last is None
        or not last.back
        or not (last.verdict == history.UNFINISHED or last.reason == history.TOOK_OVER)
    ):
        return None
    same = (r for r in reversed(good) if r.id != last.id and (r.tree, r.images) == (last.tree, last.images))
    return next(same, None)


def refuse_over_breaking(records: list[history.Record], chosen: history.Record) -> None:
    """Code from before a migration that it does not survive cannot come back alone. Failed releases count too:
    their migrations have run."""
    since = [r for r in records if r.id > chosen.id and r.breaking]
    if since:
        raise ReleaseError(
            f"{chosen.id} ({chosen.version}) cannot run on the schema since {since[0].id}; nothing was changed",
            f"Go forward with a mended release. What was there before is in backups/restore-points/{since[0].id}-*.",
            "\n".join(line for record in since for line in record.breaking),
        )


def _chosen(
    host: Host, environment: str, records: list[history.Record], wanted: str | None
) -> history.Record:
    if not records:
        raise ReleaseError(f"nothing was released on {host.machine.name} yet", cures.deploy(environment))
    if wanted is None:
        return _before(environment, records)
    found = [record for record in records if wanted in (record.id, record.version)]
    if not found:
        known = ", ".join(f"{record.id} ({record.version})" for record in records[-5:])
        raise ReleaseError(f"no good release {wanted}", f"There are: {known}")
    return found[-1]


def _before(environment: str, records: list[history.Record]) -> history.Record:
    """The newest good release that ran something else than the current one."""
    current = records[-1]
    for record in reversed(records[:-1]):
        if (record.tree, record.images, record.frontend) != (current.tree, current.images, current.frontend):
            return record
    raise ReleaseError(
        f"there is no release before {current.id} ({current.version})", cures.history(environment)
    )


def rollback(  # noqa: PLR0913
    host: Host,
    record: history.Record,
    own: Target,
    store: Store,
    progress: Progress,
    agree: Callable[[list[Change]], bool],
    level_by_level: bool = False,
) -> Outcome:
    """Run the transaction. Code goes back, data stays: no migration is run.

    What the host keeps decides which secrets it gets and what the operator's CA signs, so that it must be signed.
    `own`: what the operator's own file says of the environment now.
    """
    later = [one for one in history.read(host) if one.id > record.id]
    target = stored.load(host, record, SigningKey.of(store), later)
    if target.environment != own.environment:
        raise ReleaseError(
            f"release {record.id} is of the environment {target.environment}; nothing was changed",
            "Two environments have the same secrets. Make secrets of their own: homeport secrets init",
        )
    certificate.refuse_foreign(target, own)
    origin = stored.Stored(record, own, store)
    deploy = Deploy(
        host, target, store, origin, progress, agree, migrate=False, level_by_level=level_by_level
    )
    return deploy.run()
