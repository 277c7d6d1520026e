"""Bank exports: what is detected in each sample, what becomes of every line, which faults a file can have."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest

from services.transaction.csvimport import BadLine, Format, FormatError, Row, detect, read
from services.transaction.csvimport.amounts import cents_of
from services.transaction.csvimport.dates import DateEvidence, parse_date
from services.transaction.csvimport.model import Decimal

SAMPLES = Path(__file__).parent / "samples"

# name: separator, encoding, decimal, date order, rows, bad lines, sum in cents, first date
SHAPES = {
    "anz_headerless.csv": (",", "utf-8", ".", "DMY", 3, 0, 194290, "2024-02-01"),
    "bank_of_america.csv": (",", "utf-8", ".", "MDY", 3, 1, 176679, "2024-03-04"),
    "barclays.csv": (",", "utf-8", ".", "DMY", 3, 0, 184177, "2024-04-03"),
    "bnp_paribas.csv": (";", "cp1252", ",", "DMY", 3, 0, 90812, "2024-03-04"),
    "chase_checking.csv": (",", "utf-8", ".", "MDY", 4, 0, 105588, "2024-01-12"),
    "dkb_girokonto.csv": (";", "utf-8-sig", ",", "DMY", 3, 1, 195885, "2024-03-08"),
    "ing_diba.csv": (";", "cp1252", ",", "DMY", 3, 0, 30851, "2024-02-14"),
    "ing_nl.csv": (";", "utf-8", ",", "YMD", 2, 0, 236893, "2024-02-15"),
    "n26.csv": (",", "utf-8", ".", "YMD", 3, 0, 219261, "2024-03-01"),
    "paypal.csv": (",", "utf-8-sig", ".", "MDY", 3, 1, 91791, "2024-01-03"),
    "revolut.csv": (",", "utf-8", ".", "YMD", 3, 2, 38470, "2024-01-02"),
    "santander_es.csv": (";", "utf-16", ",", "DMY", 3, 0, 163985, "2024-02-15"),
    "santander_uk.csv": (";", "utf-8", ".", "DMY", 3, 0, 84959, "2024-05-13"),
    "sparkasse_camt.csv": (";", "cp1252", ",", "DMY", 4, 0, 167264, "2024-01-31"),
    "trailing_minus.tsv": ("\t", "utf-8", ",", "DMY", 3, 0, 91050, "2024-01-03"),
    "ubs_debit_credit.txt": ("|", "utf-8", ".", "YMD", 3, 0, 604525, "2024-02-28"),
    "volksbank_sh.csv": (";", "cp1252", ",", "DMY", 3, 0, 110655, "2024-01-15"),
    "wise.csv": (",", "utf-8", ".", "DMY", 2, 0, 9550, "2024-02-23"),
}


def parsed(data: bytes) -> tuple[Format, list[Row], list[BadLine]]:
    stream = io.BytesIO(data)
    found = detect(stream)
    lines = list(read(stream, found))
    rows = [line for line in lines if isinstance(line, Row)]
    return found, rows, [line for line in lines if isinstance(line, BadLine)]


@pytest.mark.parametrize("name", SHAPES)
def test_shape(name: str) -> None:
    separator, encoding, decimal, order, good, bad, total, first = SHAPES[name]
    found, rows, wrong = parsed((SAMPLES / name).read_bytes())
    assert (found.separator, found.encoding, found.decimal, found.date_order) == (
        separator,
        encoding,
        decimal,
        order,
    )
    assert (len(rows), len(wrong), found.total_lines) == (good, bad, good + bad)
    assert sum(row.amount_cents for row in rows) == total
    assert rows[0].date.isoformat() == first


def test_every_sample_is_tried() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == {*SHAPES, "bad_lines.csv", "README.md"}


def test_descriptions_say_who_and_what_for() -> None:
    _, rows, _ = parsed((SAMPLES / "sparkasse_camt.csv").read_bytes())
    assert rows[1].description.startswith("REWE Markt Köln/Mülheim · ")
    assert rows[2].description == "Hausverwaltung Muster · Miete Wohnung 3. OG Februar 2024"
    assert rows[3].description == "Entgelt Kontoführung"
    _, rows, _ = parsed((SAMPLES / "dkb_girokonto.csv").read_bytes())
    assert [row.description.split(" · ")[0] for row in rows] == [
        "EDEKA Nord",
        "Beispiel AG",
        "Stadtwerke Musterstadt",
    ]


def test_a_fee_beside_the_amount_is_paid_too() -> None:
    _, rows, wrong = parsed((SAMPLES / "revolut.csv").read_bytes())
    assert rows[2].amount_cents == -10100
    assert ["REVERTED" in wrong[0].reason, "USD" in wrong[1].reason] == [True, True]


def test_bad_lines_say_where_and_why_and_stop_nothing() -> None:
    _, rows, wrong = parsed((SAMPLES / "bad_lines.csv").read_bytes())
    assert [row.description for row in rows] == ["good one", "after the open quote", "the end"]
    assert [(line.line, line.reason.split('"')[-1].strip()) for line in wrong] == [
        (3, "is not a date in the order DMY"),
        (4, "is not a date in the order DMY"),
        (5, "the date is missing"),
        (6, "the amount is missing"),
        (7, "is not an amount"),
        (8, ""),
        (9, "has more than two decimals"),
        (10, "the line has 1 fields, column 3 is needed"),
        (11, "a quote is opened and never closed"),
        (13, "the line holds a zero byte"),
        (14, "is not between 1970 and 2100"),
        (15, "is too large"),
    ]
    assert wrong[0].text == "32.01.2024;no such day;-1,50"
    assert not any("\x00" in line.text for line in wrong)


@pytest.mark.parametrize(
    ("written", "decimal", "cents"),
    [
        ("1.234,56", ",", 123456),
        ("-1.234,56 €", ",", -123456),
        ("1 234,56-", ",", -123456),
        ("1\u202f234,5 EUR", ",", 123450),
        ("(1,234.56)", ".", -123456),
        ("$-12.00", ".", -1200),
        ("-$12", ".", -1200),
        ("\u221212.30", ".", -1230),
        ("CHF 1'234.50", ".", 123450),
        ("1,00,000.00", ".", 10000000),
        ("12.30 DR", ".", -1230),
        ("12,30 H", ",", 1230),
        (".50", ".", 50),
        ("1,234", ".", 123400),
        ("1,234", ",", None),
        ("12,3400", ",", 1234),
        ("1.23.4,00", ",", None),
        ("12 apples", ".", None),
        ("--12", ".", None),
        ("-12 DR", ".", None),
        ("", ".", None),
    ],
)
def test_amounts(written: str, decimal: str, cents: int | None) -> None:
    sign: Decimal = "," if decimal == "," else "."
    if cents is None:
        with pytest.raises(ValueError):
            cents_of(written, sign)
    else:
        assert cents_of(written, sign)[0] == cents


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("03.04.24", "2024-04-03"),
        ("3/4/2024", "2024-04-03"),
        ("2024-04-03T10:00:00Z", "2024-04-03"),
        ("20240403", "2024-04-03"),
        ("03 Apr 2024", "2024-04-03"),
        ("3. März 2024", "2024-03-03"),
        ("Apr 3, 2024", "2024-04-03"),
        ("03-Dez-23", "2023-12-03"),
        ("03/04/2024 18:22", "2024-04-03"),
    ],
)
def test_dates(written: str, day: str) -> None:
    assert parse_date(written, "DMY") == dt.date.fromisoformat(day)


def test_one_unambiguous_date_anywhere_decides() -> None:
    lines = ["Date,Description,Amount", *(f"01/0{n % 9 + 1}/2024,x,-1.00" for n in range(3000))]
    for last, order in (("02/13/2024", "MDY"), ("13/02/2024", "DMY")):
        found, rows, wrong = parsed("\n".join([*lines, f"{last},x,-2.00"]).encode())
        assert (found.date_order, found.date_sure, len(rows), wrong) == (order, True, 3001, [])


def test_without_proof_the_order_that_keeps_the_file_sorted_wins() -> None:
    american = DateEvidence()
    for day in ("01/11/2024", "01/12/2024", "02/01/2024", "02/03/2024"):
        american.add(day)
    assert american.decide("DMY") == ("MDY", False)


def test_contradicting_dates_majority_wins_and_the_rest_are_bad_lines() -> None:
    body = "Date,Description,Amount\n13/01/2024,a,-1.00\n14/01/2024,b,-1.00\n01/15/2024,c,-1.00\n"
    found, rows, wrong = parsed(body.encode())
    assert (found.date_order, len(rows), [line.line for line in wrong]) == ("DMY", 2, [4])


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_encodings(encoding: str) -> None:
    body = "Datum;Empfänger;Betrag\r\n31.01.2024;Bäckerei Größe;-2,50\r\n"
    found, rows, _ = parsed(body.encode(encoding))
    assert rows[0].description == "Bäckerei Größe"
    assert found.decimal == ","


def test_a_broken_byte_does_not_change_the_encoding_of_the_rest() -> None:
    body = "Datum;Text;Betrag\n" + "31.01.2024;Bäckerei;-2,50\n" * 50
    found, rows, _ = parsed(body.encode() + b"31.01.2024;B\xe4r;-1,00\n")
    assert (found.encoding, len(rows), rows[0].description) == ("utf-8", 51, "Bäckerei")


def test_a_quote_inside_a_field_swallows_nothing() -> None:
    body = 'Date,Description,Amount\n2024-01-01,Pizza 12" large,-9.00\n2024-01-02,"say ""hi"", x",-1.00\n'
    _, rows, wrong = parsed(body.encode())
    assert [row.description for row in rows] == ['Pizza 12" large', 'say "hi", x']
    assert wrong == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"   \n\n", "empty"),
        (b"PK\x03\x04 spreadsheet", "CSV"),
        (b"hello\nworld\n", "no column"),
        (b"Date;Amount\n", "no line"),
        (bytes(range(256)) * 20, "no column"),
    ],
)
def test_what_is_no_export_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        detect(io.BytesIO(data))


def test_a_format_survives_being_stored() -> None:
    for name in SHAPES:
        found, _, _ = parsed((SAMPLES / name).read_bytes())
        assert Format.from_json(found.to_json()) == found
