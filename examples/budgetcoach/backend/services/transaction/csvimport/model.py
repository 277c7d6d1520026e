"""The values that the import passes around: a format, a good row, a bad line."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

DateOrder = Literal["DMY", "MDY", "YMD"]
Decimal = Literal[",", "."]


class FormatError(ValueError):
    """The file as a whole is not a bank export that can be read; the text says why."""


@dataclass(frozen=True)
class Columns:
    """Indexes of the columns by what they mean; None or () where the file has none."""

    date: int
    amount: int | None = None
    debit: int | None = None
    credit: int | None = None
    indicator: int | None = None
    fee: int | None = None
    payee: int | None = None
    payer: int | None = None
    currency: int | None = None
    status: int | None = None
    category: int | None = None
    text: tuple[int, ...] = ()
    kind: tuple[int, ...] = ()


@dataclass(frozen=True)
class Format:
    """All that is needed to read the file again without looking at it a second time.

    `header_line` is the physical line of the header, 0 for a file without one; `signed` says that the amount
    column carries its own sign; `date_sure` is False where no value in the file decides the date order;
    `digits` is how many decimals the account's currency has.
    """

    separator: str
    encoding: str
    decimal: Decimal
    date_order: DateOrder
    date_sure: bool
    header_line: int
    columns: Columns
    names: dict[str, str] = field(default_factory=dict)
    currency: str | None = None
    signed: bool = True
    total_lines: int = 0
    digits: int = 2

    def public(self) -> dict[str, Any]:
        """The shape that the API shows."""
        return {
            "separator": self.separator,
            "encoding": self.encoding,
            "decimal": self.decimal,
            "date_order": self.date_order,
            "date_order_sure": self.date_sure,
            "header_line": self.header_line,
            "currency": self.currency,
            "columns": self.names,
        }

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` turns back into an equal format."""
        return asdict(self)

    @staticmethod
    def from_json(value: dict[str, Any]) -> Format:
        """The format that `to_json` wrote."""
        columns = dict(value["columns"])
        columns["text"] = tuple(columns["text"])
        columns["kind"] = tuple(columns["kind"])
        return Format(**{**value, "columns": Columns(**columns)})


@dataclass(frozen=True)
class Row:
    """One booking. `line` is the first physical line (1-based) it stands on."""

    line: int
    date: dt.date
    amount_cents: int
    description: str
    category_hint: str = ""


@dataclass(frozen=True)
class BadLine:
    """A line that was not imported, as it stands in the file (cut to 500 characters), and why."""

    line: int
    text: str
    reason: str
