"""Takes the values of secrets out of text before it leaves: the log, the history, a notification, the screen.

A value is found as it is and as programs write it: in a URL, as JSON, in base64 (within a longer text as well), in hex.
Shorter than 4 characters it is left alone, for it would be found everywhere; with 4 or 5 it is found as a whole word.
"""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import quote, quote_plus, unquote, urlsplit

from homeport.errors import SecretError
from homeport.secrets.store import Store

MARK = "***"
_LEAST = 4  # characters
_SHORT = 6  # below this, only as a whole word
_LONG = 16  # from this on, what was cut off in the middle is found too
_BEGINNING = 8  # characters that are enough of a long one
_AFTER_A_CUT = ("\n", "...", "…", ";", ")")  # what follows where we have cut a text off
_PEM = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]+-----")


class Redactor:
    """Knows values; `clean()` gives a text without them. More can be learnt later."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._needed: dict[str, int] = {}  # form of a value -> how many of its first characters are enough
        self._begins = re.compile("(?!)")
        self._by_beginning: dict[str, list[str]] = {}
        self.learn(values)

    @classmethod
    def of(cls, store: Store) -> Redactor:
        """Everything that the store holds and the operator can read."""
        made = cls()
        made.learn_from(store)
        return made

    def learn_from(self, store: Store) -> None:
        """What cannot be read here is not in any text of ours either."""
        values = []
        for name in store.names:
            with suppress(SecretError):
                values.append(store.get(name).reveal())
        self.learn(values)

    def learn(self, values: Iterable[str]) -> None:
        for value in values:
            for part in _parts(value):
                ordinary = any(c.isspace() for c in part) or "://" in part  # others begin like it
                self._needed[part] = len(part) if ordinary or len(part) < _LONG else _BEGINNING
                for form in _forms(part):
                    self._needed.setdefault(form, len(form))
        found: dict[str, list[str]] = {}
        for form in self._needed:
            found.setdefault(form[:_LEAST], []).append(form)
        beginnings = "|".join(map(re.escape, sorted(found)))
        self._by_beginning = found  # before the pattern: another thread may be cleaning
        self._begins = re.compile(f"(?={beginnings})" if beginnings else "(?!)", re.DOTALL)

    def clean(self, text: str) -> str:
        """Each value becomes ***. Again until none is left: what stood around one could be another."""
        while spans := list(self._spans(text)):
            text = _without(text, spans)
        return text

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where values are, by their beginnings; they may overlap."""
        for match in self._begins.finditer(text):
            start = match.start()
            for form in self._by_beginning[text[start : start + _LEAST]]:
                length = _in_common(text, start, form)
                whole = len(form) >= _SHORT or _is_word(text, start, start + length)
                if whole and self._is_it(text, start + length, length, form):
                    yield start, start + length

    def _is_it(self, text: str, end: int, length: int, form: str) -> bool:
        """The whole form; of a long one also its beginning, where the text was cut off there or much of it stands.
        A mere word is none: an environment may be called as a value begins."""
        if length == len(form) or length >= max(self._needed[form], _LONG):
            return True
        cut_off = end == len(text) or text.startswith(_AFTER_A_CUT, end)
        return cut_off and length >= self._needed[form] and not text[end - length : end].isalpha()


def _parts(value: str) -> Iterator[str]:
    """What of a value is secret by itself: all of it, each of its lines, the password and the long words of a URL."""
    found = {value, value.strip(), *(line.strip() for line in value.splitlines())}
    for url in [one for one in found if "://" in one]:
        with suppress(ValueError):
            parts = urlsplit(url)
            found |= {parts.password or "", unquote(parts.password or "")}
            words = re.split(r"[/?&=:@]+", url)
            found |= {word for word in words if len(word) > _LONG and word != parts.hostname}
    yield from (part for part in found if len(part) >= _LEAST and not _PEM.fullmatch(part))


def _forms(value: str) -> Iterator[str]:
    """As programs write it."""
    escaped = (quote(value), quote(value, safe=""), quote_plus(value))
    yield from escaped
    yield from (re.sub("%..", lambda match: match[0].lower(), form) for form in escaped)
    for inner in (value, *_json(value)):  # a log line in JSON may hold an answer in JSON
        yield from _json(inner)
    yield repr(value)[1:-1]
    yield from (html.escape(value), html.escape(value, quote=False), shlex.quote(value).strip("'"))
    raw = value.encode(errors="surrogateescape")
    yield from (raw.hex(), raw.hex().upper())
    for base in [form for before in range(3) for form in _base64(raw, before)]:
        if len(base) >= _SHORT:
            yield from (base, base.translate(str.maketrans("+/", "-_")), quote(base, safe=""))


def _json(value: str) -> tuple[str, ...]:
    """Within quotes; PHP and others escape slashes too."""
    texts = [json.dumps(value, ensure_ascii=ascii_)[1:-1] for ascii_ in (True, False)]
    return (*texts, *(text.replace("/", "\\/") for text in texts))


def _base64(raw: bytes, before: int) -> Iterator[str]:
    """The characters that stand for these bytes alone, with so many others before them (modulo 3)."""
    text = base64.b64encode(bytes(before) + raw).decode()
    whole = (before + len(raw)) * 8 // 6
    yield text[-(-before * 8 // 6) : whole]


def _in_common(text: str, start: int, form: str) -> int:
    """How many characters of `form` stand there."""
    if text.startswith(form, start):
        return len(form)
    pairs = zip(text[start : start + len(form)], form, strict=False)
    return next((n for n, (one, other) in enumerate(pairs) if one != other), len(text) - start)


def _is_word(text: str, start: int, end: int) -> bool:
    around = text[max(0, start - 1) : start] + text[end : end + 1]
    return not any(character.isalnum() or character == "_" for character in around)


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    out, at = [], 0
    for start, end in _merged(spans):
        out += [text[at:start], MARK]
        at = end
    return "".join((*out, text[at:]))


def _merged(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    start, end = -1, -1
    for one, other in sorted(spans):
        if one > end:
            if end >= 0:
                yield start, end
            start, end = one, other
        else:
            end = max(end, other)
    yield start, end
