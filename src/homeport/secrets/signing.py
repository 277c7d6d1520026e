"""The key that signs what a host keeps: a secret of the environment's store, which every reader of it has and no host.

With it a rollback knows its own releases again, and the digests of secrets that a release keeps tell the host nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from homeport import cures
from homeport.errors import SecretError
from homeport.secrets.store import Store
from homeport.secrets.value import Secret

SIGNING = "homeport_signing"  # its name in the store; no service can have a secret homeport_...


@dataclass(frozen=True)
class SigningKey:
    """HMAC-SHA256 (RFC 2104), in hex."""

    secret: Secret

    @classmethod
    def of(cls, store: Store) -> SigningKey:
        """The key of an environment. SecretError where its store has none yet."""
        if SIGNING not in store:
            raise SecretError(
                f"{store.path}: {SIGNING} is missing, the key that releases are signed with",
                cures.secrets_init(store.environment),
            )
        return cls(store.get(SIGNING))

    def sign(self, text: str) -> str:
        return self._mac("release", text)

    def good(self, text: str, signature: str) -> bool:
        return hmac.compare_digest(self.sign(text).encode(), str(signature).encode())

    def digest(self, name: str, value: Secret) -> str:
        """The same for the same value of the same name, and nothing to anybody who has not the key."""
        return self._mac("secret", f"{name}\0{value.reveal()}")[:32]

    def _mac(self, purpose: str, text: str) -> str:
        message = f"homeport {purpose}\0{text}".encode()
        return hmac.new(self.secret.reveal().encode(), message, hashlib.sha256).hexdigest()
