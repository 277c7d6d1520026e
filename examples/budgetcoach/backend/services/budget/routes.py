"""/budgets: how they stand in a month, set a limit, delete."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from prometheus_client import Counter
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.errors import ApiError
from coachlib.identity import UserId
from coachlib.session import Session
from services.budget.models import Budget, BudgetLimit
from services.budget.projection import remember_names
from services.budget.shapes import BudgetOut, Budgets, Month, PutBudget
from services.budget.standing import lock_user, standings, tell, this_month

router = APIRouter(prefix="/budgets")
CREATED = Counter("budgets_created", "Budgets created; a new limit of an old one does not count.")


@router.get("")
async def show_all(user: UserId, session: Session, month: Month | None = None) -> Budgets:
    """The budgets of a month (this one unless given) with what is spent and left."""
    return Budgets(items=await standings(session, user, month or this_month()))


@router.put("")
async def put(body: PutBudget, user: UserId, session: Session) -> BudgetOut:
    """Set the limit from this month on; a limit below what is spent already is told at once."""
    await lock_user(session, user)
    budget, is_new = await _budget(session, user, body.category_id)
    if body.category_name:
        await remember_names(session, user, {body.category_id: body.category_name})
    month = this_month()
    query = insert(BudgetLimit).values(budget_id=budget, from_month=month, limit_cents=body.limit_cents)
    replaced = {"limit_cents": body.limit_cents}
    keys = ["budget_id", "from_month"]
    await session.execute(query.on_conflict_do_update(index_elements=keys, set_=replaced))
    [standing] = await standings(session, user, month, [body.category_id])
    await tell(session, user, standing)
    await session.commit()
    CREATED.inc(is_new)
    return standing


async def _budget(session: AsyncSession, user: UUID, category: UUID) -> tuple[UUID, bool]:
    """The id of the user's budget for the category, and whether it had to be made."""
    query = select(Budget.id).where(Budget.user_id == user, Budget.category_id == category)
    if found := await session.scalar(query):
        return found, False
    made = Budget(user_id=user, category_id=category)
    session.add(made)
    await session.flush()
    return made.id, True


@router.delete("/{budget_id}", status_code=204)
async def remove(budget_id: UUID, user: UserId, session: Session) -> None:
    """Delete a budget with all its limits."""
    query = delete(Budget).where(Budget.id == budget_id, Budget.user_id == user).returning(Budget.id)
    if await session.scalar(query) is None:
        raise ApiError(404, "There is no such budget.")
