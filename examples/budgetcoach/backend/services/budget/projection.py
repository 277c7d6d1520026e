"""Keeps the projection of spending up to date from the events of the other services."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.events import Event
from services.budget.models import CategoryName, Spending
from services.budget.standing import lock_user, standings, tell

Place = tuple[uuid.UUID, str]


async def on_registered(session: AsyncSession, event: Event) -> None:
    """A new user has no budgets and has spent nothing: there is nothing to keep."""


async def on_changed(session: AsyncSession, event: Event) -> None:
    """Add what the changes come to, then tell of budgets that have come near their limit or exceeded it."""
    await lock_user(session, event.user_id)
    changes = event.data["changes"]
    await _add(session, event.user_id, differences(changes))
    await remember_names(session, event.user_id, names(changes))
    touched: defaultdict[str, set[uuid.UUID]] = defaultdict(set)
    for category, month in differences(changes):
        touched[month].add(category)
    for month, categories in sorted(touched.items()):
        for standing in await standings(session, event.user_id, month, categories):
            await tell(session, event.user_id, standing)


def differences(changes: list[dict[str, Any]]) -> Counter[Place]:
    """What is spent more (or less) by category and month; an expense is a negative amount."""
    sums: Counter[Place] = Counter()
    for change in changes:
        for side, sign in (("before", 1), ("after", -1)):
            if one := change.get(side):
                sums[uuid.UUID(one["category_id"]), one["date"][:7]] += sign * one["amount_cents"]
    return sums


def names(changes: list[dict[str, Any]]) -> dict[uuid.UUID, str]:
    """The newest name of each category in the changes."""
    after = (change["after"] for change in changes if change.get("after"))
    return {uuid.UUID(one["category_id"]): one["category_name"] for one in after}


async def _add(session: AsyncSession, user: uuid.UUID, sums: Counter[Place]) -> None:
    rows = [
        {"user_id": user, "category_id": category, "month": month, "spent_cents": cents}
        for (category, month), cents in sums.items()
    ]
    if rows:
        query = insert(Spending).values(rows)
        total = Spending.spent_cents + query.excluded.spent_cents
        keys = ["user_id", "category_id", "month"]
        await session.execute(query.on_conflict_do_update(index_elements=keys, set_={"spent_cents": total}))


async def remember_names(session: AsyncSession, user: uuid.UUID, named: dict[uuid.UUID, str]) -> None:
    """Store what categories are called, in place of older names."""
    rows = [{"user_id": user, "category_id": category, "name": name} for category, name in named.items()]
    if rows:
        query = insert(CategoryName).values(rows)
        newer = {"name": query.excluded.name}
        keys = ["user_id", "category_id"]
        await session.execute(query.on_conflict_do_update(index_elements=keys, set_=newer))
