"""From the store to files that containers read: which secrets a stack needs, and the text of each file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from homeport import cures
from homeport.components.contribution import SecretFile
from homeport.errors import SecretError
from homeport.secrets.signing import SIGNING
from homeport.secrets.store import Store
from homeport.secrets.value import Secret

_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True)
class Delivered:
    """One file below secrets/: relative path, owner and its secret text."""

    path: str
    uid: int
    mode: int
    text: Secret


def names_in(file: SecretFile) -> list[str]:
    """The secrets a file is made of."""
    return _NAME.findall(file.template)


def missing(files: Iterable[SecretFile], store: Store) -> list[str]:
    """Names of the secrets that a required file needs and the store has not."""
    needed = {name for file in files if not file.optional for name in names_in(file)}
    return sorted(name for name in needed if name not in store)


def deliver(files: Iterable[SecretFile], store: Store) -> tuple[Delivered, ...]:
    """Open what is needed, once each, and fill the templates. Raises SecretError with all that is missing."""
    wanted = list(files)
    if own := [file for file in wanted if SIGNING in names_in(file)]:
        raise SecretError(
            f"secrets/{own[0].folder}/{own[0].name} would hold {SIGNING}, which no host may have",
            "Give that secret of the service another name.",
        )
    if lacking := missing(wanted, store):
        raise SecretError(
            f"{store.path}: {len(lacking)} secret(s) missing: {', '.join(lacking)}",
            "\n      ".join(cures.secrets_set(name, store.environment) for name in lacking),
        )
    present = [file for file in wanted if all(name in store for name in names_in(file))]
    values = {name: store.get(name).reveal() for name in {n for file in present for n in names_in(file)}}
    return tuple(
        Delivered(
            f"{file.folder}/{file.name}",
            file.uid,
            getattr(file, "mode", 0o400),
            Secret(_NAME.sub(lambda match: values[match[1]], file.template)),
        )
        for file in present
    )
