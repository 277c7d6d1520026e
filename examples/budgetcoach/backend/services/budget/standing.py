"""How budgets stand in a month, and the events when one comes near its limit or exceeds it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from sqlalchemy import and_, func, select, text, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.events import emit
from services.budget.models import Budget, BudgetLimit, CategoryName, Spending, ToldState
from services.budget.shapes import BudgetOut, State

NEAR_PERCENT = 80
LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:user, 0))")


def this_month() -> str:
    """The month in UTC, YYYY-MM."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m")


def state_of(spent_cents: int, limit_cents: int) -> State:
    """Exceeded above the limit, near from 80 percent of it on."""
    if spent_cents > limit_cents:
        return "exceeded"
    return "near" if spent_cents * 100 >= limit_cents * NEAR_PERCENT else "ok"


async def lock_user(session: AsyncSession, user: uuid.UUID) -> None:
    """One at a time for a user: a limit set while spending comes in would see, and be seen by, neither."""
    await session.execute(LOCK, {"user": str(user)})


async def standings(
    session: AsyncSession, user: uuid.UUID, month: str, categories: Collection[uuid.UUID] | None = None
) -> list[BudgetOut]:
    """The budgets that had a limit in `month`, by category name; of all categories unless some are given."""
    newest = (
        select(BudgetLimit.limit_cents)
        .where(BudgetLimit.budget_id == Budget.id, BudgetLimit.from_month <= month)
        .order_by(BudgetLimit.from_month.desc())
        .limit(1)
        .correlate(Budget)
        .lateral()
    )
    here = and_(Spending.user_id == user, Spending.category_id == Budget.category_id, Spending.month == month)
    named = and_(CategoryName.user_id == user, CategoryName.category_id == Budget.category_id)
    query = (
        select(Budget, newest.c.limit_cents, func.coalesce(Spending.spent_cents, 0), CategoryName.name)
        .select_from(Budget)
        .join(newest, true())
        .outerjoin(Spending, here)
        .outerjoin(CategoryName, named)
        .where(Budget.user_id == user)
        .order_by(CategoryName.name, Budget.id)
    )
    if categories is not None:
        query = query.where(Budget.category_id.in_(categories))
    rows = (await session.execute(query)).all()
    return [_standing(budget, limit, spent, name or "", month) for budget, limit, spent, name in rows]


def _standing(budget: Budget, limit: int, spent: int, name: str, month: str) -> BudgetOut:
    # More refunds than purchases are not negative spending.
    spent = max(spent, 0)
    return BudgetOut(
        id=budget.id,
        category_id=budget.category_id,
        category_name=name,
        limit_cents=limit,
        spent_cents=spent,
        left_cents=limit - spent,
        percent=spent * 100 // limit,
        state=state_of(spent, limit),
        month=month,
    )


async def tell(session: AsyncSession, user: uuid.UUID, standing: BudgetOut) -> None:
    """Emit the event of this state unless it was told before: once a budget, month and state."""
    if standing.state == "ok":
        return
    # Who was told of the excess need not hear later that the limit is near.
    states = ["near"] if standing.state == "near" else ["exceeded", "near"]
    rows = [{"budget_id": standing.id, "month": standing.month, "state": state} for state in states]
    mark = insert(ToldState).values(rows).on_conflict_do_nothing().returning(ToldState.state)
    if standing.state in set(await session.scalars(mark)):
        fields = {"category_name", "month", "limit_cents", "spent_cents", "percent"}
        data = {"budget_id": str(standing.id), **standing.model_dump(include=fields)}
        await emit(session, f"budget.{standing.state}", user, data)
