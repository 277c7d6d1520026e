"""Keeps the projection of bookings up to date, and marks whose insights must be looked at again."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
import uuid
from typing import Any

from sqlalchemy import delete, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.events import Event
from services.ai.models import Account, Booking, DueLook

QUIET = dt.timedelta(seconds=2)
LONGEST_WAIT = dt.timedelta(seconds=20)
WORD = re.compile(r"[a-z0-9]+")
COLUMNS = {
    "id": "uuid",
    "date": "date",
    "amount_cents": "bigint",
    "description": "text",
    "merchant": "text",
    "category_name": "text",
}
# One array a column: a single short statement for the 500 changes of an event.
UPSERT = text(
    f"INSERT INTO bookings (user_id, {', '.join(COLUMNS)}) SELECT :user_id, lines.*"  # noqa: S608
    f" FROM unnest({', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in COLUMNS.items())}) AS lines"
    " ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "id")
    + " WHERE bookings.user_id = excluded.user_id"
)


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
    rows = [_row(one, after) for one, after in sorted(state.items()) if after]
    if rows:
        arrays = {name: [row[name] for row in rows] for name in COLUMNS}
        await session.execute(UPSERT, {"user_id": event.user_id, **arrays})
    await look_soon(session, event.user_id)


def _row(booking: uuid.UUID, after: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": booking,
        "date": dt.date.fromisoformat(after["date"]),
        "amount_cents": after["amount_cents"],
        "description": after["description"],
        "merchant": merchant_of(after["description"]),
        "category_name": after["category_name"],
    }


def merchant_of(description: str) -> str:
    """Who was paid, as far as the words tell: lower case, no accents, no numbers, at most five words."""
    letters = unicodedata.normalize("NFKD", description.split(" · ")[0].lower().replace("ß", "ss"))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    words = [word for word in WORD.findall(plain) if not any(map(str.isdigit, word))]
    return " ".join(words[:5])


async def look_soon(session: AsyncSession, user: uuid.UUID) -> None:
    """Look at the insights when the changes have stopped for a moment, at the latest after 20 seconds."""
    query = insert(DueLook).values(user_id=user, version=1, due_at=func.now() + QUIET, since=func.now())
    due = func.least(query.excluded.due_at, DueLook.since + LONGEST_WAIT)
    newer = {"due_at": due, "version": DueLook.version + 1}
    await session.execute(query.on_conflict_do_update(index_elements=["user_id"], set_=newer))
