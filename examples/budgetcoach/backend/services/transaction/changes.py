"""Tells the other services what has changed: transactions.changed, at most 500 changes an event."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from itertools import batched
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.events import emit
from services.transaction.models import Category, Transaction

MOST_CHANGES = 500


@dataclass(frozen=True)
class Change:
    """A transaction before and after; `before` is None for a new one, `after` for a deleted one."""

    op: Literal["created", "updated", "deleted"]
    id: uuid.UUID
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """As api.md shows it."""
        sides = {"before": self.before, "after": self.after}
        return {"op": self.op, "id": str(self.id)} | {name: side for name, side in sides.items() if side}


def picture(transaction: Transaction, category: Category) -> dict[str, Any]:
    """A transaction as events carry it."""
    return {
        "date": transaction.date.isoformat(),
        "amount_cents": transaction.amount_cents,
        "description": transaction.description,
        "category_id": str(category.id),
        "category_name": category.name,
    }


async def tell(session: AsyncSession, user: uuid.UUID, changes: list[Change]) -> None:
    """Write the events into the outbox, in the caller's database transaction."""
    for part in batched(changes, MOST_CHANGES, strict=False):
        await emit(session, "transactions.changed", user, {"changes": [one.to_json() for one in part]})
