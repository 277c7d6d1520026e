"""Password hashes: Argon2id with the OWASP parameters, in a thread, at most two at a time."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Each takes 19 MiB and a core; a burst of log-ins must wait in line, not in memory.
_at_once = asyncio.Semaphore(2)
# An unknown address costs the same time as a wrong password, so time does not tell who has an account.
_nobody = _hasher.hash(secrets.token_urlsafe())


async def hash_password(password: str) -> str:
    """The Argon2id hash of `password`, in PHC string format."""
    async with _at_once:
        return await asyncio.to_thread(_hasher.hash, password)


async def password_matches(stored: str | None, password: str) -> bool:
    """True when `password` belongs to the hash `stored`; takes as long for None, and is then False."""
    async with _at_once:
        matches = await asyncio.to_thread(_verify, stored or _nobody, password)
    return matches and stored is not None


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
