"""/notifications: the inbox."""

from __future__ import annotations

import uuid
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy import func, select, update

from coachlib.errors import ApiError
from coachlib.identity import UserId
from coachlib.session import Session
from coachlib.shapes import Out, Page, Paging, fetch_page
from services.notification.models import Notification

router = APIRouter(prefix="/notifications")


class Line(Out):
    """A notification as its owner sees it; `link` is a path in the app."""

    id: uuid.UUID
    kind: str
    title: str
    body: str
    link: str
    read: bool
    created_at: datetime


class Inbox(Page[Line]):
    """A page of the inbox; `unread` counts all unread ones, on whatever page."""

    unread: int


@router.get("")
async def show(user_id: UserId, session: Session, paging: Paging, unread: bool = False) -> Inbox:
    """The inbox, newest first; with unread=true only what is unread."""
    mine = select(Notification).where(Notification.user_id == user_id)
    new = mine.where(Notification.read_at.is_(None))
    order = (Notification.created_at.desc(), Notification.id)
    rows, total = await fetch_page(session, (new if unread else mine).order_by(*order), paging)
    count = await session.scalar(select(func.count()).select_from(new.subquery()))
    lines = [Line.model_validate(row) for row in rows]
    return Inbox(items=lines, total=total, page=paging.page, page_size=paging.page_size, unread=count or 0)


@router.post("/read-all", status_code=204)
async def read_all(user_id: UserId, session: Session) -> None:
    """Mark everything as read."""
    new = (Notification.user_id == user_id) & Notification.read_at.is_(None)
    await session.execute(update(Notification).where(new).values(read_at=func.now()))


@router.post("/{notification_id}/read", status_code=204)
async def read(notification_id: uuid.UUID, user_id: UserId, session: Session) -> None:
    """Mark one as read; 404 when it is not the user's."""
    line = await session.get(Notification, notification_id)
    if line is None or line.user_id != user_id:
        raise ApiError(404, "There is no such notification.")
    if line.read_at is None:
        line.read_at = func.now()
