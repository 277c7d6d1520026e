"""Rate limits: a token bucket for each user, and for each address without one.

The buckets are in this process's memory: with two gateways (during a release) twice as much may pass.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict

from coachlib.errors import ApiError
from coachlib.settings import Settings

_MOST_BUCKETS = 20_000


class Buckets:
    """`rate` requests a second on average, `burst` at once; forgets whoever was quiet the longest."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> None:
        """Count one request of `who`; raises ApiError 429 with Retry-After when the bucket is empty."""
        now = time.monotonic()
        left, since = self._left.pop(who, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        self._left[who] = (max(0.0, left - 1) if left >= 1 else left, now)
        if len(self._left) > _MOST_BUCKETS:
            self._left.popitem(last=False)
        if left < 1:
            wait = max(1, math.ceil((1 - left) / self._rate))
            raise ApiError(429, "Too many requests.", headers={"Retry-After": str(wait)})


class Limits:
    """Signed-in users may do more than addresses, because a guess at a password has no user yet."""

    def __init__(self, settings: Settings) -> None:
        self.users = Buckets(settings.number("USER_RATE", 30), settings.number("USER_BURST", 150))
        self.addresses = Buckets(settings.number("ADDRESS_RATE", 5), settings.number("ADDRESS_BURST", 50))
