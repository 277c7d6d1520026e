"""Keeps the projection of bookings up to date, and marks whose insights must be looked at again."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
import uuid
from typing import Any

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.events import Event
from services.ai.models import Account, Booking, DueLook

QUIET = dt.timedelta(seconds=2)
LONGEST_WAIT = dt.timedelta(seconds=20)
WORD = re.compile(r"[a-z0-9]+")


async def on_user(session: AsyncSession, event: Event) -> None:
    """Registered or updated: the currency. The e-mail address is not kept."""
    query = insert(Account).values(user_id=event.user_id, currency=event.data["currency"])
    newer = {"currency": query.excluded.currency}
    await session.execute(query.on_conflict_do_update(index_elements=["user_id"], set_=newer))


async def on_changed(session: AsyncSession, event: Event) -> None:
    """Take over what is new, changed and gone, in the order of the event."""
    state: dict[uuid.UUID, dict[str, Any] | None] = {}
    for change in event.data["changes"]:
        state[uuid.UUID(change["id"])] = change.get("after")
    gone = [one for one, after in state.items() if after is None]
    if gone:
        await session.execute(delete(Booking).where(Booking.id.in_(gone), Booking.user_id == event.user_id))
    rows = [_row(one, event.user_id, after) for one, after in sorted(state.items()) if after]
    if rows:
        query = insert(Booking)
        columns = {name: query.excluded[name] for name in rows[0] if name not in ("id", "user_id")}
        upsert = query.on_conflict_do_update(
            index_elements=["id"], set_=columns, where=Booking.user_id == event.user_id
        )
        await session.execute(upsert, rows)
    await look_soon(session, event.user_id)


def _row(booking: uuid.UUID, user: uuid.UUID, after: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": booking,
        "user_id": user,
        "date": dt.date.fromisoformat(after["date"]),
        "amount_cents": after["amount_cents"],
        "description": after["description"],
        "merchant": merchant_of(after["description"]),
        "category_name": after["category_name"],
    }


def merchant_of(description: str) -> str:
    """Who was paid, as far as the words tell: lower case, without accents, numbers and what follows the name."""
    letters = unicodedata.normalize("NFKD", description.split(" · ")[0].lower().replace("ß", "ss"))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    words = [word for word in WORD.findall(plain) if not any(map(str.isdigit, word))]
    return " ".join(words[:5])


async def look_soon(session: AsyncSession, user: uuid.UUID) -> None:
    """Look at the insights when the changes have stopped for a moment, at the latest after 20 seconds."""
    query = insert(DueLook).values(user_id=user, due_at=func.now() + QUIET, since=func.now())
    due = func.least(query.excluded.due_at, DueLook.since + LONGEST_WAIT)
    await session.execute(query.on_conflict_do_update(index_elements=["user_id"], set_={"due_at": due}))
