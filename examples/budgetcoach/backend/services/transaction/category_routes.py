"""/categories: list, create, change, delete."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.errors import ApiError
from coachlib.identity import UserId
from coachlib.session import Session
from services.transaction.categories import ensure_defaults
from services.transaction.changes import Change, picture, tell
from services.transaction.keywords import OTHER
from services.transaction.models import Category, Transaction
from services.transaction.shapes import Categories, CategoryChange, CategoryOut, NewCategory

router = APIRouter(prefix="/categories")


@router.get("")
async def show_all(user: UserId, session: Session) -> Categories:
    """All categories, expenses first, by name; the default set is made at the first call."""
    await ensure_defaults(session, user)
    query = select(Category).where(Category.user_id == user).order_by(Category.kind, Category.name)
    return Categories(items=[CategoryOut.model_validate(one) for one in await session.scalars(query)])


@router.post("", status_code=201)
async def create(body: NewCategory, user: UserId, session: Session) -> CategoryOut:
    """A category of the user's own; 409 when the name is taken."""
    await ensure_defaults(session, user)
    made = Category(user_id=user, **body.model_dump())
    session.add(made)
    await _flush(session)
    return CategoryOut.model_validate(made)


@router.patch("/{category_id}")
async def change(category_id: UUID, body: CategoryChange, user: UserId, session: Session) -> CategoryOut:
    """Change what is given; a new name is told to the other services for each transaction that has it."""
    category = await _load(session, user, category_id)
    old = category.name
    for name, value in body.model_dump(exclude_none=True).items():
        setattr(category, name, value)
    await _flush(session)
    if category.name != old:
        await _tell_of_new_name(session, user, category, old)
    return CategoryOut.model_validate(category)


async def _tell_of_new_name(session: AsyncSession, user: UUID, category: Category, old: str) -> None:
    # Locked, so that each change is told in the order in which it was made.
    query = select(Transaction).where(Transaction.category_id == category.id).order_by(Transaction.id)
    changes = []
    for one in await session.scalars(query.with_for_update()):
        after = picture(one, category)
        changes.append(Change("updated", one.id, {**after, "category_name": old}, after))
    await tell(session, user, changes)


@router.delete("/{category_id}", status_code=204)
async def delete(category_id: UUID, user: UserId, session: Session) -> None:
    """Delete an unused one. Those that take what no rule fits stay: a guess must always have an answer."""
    category = await _load(session, user, category_id)
    if category.slug in OTHER.values():
        raise ApiError(409, "This category takes what fits no other; it can be renamed, not deleted.")
    if await session.scalar(select(exists().where(Transaction.category_id == category_id))):
        raise ApiError(409, "This category is in use.")
    await session.delete(category)


async def _load(session: AsyncSession, user: UUID, category_id: UUID) -> Category:
    query = select(Category).where(Category.id == category_id, Category.user_id == user).with_for_update()
    found = await session.scalar(query)
    if found is None:
        raise ApiError(404, "There is no such category.")
    return found


async def _flush(session: AsyncSession) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        message = "There is a category of this name."
        raise ApiError(409, message, fields={"name": "is taken"}) from error
