"""Money is an integer of minor units: how many of them a currency has, and how amounts are written."""

from __future__ import annotations

from babel.numbers import get_currency_precision, is_currency

# What the frontend offers (frontend/src/lib/currencies.ts), in its order.
OFFERED = (
    *("EUR", "USD", "GBP", "CHF", "PLN", "CZK", "SEK", "NOK", "DKK", "HUF", "RON", "TRY", "CAD"),
    *("AUD", "NZD", "JPY", "CNY", "INR", "BRL", "MXN", "ZAR", "SGD", "HKD", "KRW", "KWD", "BHD"),
)
# Where Babel (CLDR) has no minor units, for these are not used any more, but ISO 4217 has.
_ISO = dict.fromkeys(
    ("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"), 2
) | {"IQD": 3}


def is_known(currency: str) -> bool:
    """Whether it is the code of a currency."""
    return is_currency(currency)


def digits(currency: str) -> int:
    """How many decimals a currency has (ISO 4217): 2 for EUR and unknown codes, 0 for JPY, 3 for KWD."""
    return _ISO.get(currency, get_currency_precision(currency))


def plain(minor: int, currency: str) -> str:
    """-123456 in EUR -> "-1,234.56", 1200 in JPY -> "1,200"."""
    places = digits(currency)
    whole, rest = divmod(abs(minor), 10**places)
    return f"{'-' if minor < 0 else ''}{whole:,}" + (f".{rest:0{places}}" if places else "")
