"""The spending cap: what a question may cost is reserved before it is asked and corrected afterwards."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.settings import Settings
from services.ai.models import Bill

# Prices are in cents a million tokens, so tokens times price are millionths of a cent: no fraction anywhere.
MICRO = 1_000_000
EVERYBODY = "everybody"


@dataclass(frozen=True)
class Tariff:
    """Caps in cents a month, prices in cents a million tokens."""

    user_cap: int
    total_cap: int
    price_in: int
    price_out: int

    @staticmethod
    def of(settings: Settings) -> Tariff:
        """AI_CAP_CENTS a user, AI_TOTAL_CAP_CENTS for all, AI_PRICE_IN_CENTS and AI_PRICE_OUT_CENTS."""
        cap = int(settings.number("AI_CAP_CENTS", 100))
        return Tariff(
            user_cap=cap,
            total_cap=int(settings.number("AI_TOTAL_CAP_CENTS", cap * 20)),
            price_in=int(settings.number("AI_PRICE_IN_CENTS", 15)),
            price_out=int(settings.number("AI_PRICE_OUT_CENTS", 60)),
        )

    def cost(self, tokens_in: int, tokens_out: int) -> int:
        """In millionths of a cent."""
        return tokens_in * self.price_in + tokens_out * self.price_out


async def reserve(session: AsyncSession, user: uuid.UUID, month: str, amount: int, tariff: Tariff) -> bool:
    """Add `amount` (millionths of a cent) to both bills; False, and nothing added, if it would pass a cap."""
    # Always in this order, so that two questions never wait for each other in a ring.
    caps = {EVERYBODY: tariff.total_cap, str(user): tariff.user_cap}
    for payer in caps:
        new = insert(Bill).values(month=month, payer=payer, microcents=0)
        await session.execute(new.on_conflict_do_nothing())
    query = select(Bill).where(Bill.month == month, Bill.payer.in_(caps)).order_by(Bill.payer == str(user))
    bills = list(await session.scalars(query.with_for_update()))
    if any(bill.microcents + amount > caps[bill.payer] * MICRO for bill in bills):
        return False
    for bill in bills:
        bill.microcents += amount
    return True


async def correct(session: AsyncSession, user: uuid.UUID, month: str, difference: int) -> None:
    """Add what was really spent less what was reserved."""
    for payer in (EVERYBODY, str(user)):
        query = update(Bill).where(Bill.month == month, Bill.payer == payer)
        await session.execute(query.values(microcents=Bill.microcents + difference))


async def spent_cents(session: AsyncSession, user: uuid.UUID, month: str) -> int:
    """The user's bill of a month, rounded up to whole cents."""
    query = select(Bill.microcents).where(Bill.month == month, Bill.payer == str(user))
    return -(-(await session.scalar(query) or 0) // MICRO)
