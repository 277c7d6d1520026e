"""What one release leaves in the history: that it has begun, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace

from homeport.engine.host import Host
from homeport.engine.images import image_ids
from homeport.errors import HomeportError, words
from homeport.release import history, signed, stored
from homeport.release.probe import Count
from homeport.release.secret_changes import Known
from homeport.render.render import Rendered
from homeport.secrets.redactor import Redactor
from homeport.secrets.signing import SigningKey
from homeport.secrets.store import Store
from homeport.stack.model import Target


@dataclass
class Outcome:
    """What a deploy did: `changed` names services and parts, empty when all was as wanted."""

    release: str
    changed: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    probe: Count = field(default_factory=Count)
    migrations: dict[str, str] = field(default_factory=dict)  # service -> what its migration did, in words


@dataclass
class Recording:
    """The records of the release of `version` that `outcome` is of; `back`: it is a rollback."""

    host: Host
    version: str
    outcome: Outcome
    redactor: Redactor
    back: bool = False
    _begun: history.Record | None = None
    _key: SigningKey | None = None

    def begin(
        self, target: Target, rendered: Rendered, breaking: tuple[str, ...], key: SigningKey, store: Store
    ) -> None:
        """Keep what this release is, signed, and write down that it has begun, before it touches anything."""
        self._key = key
        references = {name: target.image(name) for name in target.services}
        ids = image_ids(self.host.runner, list(references.values()))
        self.host.write_release(self.outcome.release, rendered.tree)
        text = stored.dump(target, Known.of(store, key).as_data())
        self.host.write_target(self.outcome.release, text)
        self._begun = replace(
            self._bare(history.UNFINISHED),
            images={n: {"ref": ref, "id": ids.get(ref, "")} for n, ref in references.items()},
            versions={name: target.service_version(name) for name in target.services},
            tree=rendered.tree.digest(),
            breaking=tuple(map(self.redactor.clean, breaking)),
            target=signed.fingerprint(text),
        )
        self._add(self._begun)

    def refused(self, fault: HomeportError) -> None:
        """A release that was refused before it began is part of the history too."""
        if self._begun is None:
            with suppress(HomeportError):
                self._add(replace(self._bare("failed"), reason=fault.message))

    def end(
        self,
        verdict: str,
        fault: BaseException | None,
        breaking: tuple[str, ...],
        migrated: Mapping[str, str],
    ) -> None:
        """`breaking` and `migrated` as in Record."""
        probe = self.outcome.probe
        record = replace(
            self._begun or self._bare(verdict),
            verdict=verdict,
            when=history.now(),
            changed=tuple(self.outcome.changed),
            seconds={name: round(value, 2) for name, value in self.outcome.seconds.items()},
            probe={**asdict(probe), "longest_gap": round(probe.longest_gap, 3)},
            reason=words(fault) if fault else "",
            breaking=tuple(map(self.redactor.clean, breaking)),
            migrated=dict(migrated),
            migrations=dict(self.outcome.migrations),
            frontend=self.host.served_frontend(),
        )
        self._add(record)

    def _add(self, record: history.Record) -> None:
        record = replace(record, reason=self.redactor.clean(record.reason))
        self.host.add_history((signed.sign(self._key, record) if self._key else record).line())

    def _bare(self, verdict: str) -> history.Record:
        who, when = history.who(), history.now()
        return history.Record(self.outcome.release, self.version, who, when, verdict, back=self.back)
