"""An insight before it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Draft:
    """`fingerprint` names what the insight is about: the same one is the same insight with newer words."""

    kind: Literal["trend", "anomaly", "saving", "subscription"]
    fingerprint: str
    title: str
    body: str
    month: str
    severity: Literal["info", "warn"] = "info"
    amount_cents: int | None = None
    category_name: str | None = None
