"""Shapes that requests and answers share: strict bodies, pages, text without what a database refuses."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import AfterValidator, BaseModel, ConfigDict
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession


class Body(BaseModel):
    """A request body: unknown fields are errors, texts are stripped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Out(BaseModel):
    """A part of an answer; may be built from a database row."""

    model_config = ConfigDict(from_attributes=True)


class Page[T](BaseModel):
    """One page of a list; `total` counts all pages."""

    items: list[T]
    total: int
    page: int
    page_size: int


class PageQuery(BaseModel):
    """The `page` (from 1) and `page_size` of a request."""

    page: int
    page_size: int


def _no_nul(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not contain the NUL character")
    return value


Text = Annotated[str, AfterValidator(_no_nul)]
"""A string that PostgreSQL can store (it refuses NUL)."""


async def _page_query(
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1, page_size: Annotated[int, Query(ge=1, le=200)] = 50
) -> PageQuery:
    return PageQuery(page=page, page_size=page_size)


Paging = Annotated[PageQuery, Depends(_page_query)]


async def fetch_page(session: AsyncSession, query: Select[Any], paging: PageQuery) -> tuple[list[Any], int]:
    """Rows of one page of `query` (entities when it selects one entity) and the count of all its rows."""
    total = await session.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    offset = (paging.page - 1) * paging.page_size
    result = await session.execute(query.limit(paging.page_size).offset(offset))
    single = len(query.column_descriptions) == 1
    return list(result.scalars().all() if single else result.all()), total or 0
