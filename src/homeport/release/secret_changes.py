"""Which secrets and readers of a store changed since a release, and by which commit: values carry no author, so that
who may commit could replace one unseen. A release keeps digests that only the operators' key can make, and the readers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cached_property

from homeport.commands import git
from homeport.engine.host import Host
from homeport.engine.runner import LocalRunner, Result
from homeport.errors import HomeportError, SecretError
from homeport.release import signed
from homeport.release.history import Record
from homeport.secrets.signing import SIGNING, SigningKey
from homeport.secrets.store import Store
from homeport.secrets.value import generate

_MOST = 50  # commits to look back


@dataclass(frozen=True)
class Known:
    """What a store holds: secret -> digest (empty where it cannot be read), and the public keys of its readers."""

    secrets: dict[str, str] = field(default_factory=dict)
    readers: tuple[str, ...] = ()

    @classmethod
    def of(cls, store: Store, key: SigningKey) -> Known:
        names = [name for name in store.names if name != SIGNING]
        return cls({name: _digest(store, name, key) for name in names}, tuple(store.recipients))

    def as_data(self) -> dict[str, object]:
        return asdict(self)


def _digest(store: Store, name: str, key: SigningKey) -> str:
    with suppress(SecretError):
        return key.digest(name, store.get(name))
    return ""


@dataclass(frozen=True)
class Change:
    """`kind`: secret or reader; `name`: its name, or the reader's public key; `verb`: added, changed, removed."""

    kind: str
    name: str
    verb: str


def changes(old: Known, new: Known) -> list[Change]:
    names = sorted(old.secrets.keys() | new.secrets.keys())
    secrets = [(name, old.secrets.get(name), new.secrets.get(name)) for name in names]
    return [
        *(Change("secret", name, _verb(one, other)) for name, one, other in secrets if one != other),
        *(Change("reader", key, "added") for key in new.readers if key not in old.readers),
        *(Change("reader", key, "removed") for key in old.readers if key not in new.readers),
    ]


def _verb(old: str | None, new: str | None) -> str:
    return "added" if old is None else "removed" if new is None else "changed"


def told(host: Host, before: Record, store: Store, key: SigningKey) -> list[str]:
    """A line for each change since the release that serves."""
    authors = Authors(store, key)
    text = host.read_target(before.id)
    if text is None or not before.signature:
        return [f"release {before.id} does not say what the secrets were; the next one will"]
    if not signed.is_signed(key, before) or signed.fingerprint(text) != before.target:
        author = authors.of(Change("secret", SIGNING, "changed"))
        return [
            f"release {before.id} is not signed with {SIGNING} as it is now ({author}), so nobody knows which secrets "
            "changed since. Was it rotated? If nobody did, somebody replaced it"
        ]
    data = json.loads(text)["store"]
    old = Known(data["secrets"], tuple(data["readers"]))
    found = changes(old, Known.of(store, key))
    return [f"{one.kind} {printable(one.name)} {one.verb}, {authors.of(one)}" for one in found]


@dataclass
class Authors:
    """Who changed what in the store, as git knows."""

    store: Store
    key: SigningKey = field(default_factory=lambda: SigningKey(generate()))  # any one: it compares

    def of(self, change: Change) -> str:
        """In which commit what is there now came to be so."""
        if ".homeport" in self.store.path.parts:
            return "on this machine only"
        if not self._commits:
            return "not committed yet" if self._checkout.ok else "in no git checkout"
        now = self._state(self.store, change)
        same: list[str] = []
        for commit, version in self._versions():
            if version is None or self._state(version, change) != now:
                break
            same.append(commit)
        if not same:
            return "not committed yet"
        oldest = len(same) == len(self._commits)
        return f"in commit {same[-1]}" + (" or before" if oldest and self._cut_off else "")

    def of_reader(self, public: str) -> str:
        return self.of(Change("reader", public, "added"))

    def _state(self, store: Store, change: Change) -> str | bool | None:
        if change.kind == "reader":
            return change.name in store.recipients
        return _digest(store, change.name, self.key) if change.name in store else None

    @cached_property
    def _commits(self) -> list[str]:
        """`ID (AUTHOR)`, newest first; none where the file is in no git checkout."""
        with suppress(HomeportError):
            said = LocalRunner().run(git.commits(self.store.path, _MOST))
            lines = said.out.splitlines() if said.ok else []
            return [
                f"{commit} ({printable(who)})" for commit, _, who in (one.partition(" ") for one in lines)
            ]
        return []

    @cached_property
    def _cut_off(self) -> bool:
        """Whether there may be older commits than those that are seen."""
        return self._checkout.out.strip() == "true" or len(self._commits) == _MOST

    @cached_property
    def _checkout(self) -> Result:
        try:
            return LocalRunner().run(git.is_shallow(self.store.path.parent))
        except HomeportError as fault:  # no git here
            return Result(1, "", fault.message)

    def _versions(self) -> Iterable[tuple[str, Store | None]]:
        for at, commit in enumerate(self._commits):
            if at == len(self._seen):
                self._seen.append(self._version(commit.partition(" ")[0]))
            yield commit, self._seen[at]

    @cached_property
    def _seen(self) -> list[Store | None]:
        return []

    def _version(self, commit: str) -> Store | None:
        """The store as it was then; None where it was none."""
        said = LocalRunner().run(git.shown(self.store.path, commit))
        with suppress(SecretError):
            return Store.parse(said.out, self.store.path, self.store.environment) if said.ok else None
        return None


def printable(text: str) -> str:
    """Names come from a file that anybody may have committed: nothing in them may move the cursor."""
    return "".join(character if character.isprintable() else "?" for character in text)
