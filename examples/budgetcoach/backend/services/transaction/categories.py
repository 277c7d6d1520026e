"""The categories of a user: the default set, made once, and which one a new transaction gets."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.errors import ApiError
from coachlib.events import Event
from services.transaction.guess import description_key, guess, kind_of
from services.transaction.keywords import DEFAULTS, OTHER
from services.transaction.models import Category, Ledger

LEARNED = text(
    "SELECT DISTINCT ON (description_key) description_key, category_id FROM transactions"
    " WHERE user_id = :user AND category_chosen AND description_key = ANY(:keys)"
    " ORDER BY description_key, date DESC, created_at DESC"
)


async def on_registered(session: AsyncSession, event: Event) -> None:
    """A new user: the default categories."""
    await ensure_defaults(session, event.user_id)


async def ensure_defaults(session: AsyncSession, user: uuid.UUID) -> None:
    """Make the default categories unless this user has had them; a second caller at the same time waits."""
    if await session.get(Ledger, user):
        return
    mark = insert(Ledger).values(user_id=user).on_conflict_do_nothing().returning(Ledger.user_id)
    if (await session.execute(mark)).first() is None:
        return
    rows = [
        {"id": uuid.uuid4(), "user_id": user, "name": one.name, "kind": one.kind, "color": one.color}
        | {"icon": one.icon, "slug": one.slug}
        for one in DEFAULTS
    ]
    await session.execute(insert(Category), rows)


async def own_category(session: AsyncSession, user: uuid.UUID, category: uuid.UUID) -> Category:
    """The user's category, locked against being deleted meanwhile; 422 when there is none of that id."""
    query = select(Category).where(Category.id == category, Category.user_id == user)
    found = await session.scalar(query.with_for_update(read=True, key_share=True))
    if found is None:
        raise ApiError(422, "There is no such category.", fields={"category_id": "unknown category"})
    return found


@dataclass(frozen=True)
class Guesser:
    """Gives a description its category: as the user chose for the same words before, else by rule."""

    by_id: dict[uuid.UUID, Category]
    by_slug: dict[str, Category]
    by_name: dict[str, Category]
    learned: dict[str, uuid.UUID]

    def category_for(self, description: str, amount_cents: int, hint: str = "") -> Category:
        """`hint` is the bank's own category; it counts where the user has one of that name."""
        chosen = self.by_id.get(self.learned.get(description_key(description), uuid.UUID(int=0)))
        named = self.by_name.get(hint.lower()) if hint else None
        kind = kind_of(amount_cents)
        ruled = self.by_slug.get(guess(description, kind))
        return chosen or named or ruled or self.by_slug[OTHER[kind]]


async def guesser_for(session: AsyncSession, user: uuid.UUID, descriptions: Iterable[str]) -> Guesser:
    """A guesser that knows what the user chose for these descriptions; makes the defaults when needed."""
    await ensure_defaults(session, user)
    # Locked so that a category which a guess returns is not deleted before the transaction is written.
    query = select(Category).where(Category.user_id == user).order_by(Category.id)
    found = list(await session.scalars(query.with_for_update(read=True, key_share=True)))
    keys = sorted({description_key(one) for one in descriptions} - {""})
    learned = (await session.execute(LEARNED, {"user": user, "keys": keys})).all()
    return Guesser(
        by_id={one.id: one for one in found},
        by_slug={one.slug: one for one in found if one.slug},
        by_name={one.name.lower(): one for one in found},
        learned={key: category for key, category in learned},
    )
