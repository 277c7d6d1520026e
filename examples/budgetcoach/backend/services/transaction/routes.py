"""/transactions: list, create, read, change, delete."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Literal, cast
from uuid import UUID, uuid4, uuid5

from fastapi import APIRouter, Header, Query
from prometheus_client import Counter
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.errors import ApiError
from coachlib.identity import UserId
from coachlib.session import Session
from coachlib.shapes import Page, Paging, Text, fetch_page
from services.transaction.categories import guesser_for, own_category
from services.transaction.changes import Change, picture, tell
from services.transaction.guess import description_key
from services.transaction.models import Category, Transaction
from services.transaction.shapes import Kind, NewTransaction, TransactionChange, TransactionOut

router = APIRouter(prefix="/transactions")
CREATED = Counter("transactions_created", "Transactions created, by hand or by import.")

Sort = Literal["date", "-date", "amount", "-amount", "description", "-description", "created", "-created"]
SORTS = {
    "date": Transaction.date,
    "amount": Transaction.amount_cents,
    "description": Transaction.description,
    "created": Transaction.created_at,
}


CONDITIONS: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "since": lambda day: Transaction.date >= day,
    "to": lambda day: Transaction.date <= day,
    "category_id": lambda category: Transaction.category_id == category,
    "q": lambda text: Transaction.description.icontains(text, autoescape=True),
    "min_cents": lambda cents: Transaction.amount_cents >= cents,
    "max_cents": lambda cents: Transaction.amount_cents <= cents,
    "kind": lambda kind: Transaction.amount_cents > 0 if kind == "income" else Transaction.amount_cents <= 0,
}


class Filter(BaseModel):
    """The query of GET /transactions; `from` and `to` are both inside."""

    since: Annotated[dt.date | None, Query(alias="from")] = None
    to: dt.date | None = None
    category_id: UUID | None = None
    q: Annotated[Text | None, Query(max_length=200)] = None
    min_cents: Annotated[int | None, Query(ge=-(2**62), le=2**62)] = None
    max_cents: Annotated[int | None, Query(ge=-(2**62), le=2**62)] = None
    kind: Kind | None = None
    sort: Sort = "-date"


@router.get("")
async def show_all(
    user: UserId, session: Session, paging: Paging, wanted: Annotated[Filter, Query()]
) -> Page[TransactionOut]:
    """The user's transactions that the filter lets through, a page of them."""
    rows, total = await fetch_page(session, _filtered(user, wanted), paging)
    items = [_shown(transaction, category) for transaction, category in rows]
    return Page(items=items, total=total, page=paging.page, page_size=paging.page_size)


def _filtered(user: UUID, wanted: Filter) -> Select[Any]:
    query = cast(Select[Any], select(Transaction, Category)).join(Category).where(Transaction.user_id == user)
    given = {name: value for name, value in wanted if value is not None and name in CONDITIONS}
    query = query.where(*(CONDITIONS[name](value) for name, value in given.items()))
    column = SORTS[wanted.sort.removeprefix("-")]
    order = column.desc() if wanted.sort.startswith("-") else column.asc()
    return query.order_by(order, Transaction.created_at.desc(), Transaction.id)


def _shown(transaction: Transaction, category: Category) -> TransactionOut:
    values = {
        name: getattr(transaction, name) for name in TransactionOut.model_fields if name != "category_name"
    }
    return TransactionOut(**values, category_name=category.name)


@router.post("", status_code=201)
async def create(
    body: NewTransaction,
    user: UserId,
    session: Session,
    key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=255)] = None,
) -> TransactionOut:
    """A transaction entered by hand; with the key of one that there is already, that one.

    The key makes the id, so the primary key of the table sees to it, whatever dies on the way.
    """
    made_id = uuid5(user, key) if key else uuid4()
    if key and await session.scalar(select(Transaction.id).where(Transaction.id == made_id)):
        return _shown(*await _load(session, user, made_id))
    category = await _category_for(session, user, body)
    made = Transaction(
        id=made_id,
        user_id=user,
        date=body.date,
        amount_cents=body.amount_cents,
        description=body.description,
        description_key=description_key(body.description),
        category_id=category.id,
        category_chosen=body.category_id is not None,
    )
    session.add(made)
    try:
        await session.flush()
    except IntegrityError:
        if not key:
            raise
        # The same request, twice at the same moment: the other one was first.
        await session.rollback()
        return _shown(*await _load(session, user, made_id))
    await session.refresh(made)
    await tell(session, user, [Change("created", made.id, after=picture(made, category))])
    await session.commit()
    CREATED.inc()
    return _shown(made, category)


async def _category_for(session: AsyncSession, user: UUID, body: NewTransaction) -> Category:
    if body.category_id:
        return await own_category(session, user, body.category_id)
    guesser = await guesser_for(session, user, [body.description])
    return guesser.category_for(body.description, body.amount_cents)


@router.get("/{transaction_id}")
async def show(transaction_id: UUID, user: UserId, session: Session) -> TransactionOut:
    """One transaction."""
    return _shown(*await _load(session, user, transaction_id))


@router.patch("/{transaction_id}")
async def change(
    transaction_id: UUID, body: TransactionChange, user: UserId, session: Session
) -> TransactionOut:
    """Change what is given. A category that the user gives is remembered for the same description."""
    transaction, category = await _load(session, user, transaction_id, lock=True)
    before = picture(transaction, category)
    given = body.model_dump(exclude_none=True)
    if body.category_id:
        category = await own_category(session, user, body.category_id)
        transaction.category_chosen = True
    for name, value in given.items():
        setattr(transaction, name, value)
    transaction.description_key = description_key(transaction.description)
    after = picture(transaction, category)
    if after != before:
        await session.flush()
        await tell(session, user, [Change("updated", transaction.id, before, after)])
    return _shown(transaction, category)


@router.delete("/{transaction_id}", status_code=204)
async def delete(transaction_id: UUID, user: UserId, session: Session) -> None:
    """Delete it for good."""
    transaction, category = await _load(session, user, transaction_id, lock=True)
    before = picture(transaction, category)
    await session.delete(transaction)
    await session.flush()
    await tell(session, user, [Change("deleted", transaction_id, before)])


async def _load(
    session: AsyncSession, user: UUID, transaction_id: UUID, lock: bool = False
) -> tuple[Transaction, Category]:
    query = select(Transaction, Category).join(Category)
    query = query.where(Transaction.id == transaction_id, Transaction.user_id == user)
    if lock:
        query = query.with_for_update(of=Transaction)
    found = (await session.execute(query)).first()
    if found is None:
        raise ApiError(404, "There is no such transaction.")
    return found[0], found[1]
