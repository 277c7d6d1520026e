"""A secret is a type: it prints as *** wherever it is shown by accident."""

from __future__ import annotations

import secrets


class Secret:
    """A value that must not be seen. Only `reveal()` gives it, and only files of mode 0400 receive it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and secrets.compare_digest(
            self._value.encode(), other._value.encode()
        )

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


def generate() -> Secret:
    """32 random bytes, URL-safe: letters, digits, - and _ only (other characters break DSNs, and leak in errors)."""
    return Secret(secrets.token_urlsafe(32))
