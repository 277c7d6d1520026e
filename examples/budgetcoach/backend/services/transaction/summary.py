"""/transactions/summary: what a period comes to, by category and by month."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.identity import UserId
from coachlib.session import Session
from services.transaction.models import Category, Transaction
from services.transaction.shapes import CategorySum, MonthSum, Summary

router = APIRouter(prefix="/transactions")


@router.get("/summary")
async def summary(
    user: UserId,
    session: Session,
    since: Annotated[dt.date | None, Query(alias="from")] = None,
    to: dt.date | None = None,
) -> Summary:
    """Sums of the transactions from `from` to `to`, both inside; without them of all."""
    period = _period(user, since, to)
    months = await _by_month(session, period)
    return Summary(
        income_cents=sum(month.income_cents for month in months),
        expense_cents=sum(month.expense_cents for month in months),
        by_category=await _by_category(session, period),
        by_month=months,
    )


def _period(user: UUID, since: dt.date | None, to: dt.date | None) -> list[ColumnElement[bool]]:
    period: list[ColumnElement[bool]] = [Transaction.user_id == user]
    if since:
        period.append(Transaction.date >= since)
    if to:
        period.append(Transaction.date <= to)
    return period


async def _by_category(session: AsyncSession, period: list[ColumnElement[bool]]) -> list[CategorySum]:
    amount = func.sum(Transaction.amount_cents)
    query = (
        select(Category.id, Category.name, Category.color, amount, func.count())
        .join(Transaction)
        .where(*period)
        .group_by(Category.id)
        .order_by(func.abs(amount).desc(), Category.name)
    )
    return [
        CategorySum(category_id=row[0], name=row[1], color=row[2], amount_cents=int(row[3]), count=row[4])
        for row in await session.execute(query)
    ]


async def _by_month(session: AsyncSession, period: list[ColumnElement[bool]]) -> list[MonthSum]:
    month = func.to_char(Transaction.date, "YYYY-MM")
    income = func.sum(case((Transaction.amount_cents > 0, Transaction.amount_cents), else_=0))
    expense = func.sum(case((Transaction.amount_cents < 0, Transaction.amount_cents), else_=0))
    query = select(month, income, expense).where(*period).group_by(month).order_by(month)
    return [
        MonthSum(month=row[0], income_cents=int(row[1]), expense_cents=int(row[2]))
        for row in await session.execute(query)
    ]
