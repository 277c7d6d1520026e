"""The secrets of one environment: a YAML file with readable names and age-encrypted values, made for git."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyrage
import yaml
from pyrage import x25519

from homeport import cures
from homeport.errors import SecretError
from homeport.files import write_atomically
from homeport.secrets.identity import identity_path, load_identity
from homeport.secrets.value import Secret, generate

_HEAD = """# Secrets of {environment}: names can be read, values are encrypted with age to the recipients below.
# Made for git. Change it with `homeport secrets set|edit|rotate`, never by hand.
"""


@dataclass
class Store:
    """Names -> encrypted values, and who can open them. Values are opened one at a time."""

    path: Path
    environment: str
    recipients: list[str] = field(default_factory=list)
    _values: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, path: Path, environment: str) -> Store:
        """Read the file; an empty store when there is none."""
        return cls.parse(path.read_text(), path, environment) if path.exists() else cls(path, environment)

    @classmethod
    def parse(cls, text: str, path: Path, environment: str) -> Store:
        """The store as `text`, which is at `path` now or was once, has it."""
        try:
            data = yaml.safe_load(text) or {}
            return cls(path, environment, list(data["recipients"]), dict(data.get("values") or {}))
        except (yaml.YAMLError, KeyError, TypeError, ValueError) as fault:
            raise SecretError(
                f"{path}: not a file of homeport secrets ({type(fault).__name__})",
                "Was it merged or edited by hand? Take it from git again: git checkout -- FILE",
            ) from fault

    @property
    def names(self) -> list[str]:
        return sorted(self._values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> Secret:
        """Open one value with the operator's identity."""
        if name not in self._values:
            raise SecretError(
                f"{self.path}: secret {name} is missing",
                cures.secrets_set(name, self.environment),
            )
        try:
            return Secret(pyrage.decrypt(self._values[name].encode(), [load_identity()]).decode())
        except pyrage.DecryptError as fault:
            raise SecretError(
                f"{self.path}: secret {name} is not readable with {identity_path()}",
                f"Somebody who can read it may add your public key: {cures.readers_add('age1...', self.environment)}",
            ) from fault

    def set(self, name: str, value: Secret) -> None:
        """Encrypt one value to all recipients; `save()` writes."""
        keys = [x25519.Recipient.from_str(recipient) for recipient in self.recipients]
        self._values[name] = pyrage.encrypt(value.reveal().encode(), keys, armored=True).decode()

    def remove(self, name: str) -> None:
        self._values.pop(name, None)

    def generate_missing(self, names: Iterable[str]) -> list[str]:
        """Make strong values for the names that have none; which ones were made."""
        made = [name for name in names if name not in self]
        for name in made:
            self.set(name, generate())
        return made

    def add_recipient(self, public: str) -> None:
        """Let one more key open everything: each value is encrypted anew."""
        try:
            x25519.Recipient.from_str(public)
        except Exception as fault:
            raise SecretError(f"{public}: not an age public key", "It starts with age1.") from fault
        if public not in self.recipients:
            values = {name: self.get(name) for name in self.names}
            self.recipients.append(public)
            for name, value in values.items():
                self.set(name, value)

    def remove_recipient(self, public: str) -> None:
        """Each value is encrypted anew, to all others. Who was removed still knows what was there until now."""
        values = {name: self.get(name) for name in self.names}
        self.recipients.remove(public)
        for name, value in values.items():
            self.set(name, value)

    def save(self) -> None:
        """Write the file atomically; names sorted, so that a diff shows what changed."""
        body = {"recipients": self.recipients, "values": {name: self._values[name] for name in self.names}}
        yaml.add_representer(str, _block_for_lines, Dumper=yaml.SafeDumper)
        text = yaml.safe_dump(body, sort_keys=False)
        write_atomically(self.path, _HEAD.format(environment=self.environment) + text, 0o600)


def _block_for_lines(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def store_path(project_dir: Path, environment: str, local: bool) -> Path:
    """secrets/ENV.yaml in git; a local environment without one keeps throw-away secrets in .homeport/."""
    in_git = project_dir / "secrets" / f"{environment}.yaml"
    return (
        project_dir / ".homeport" / environment / "secrets.yaml" if local and not in_git.exists() else in_git
    )


def open_or_create(path: Path, environment: str) -> Store:
    """The store, with the operator's own key as a recipient when it is new."""
    store = Store.open(path, environment)
    if not store.recipients:
        store.recipients = [str(load_identity(create=True).to_public())]
    return store
