"""Detects the format of a bank export by going over all of it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, fields, replace
from typing import BinaryIO

from .amounts import DecimalEvidence, side_of
from .dates import DateEvidence
from .encoding import encoding_of
from .layout import Layout, head_of, layout_of
from .model import Columns, DateOrder, Decimal, Format, FormatError
from .records import Record, lines_of, records_of


@dataclass
class Evidence:
    """What the whole file says about dates, amounts, currency and debit/credit marks."""

    amounts: DecimalEvidence
    dates: DateEvidence = field(default_factory=DateEvidence)
    currencies: Counter[str] = field(default_factory=Counter)
    marks: dict[int, Counter[int]] = field(default_factory=dict)
    total: int = 0

    def add(self, values: list[str], columns: Columns) -> None:
        """Takes the fields of one record below the header."""
        self.total += 1
        self.dates.add(value_at(values, columns.date))
        for index in (columns.amount, columns.debit, columns.credit):
            if text := value_at(values, index):
                self.amounts.add(text)
        if currency := value_at(values, columns.currency).upper():
            self.currencies[currency] += 1
        self._look_for_marks(values)

    def _look_for_marks(self, values: list[str]) -> None:
        """Counts debit and credit marks a column; a column with anything else gets a 0 and is out."""
        for index, value in enumerate(values):
            if value and self.marks.setdefault(index, Counter())[0] == 0:
                self.marks[index][side_of(value) if len(value) <= 8 else 0] += 1

    def indicator(self) -> int | None:
        """A column that holds debit and credit marks and nothing else, whatever its name is."""
        for index, marks in self.marks.items():
            if not marks[0] and marks[-1] and marks[1]:
                return index
        return None


def value_at(values: list[str], index: int | None) -> str:
    """The field without blanks around it; "" where the column or the field is not there."""
    return values[index].strip() if index is not None and index < len(values) else ""


def detect(stream: BinaryIO, digits: int = 2) -> Format:
    """The format of a seekable stream whose currency has `digits` decimals.

    Raises FormatError where it is no bank export at all.
    """
    encoding = encoding_of(stream)
    with closing(lines_of(stream, encoding)) as lines:
        layout = layout_of(head_of(lines))
    evidence = Evidence(amounts=DecimalEvidence(digits))
    with closing(lines_of(stream, encoding)) as lines:
        for record in rows_of(lines, layout.separator, layout.header_line):
            evidence.add(record.fields, layout.columns)
    if not evidence.total:
        raise FormatError("there is no line below the header")
    return _format(encoding, layout, evidence)


def rows_of(lines: Iterator[str], separator: str, header_line: int) -> Iterator[Record]:
    """The records below the header."""
    return (record for record in records_of(lines, separator) if record.line > header_line)


def _format(encoding: str, layout: Layout, evidence: Evidence) -> Format:
    decimal = evidence.amounts.decide("," if layout.separator == ";" else ".")
    order, sure = evidence.dates.decide(_likely_order(decimal, layout))
    columns, signed = _sides(layout.columns, evidence)
    return Format(
        separator=layout.separator,
        encoding=encoding,
        decimal=decimal,
        date_order=order,
        date_sure=sure,
        header_line=layout.header_line,
        columns=columns,
        names=_names(columns, layout.names),
        currency=evidence.currencies.most_common(1)[0][0] if evidence.currencies else None,
        signed=signed,
        total_lines=evidence.total,
        digits=evidence.amounts.digits,
    )


def _likely_order(decimal: Decimal, layout: Layout) -> DateOrder:
    """American exports say "Posting Date" or "Running Bal."; everyone else puts the day first."""
    words = " ".join(layout.names).lower()
    american = any(word in words for word in ("post date", "posting date", "running bal", "check or slip"))
    return "MDY" if decimal == "." and american else "DMY"


def _sides(columns: Columns, evidence: Evidence) -> tuple[Columns, bool]:
    """The sign is that of two columns, else of the amounts if any is negative, else of a column of marks."""
    if columns.debit is not None:
        return replace(columns, indicator=None), False
    indicator = columns.indicator if columns.indicator is not None else evidence.indicator()
    if evidence.amounts.negative or indicator is None:
        return replace(columns, indicator=None), True
    return replace(columns, indicator=indicator), False


def _names(columns: Columns, header: list[str]) -> dict[str, str]:
    """Role -> name of the column in the file ("column 3" where it has none)."""
    found: dict[str, str] = {}
    for one in fields(Columns):
        value = getattr(columns, one.name)
        indexes = value if isinstance(value, tuple) else (value,) if value is not None else ()
        if indexes:
            found[one.name] = ", ".join(_name(index, header) for index in indexes)
    return found


def _name(index: int, header: list[str]) -> str:
    named = header[index].strip() if index < len(header) else ""
    return named or f"column {index + 1}"
