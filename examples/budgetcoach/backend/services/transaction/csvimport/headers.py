"""What the header names of banks mean, in the languages we know, and which columns a header row has."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from .model import Columns

# Within a role the first name found wins: a booking date before a value date, a net amount before a gross.
DATE = (
    "buchungstag", "buchungsdatum", "buchung", "transaction date", "booking date", "completed date",
    "posting date", "date operation", "date de l operation", "fecha operacion", "fecha de operacion",
    "f operacion", "data operazione", "datum", "date", "fecha", "data", "posted date", "post date",
    "date comptable", "date de comptabilisation", "fecha contable", "data contabile", "transactiedatum",
    "transaktionsdatum", "umsatzdatum", "belegdatum", "kaufdatum", "bokforingsdag", "data movimento",
    "date time", "created on", "date of transaction", "wertstellung", "valutadatum", "wertstellungsdatum",
    "valuta", "value date", "date valeur", "fecha valor", "data valuta", "started date",
)  # fmt: skip
AMOUNT = (
    "net", "netto", "betrag", "umsatz", "amount", "transaction amount", "montant", "montant operation",
    "montant de l operation", "importe", "importo", "bedrag", "belopp", "valor", "value", "gross", "brutto",
)  # fmt: skip
DEBIT = (
    "soll", "debit", "debit amount", "debits", "money out", "paid out", "withdrawal", "withdrawals",
    "withdrawal amt", "withdrawal amount", "ausgang", "ausgaben", "belastung", "belastungen", "debet",
    "debito", "cargo", "cargos", "gastos", "uscite", "dare", "addebiti", "payments out", "out",
    "amount debit", "sortie", "depenses",
)  # fmt: skip
CREDIT = (
    "haben", "credit", "credit amount", "credits", "money in", "paid in", "deposit", "deposits",
    "deposit amt", "deposit amount", "eingang", "einnahmen", "gutschrift", "gutschriften", "credito",
    "abono", "abonos", "ingresos", "entrate", "avere", "accrediti", "payments in", "in", "amount credit",
    "entree", "recettes",
)  # fmt: skip
INDICATOR = (
    "soll haben", "s h", "sh", "debit credit", "credit debit", "credit debit indicator",
    "debit credit indicator", "dr cr", "cr dr", "d c", "c d", "sign", "vorzeichen", "af bij", "plus minus",
    "direction", "sens", "soll haben kennzeichen", "cargo abono",
)  # fmt: skip
PAYEE = (
    "empfanger zahlungspflichtiger", "beguenstigter zahlungspflichtiger", "auftraggeber empfanger",
    "auftraggeber empfaenger", "zahlungsempfanger in", "name zahlungsbeteiligter",
    "auftraggeber zahlungsempfanger", "begunstigter auftraggeber", "empfanger", "empfaenger",
    "zahlungsempfanger", "beguenstigter", "partner name", "payee name", "payee", "merchant name",
    "merchant", "counterparty name", "counterparty", "counter party", "beneficiary", "beneficiaire",
    "beneficiario", "naam omschrijving", "naam", "name", "name des partners", "vendor", "to from",
    "contraparte",
)  # fmt: skip
PAYER = ("zahlungspflichtige r", "zahlungspflichtiger", "payer name", "payer", "ordenante", "donneur d ordre")
TEXT = (
    "verwendungszweck", "vorgang verwendungszweck", "description", "transaction description",
    "original description", "transaction details", "payment reference", "libelle operation", "libelle",
    "libelle complet", "concepto", "descripcion", "descrizione", "descrizione operazione", "causale",
    "mededelingen", "omschrijving", "memo", "narrative", "narration", "particulars", "beschreibung",
    "betreff", "bezeichnung", "subject", "motif", "movimiento", "reference", "text", "note", "notes",
    "buchungsdetails", "details",
)  # fmt: skip
KIND = (
    "buchungstext", "vorgang", "umsatztyp", "umsatzart", "buchungsart", "type", "transaction type",
    "type operation", "libelle court", "mutatiesoort", "subcategory", "tipo", "tipo de movimiento",
)  # fmt: skip
CURRENCY = ("waehrung", "wahrung", "currency", "devise", "divisa", "moneda", "ccy", "munt", "valuta code")
STATUS = ("status", "state", "statut", "estado", "stato")
CATEGORY = ("category", "kategorie", "categorie", "categoria", "spending category")
TAIL = frozenset({"eur", "euro", "euros", "usd", "gbp", "chf", "in", "en", "inr"})
DATE_LIKE = re.compile(r"\b(date|datum|fecha|data)\b")
AMOUNT_LIKE = re.compile(r"^(betrag|umsatz|amount|montant|importe|importo|bedrag)\b")


def normalise(name: str) -> str:
    """Lower-case words without accents or signs nor a currency at the end: "Betrag (€)" -> "betrag"."""
    letters = unicodedata.normalize("NFKD", name.replace("ß", "ss").lower())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    words = re.findall(r"[a-z0-9]+", plain)
    while len(words) > 1 and words[-1] in TAIL and " ".join(words) not in DEBIT + CREDIT:
        words.pop()
    return " ".join(words)


def columns_of(header: list[str]) -> Columns | None:
    """The columns that a row of names gives, or None without a date or an amount: then it is no header."""
    names = [normalise(name) for name in header]
    if len(names) < 2 or any(len(name) > 60 for name in names):
        return None
    date = _first(names, DATE)
    if date is None:
        date = _matching(names, DATE_LIKE)
    debit, credit = _first(names, DEBIT), _first(names, CREDIT)
    amount = _first(names, AMOUNT)
    if debit is None or credit is None:
        debit = credit = None
        amount = amount if amount is not None else _matching(names, AMOUNT_LIKE)
    if date is None or (amount is None and debit is None):
        return None
    return _described(names, Columns(date=date, amount=amount, debit=debit, credit=credit))


def _described(names: list[str], columns: Columns) -> Columns:
    """`columns` with everything besides date and money."""
    return replace(
        columns,
        indicator=_first(names, INDICATOR),
        fee=_first(names, ("fee",)) if names[columns.amount or 0] == "amount" else None,
        payee=_first(names, PAYEE),
        payer=_first(names, PAYER),
        currency=_nearest(names, CURRENCY, columns.amount),
        status=_first(names, STATUS),
        category=_first(names, CATEGORY),
        text=_texts(names),
        kind=_all(names, KIND)[:2],
    )


def _first(names: list[str], wanted: tuple[str, ...]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _all(names: list[str], wanted: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(names.index(name) for name in wanted if name in names)


def _texts(names: list[str]) -> tuple[int, ...]:
    """At most two; "details" is where Chase says DEBIT or CREDIT, so it counts only for want of others."""
    found = tuple(index for index in _all(names, TEXT) if names[index] != "details")
    return found[:2] or _all(names, ("details",))


def _matching(names: list[str], pattern: re.Pattern[str]) -> int | None:
    return next((index for index, name in enumerate(names) if pattern.search(name)), None)


def _nearest(names: list[str], wanted: tuple[str, ...], amount: int | None) -> int | None:
    """Some exports have two currency columns (balance and amount): the one after the amount is meant."""
    found = [index for index, name in enumerate(names) if name in wanted]
    after = [index for index in found if amount is not None and index > amount]
    return next(iter(after or found), None)
