"""Where the header stands and what separates the fields, by trying each separator on the first lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from itertools import islice

from .amounts import take_apart
from .dates import split_date
from .headers import columns_of
from .model import Columns, FormatError
from .records import Record, records_of

SEPARATORS = (";", ",", "\t", "|")
LOOKED_AT = 120
LETTER = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Layout:
    """A separator, the line of the header (0: none) with its names, and the columns."""

    separator: str
    header_line: int
    names: list[str]
    columns: Columns


def layout_of(head: list[str]) -> Layout:
    """The layout of a file by its first lines. Raises FormatError that says what was looked for."""
    found = [layout for separator in SEPARATORS for layout in _tried(head, separator)]
    if not found:
        raise FormatError("no column with dates and no column with amounts was found")
    return max(found, key=_score)


def _tried(head: list[str], separator: str) -> Iterator[Layout]:
    records = [record for record in records_of(head, separator) if not record.fault]
    for record in records[:LOOKED_AT]:
        columns = columns_of(record.fields)
        if columns and _has_dates(records, record.line, columns):
            yield Layout(separator, record.line, record.fields, columns)
            return
    if columns := _by_content(records):
        yield Layout(separator, 0, [], columns)


def _has_dates(records: list[Record], header_line: int, columns: Columns) -> bool:
    """A row of names is a header when something below it is a date, or nothing is below it at all."""
    below = [record for record in records if record.line > header_line]
    return not below or any(_is_date(record, columns.date) for record in below)


def _is_date(record: Record, index: int) -> bool:
    return index < len(record.fields) and split_date(record.fields[index]) is not None


def _score(layout: Layout) -> tuple[bool, int, int]:
    filled = sum(1 for one in fields(Columns) if getattr(layout.columns, one.name) not in (None, ()))
    return layout.header_line > 0, filled, len(layout.names)


def _by_content(records: list[Record]) -> Columns | None:
    """Columns of a file without a header: what nearly always is a date, an amount, a text."""
    width = Counter(len(record.fields) for record in records).most_common(1)
    if not width or width[0][0] < 2:
        return None
    rows = [record.fields for record in records if len(record.fields) == width[0][0]]
    dates = _mostly(rows, lambda value: split_date(value) is not None)
    money = [index for index in _mostly(rows, _is_money) if index not in dates]
    texts = [index for index in _mostly(rows, lambda value: bool(LETTER.search(value))) if index not in dates]
    if not dates or not money or not texts:
        return None
    longest = max(texts, key=lambda index: sum(len(row[index]) for row in rows))
    return Columns(date=dates[0], amount=money[0], text=(longest,))


def _mostly(rows: list[list[str]], test: Callable[[str], bool]) -> list[int]:
    width = len(rows[0])
    return [index for index in range(width) if sum(test(row[index]) for row in rows) >= 0.8 * len(rows)]


def _is_money(value: str) -> bool:
    """An amount with decimals or a sign: an account number is a number too."""
    try:
        written = take_apart(value)
    except ValueError:
        return False
    return written.sign != 0 or bool(re.search(r"[.,]\d\d$", written.number))


def head_of(lines: Iterator[str]) -> list[str]:
    """Enough of a file to see its layout."""
    return list(islice(lines, LOOKED_AT * 2))
