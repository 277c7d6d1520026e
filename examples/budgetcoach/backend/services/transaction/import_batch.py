"""Writes one batch of an import: new transactions, bad lines, progress and the event, all or nothing."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.transaction.categories import Guesser, guesser_for
from services.transaction.changes import Change, tell
from services.transaction.csvimport import BadLine, Row
from services.transaction.guess import description_key
from services.transaction.models import Category, Import, ImportFault

COLUMNS = {
    "id": "uuid",
    "date": "date",
    "amount_cents": "bigint",
    "description": "text",
    "description_key": "text",
    "category_id": "uuid",
    "dedupe_key": "uuid",
}
# One array a column: a single short statement, however many lines.
INSERT = text(
    f"INSERT INTO transactions (user_id, category_chosen, source, import_id, {', '.join(COLUMNS)})"  # noqa: S608
    " SELECT :user_id, false, 'import', :import_id, lines.*"
    f" FROM unnest({', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in COLUMNS.items())}) AS lines"
    " ON CONFLICT (user_id, dedupe_key) DO NOTHING RETURNING id"
)


@dataclass(frozen=True)
class KeyedRow:
    """A row with the key that tells it from every other booking of the user."""

    row: Row
    key: uuid.UUID


Line = KeyedRow | BadLine


def keyed(row: Row, seen: Counter[int]) -> KeyedRow:
    """The key is date, amount, description and how many equal rows stand before it in the file (`seen`).

    So a file may hold two equal coffees, and the same file or one that overlaps it adds nothing twice.
    """
    same = f"{row.date}|{row.amount_cents}|{' '.join(row.description.casefold().split())}"
    mark = hash(same)
    occurrence = seen[mark]
    seen[mark] += 1
    digest = hashlib.blake2b(f"{same}|{occurrence}".encode(), digest_size=16).digest()
    return KeyedRow(row, uuid.UUID(bytes=digest))


async def write_batch(session: AsyncSession, job: Import, batch: list[Line]) -> int:
    """Write it in the caller's database transaction; returns how many transactions are new."""
    rows = [line for line in batch if isinstance(line, KeyedRow)]
    faults = [line for line in batch if isinstance(line, BadLine)]
    created = await _write_rows(session, job, rows) if rows else 0
    if faults:
        values = [{"import_id": job.id, "line": f.line, "text": f.text, "reason": f.reason} for f in faults]
        await session.execute(insert(ImportFault), values)
    job.done_lines += len(batch)
    # Attempts are counted against those that get nowhere.
    job.attempts = 1
    job.imported += created
    job.duplicates += len(rows) - created
    job.failed += len(faults)
    return created


async def _write_rows(session: AsyncSession, job: Import, rows: list[KeyedRow]) -> int:
    guesser = await guesser_for(session, job.user_id, [one.row.description for one in rows])
    made = [_made(one, guesser) for one in rows]
    # Two imports that overlap lock equal keys in the same order, so they never wait for each other in a ring.
    ordered = sorted(made, key=lambda one: one[0]["dedupe_key"])
    arrays: dict[str, Any] = {name: [values[name] for values, _ in ordered] for name in COLUMNS}
    query = await session.execute(INSERT, {"user_id": job.user_id, "import_id": job.id, **arrays})
    written = set(query.scalars())
    changes = [
        Change("created", values["id"], after=_picture(values, category))
        for values, category in made
        if values["id"] in written
    ]
    await tell(session, job.user_id, changes)
    return len(changes)


def _made(one: KeyedRow, guesser: Guesser) -> tuple[dict[str, Any], Category]:
    row = one.row
    category = guesser.category_for(row.description, row.amount_cents, row.category_hint)
    values = {
        "id": uuid.uuid4(),
        "date": row.date,
        "amount_cents": row.amount_cents,
        "description": row.description,
        "description_key": description_key(row.description),
        "category_id": category.id,
        "dedupe_key": one.key,
    }
    return values, category


def _picture(values: dict[str, Any], category: Category) -> dict[str, Any]:
    return {
        "date": values["date"].isoformat(),
        "amount_cents": values["amount_cents"],
        "description": values["description"],
        "category_id": str(category.id),
        "category_name": category.name,
    }
