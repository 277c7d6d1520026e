"""A release that the host keeps: its target as a file, its images by id, its frontend. What a rollback stands on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from homeport.engine import registry
from homeport.engine.host import Host
from homeport.engine.images import image_ids
from homeport.engine.progress import Progress, Step
from homeport.errors import ReleaseError
from homeport.release import certificate, signed
from homeport.release.history import Record
from homeport.secrets.signing import SigningKey
from homeport.secrets.store import Store
from homeport.stack.model import Stack, Target
from homeport.stack.problem import KeyPath, dotted


def dump(target: Target, store: Mapping[str, object]) -> str:
    """A target as JSON, for the host to keep beside the release. Keys stay in the order of the file: files are
    rendered in it, and a rollback must give the same bytes. `store`: what the next deploy compares secrets with."""
    return json.dumps(
        {
            "stack": target.stack.model_dump(mode="json"),
            "environment": target.environment,
            "version": target.version,
            "images": target.images,
            "versions": target.versions,
            "store": dict(store),
        }
    )


def load(host: Host, record: Record, key: SigningKey, later: Iterable[Record] = ()) -> Target:
    """The target of a kept release, whose signature and those of the `later` releases are good. Raises ReleaseError
    when one is not, or when it was pruned."""
    text = _text(host, record)
    signed.check(key, host.machine.name, record, text, later)
    return _parse(text)


def load_what_ran(host: Host, record: Record) -> Target:
    """The target of the release that served until now, on the host's word alone: to start its containers anew on that
    host, while it goes back. No secret is given out and nothing is signed for it; what ran unsigned runs again so."""
    return _parse(_text(host, record))


def _text(host: Host, record: Record) -> str:
    text = host.read_target(record.id)
    if text is None:
        raise ReleaseError(
            f"release {record.id} ({record.version}) is no longer kept on {host.machine.name}", signed.CURE
        )
    return text


def _parse(text: str) -> Target:
    try:
        data = json.loads(text)
        data.pop("store", None)  # an earlier homeport kept none
        stack = Stack.model_validate(data.pop("stack"))
        return Target(stack, **data)
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise ReleaseError(
            "what the host keeps of that release is not readable by this homeport", signed.CURE
        ) from fault


@dataclass(frozen=True)
class Stored:
    """An Artifacts that builds nothing: everything is on the host, or the rollback does not begin."""

    record: Record
    own: Target  # of the operator's file as it is now
    store: Store | None = None  # for the password of the registry

    def bring(self, host: Host, target: Target, progress: Progress, before: Record | None) -> Target:
        with progress.step("images", f"of release {self.record.id}") as step:
            self._pull(host, target, step)
            if gone := self._gone(host):
                raise ReleaseError(
                    f"the images of {', '.join(gone)} are no longer on {host.machine.name}; nothing was changed",
                    "Deploy that version again from its tag.",
                )
            step.done(f"{len(self.record.images)} images are there")
        return target

    def place(self, path: KeyPath) -> str:
        return dotted(path)

    def _gone(self, host: Host) -> dict[str, str]:
        """Service -> reference of what the host no longer has, as it was."""
        images = self.record.images
        ids = image_ids(host.runner, [image["ref"] for image in images.values()])
        return {name: image["ref"] for name, image in images.items() if ids.get(image["ref"]) != image["id"]}

    def _pull(self, host: Host, target: Target, step: Step) -> None:
        """What came by way of the registry can come again."""
        where = target.stack.registry
        gone = {name: ref for name, ref in self._gone(host).items() if "@" in ref}
        if where and gone:
            step.note(f"{', '.join(gone)} from {where.server}")
            login = registry.Login.of(where, self.store)
            registry.pull(host.runner, host.machine.name, login, sorted(set(gone.values())), step.note)

    def migration_files(self, target: Target) -> dict[str, str]:
        return {}

    def frontend_differs(self, target: Target, host: Host) -> bool:
        return bool(self.record.frontend) and host.served_frontend() != self.record.frontend

    def publish(self, target: Target, host: Host, release: str) -> bool:
        if not self.frontend_differs(target, host):
            return False
        host.serve_frontend(self.record.frontend)
        return True

    def builder(self, host: Host) -> None:
        return None

    def environments(self) -> list[Host]:
        return []

    def certificates(self, target: Target, host: Host) -> None:
        certificate.refuse_foreign(target, self.own)
        certificate.ensure(target, host)
