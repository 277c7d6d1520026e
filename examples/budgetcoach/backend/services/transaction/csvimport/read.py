"""Reads a file in a known format: every record below the header is either a row or a bad line, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import BinaryIO

from .amounts import cents_of, side_of
from .dates import parse_date
from .detect import rows_of, value_at
from .model import BadLine, Columns, Format, Row
from .records import Record, lines_of

LONGEST_TEXT = 500
BLANKS = re.compile(r"\s+")
NOT_BOOKED = frozenset(
    {
        *(
            "pending",
            "reverted",
            "declined",
            "failed",
            "cancelled",
            "canceled",
            "denied",
            "voided",
            "refused",
        ),
        *("rejected", "expired", "vorgemerkt", "offen", "pendiente", "anulado", "rechazado"),
    }
)


def read(stream: BinaryIO, format: Format) -> Iterator[Row | BadLine]:
    """Streams the records of a seekable stream from its beginning."""
    with closing(lines_of(stream, format.encoding)) as lines:
        for record in rows_of(lines, format.separator, format.header_line):
            yield _row(record, format)


def _row(record: Record, format: Format) -> Row | BadLine:
    try:
        return _parsed(record, format)
    except ValueError as error:
        return BadLine(record.line, record.text[:LONGEST_TEXT].replace("\x00", "\ufffd"), str(error))


def _parsed(record: Record, format: Format) -> Row:
    if record.fault:
        raise ValueError(record.fault)
    values, columns = record.fields, format.columns
    _complete(values, columns)
    _booked(values, format)
    date = parse_date(value_at(values, columns.date), format.date_order)
    cents = _amount(values, format)
    return Row(
        record.line,
        date,
        cents,
        _description(values, columns, cents),
        _clean(value_at(values, columns.category))[:80],
    )


def _complete(values: list[str], columns: Columns) -> None:
    needed = max(
        index for index in (columns.date, columns.amount, columns.debit, columns.credit) if index is not None
    )
    if len(values) <= needed:
        raise ValueError(f"the line has {len(values)} fields, column {needed + 1} is needed")


def _booked(values: list[str], format: Format) -> None:
    status = value_at(values, format.columns.status)
    if status.lower() in NOT_BOOKED:
        raise ValueError(f'the bank marks this line as "{status}": it is not booked')
    currency = value_at(values, format.columns.currency).upper()
    if currency and format.currency and currency != format.currency:
        raise ValueError(f"the amount is in {currency}, the file is in {format.currency}")


def _amount(values: list[str], format: Format) -> int:
    columns = format.columns
    if columns.debit is not None:
        debit, credit = value_at(values, columns.debit), value_at(values, columns.credit)
        if debit or credit:
            return _two_columns(debit, credit, format)
    cents, _ = cents_of(value_at(values, columns.amount), format.decimal, format.digits)
    if columns.indicator is not None:
        return _with_mark(cents, value_at(values, columns.indicator))
    if columns.fee is not None and (fee := value_at(values, columns.fee)):
        cents -= cents_of(fee, format.decimal, format.digits)[0]
    return cents


def _two_columns(debit: str, credit: str, format: Format) -> int:
    """Money out and money in; banks that fill the idle column write a zero there. Signs mean nothing."""
    out = abs(cents_of(debit, format.decimal, format.digits)[0]) if debit else 0
    into = abs(cents_of(credit, format.decimal, format.digits)[0]) if credit else 0
    if out and into:
        raise ValueError("the line has both a debit and a credit")
    return into - out


def _with_mark(cents: int, mark: str) -> int:
    side = side_of(mark)
    if not side:
        raise ValueError(f'"{mark[:20]}" says neither debit nor credit')
    return side * abs(cents)


def _description(values: list[str], columns: Columns, cents: int) -> str:
    """Who, then what for; the kind of booking where neither is given."""
    payee, payer = value_at(values, columns.payee), value_at(values, columns.payer)
    who = (payee or payer) if cents < 0 else (payer or payee)
    parts = [_clean(part) for part in (who, *(value_at(values, index) for index in columns.text))]
    if not any(parts):
        parts = [_clean(value_at(values, index)) for index in columns.kind]
    distinct = list(dict.fromkeys(part for part in parts if part))
    return " · ".join(distinct)[:LONGEST_TEXT] or "(no description)"


def _clean(text: str) -> str:
    """One line of text; "" for a field that holds signs only, as banks that write "-" for nothing."""
    return BLANKS.sub(" ", text).strip() if any(map(str.isalnum, text)) else ""
