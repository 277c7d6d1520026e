"""Cuts text into records: quoted newlines belong to the record, an open quote does not swallow the file."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

MOST_LINES = 20
MOST_CHARACTERS = 16 * 1024
csv.field_size_limit(MOST_CHARACTERS * 2)


@dataclass(frozen=True)
class Record:
    """`line` is 1-based; `fault` is why the record cannot be cut into fields, or None."""

    line: int
    text: str
    fields: list[str]
    fault: str | None = None


def lines_of(stream: BinaryIO, encoding: str) -> Generator[str]:
    """The physical lines of a seekable stream from its beginning, line ends kept. The stream stays open."""
    stream.seek(0)
    wrapper = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
    try:
        # Not `yield from`: that would close the stream with the generator.
        for line in wrapper:  # noqa: UP028
            yield line
    finally:
        wrapper.detach()


def records_of(lines: Iterable[str], separator: str) -> Iterator[Record]:
    """All records that are not blank, in order."""
    numbered = enumerate(lines, start=1)
    waiting: deque[tuple[int, str]] = deque()
    while True:
        first = waiting.popleft() if waiting else next(numbered, None)
        if first is None:
            return
        number, text = first
        if text.isspace() or not text:
            continue
        if text.count('"') % 2 and is_open(text, separator):
            joined = _closed(text, separator, waiting, numbered)
            if joined is None:
                yield Record(number, text.rstrip("\r\n"), [], "a quote is opened and never closed")
                continue
            text = joined
        yield _cut(number, text.rstrip("\r\n"), separator)


def _closed(
    text: str, separator: str, waiting: deque[tuple[int, str]], numbered: Iterator[tuple[int, str]]
) -> str | None:
    """`text` with the lines that close its quote; None (and the lines put back) when none of them does."""
    taken: list[tuple[int, str]] = []
    whole = text
    while len(taken) < MOST_LINES and len(whole) < MOST_CHARACTERS:
        following = waiting.popleft() if waiting else next(numbered, None)
        if following is None:
            break
        taken.append(following)
        whole += following[1]
        if following[1].count('"') % 2 and not is_open(whole, separator):
            return whole
    waiting.extendleft(reversed(taken))
    return None


def is_open(text: str, separator: str) -> bool:
    """Whether `text` ends inside a quoted field. A quote counts only where a field begins."""
    at = 0
    while at < len(text):
        if text[at] != '"':
            following = text.find(separator, at)
            if following < 0:
                return False
            at = following + 1
            continue
        end = _closing_quote(text, at + 1)
        if end < 0:
            return True
        following = text.find(separator, end)
        if following < 0:
            return False
        at = following + 1
    return False


def _closing_quote(text: str, at: int) -> int:
    while True:
        end = text.find('"', at)
        if end < 0 or text[end + 1 : end + 2] != '"':
            return end
        at = end + 2


def _cut(number: int, text: str, separator: str) -> Record:
    if len(text) > MOST_CHARACTERS:
        return Record(number, text, [], f"the line is longer than {MOST_CHARACTERS} characters")
    if "\x00" in text:
        return Record(number, text, [], "the line holds a zero byte")
    try:
        return Record(number, text, next(csv.reader((text,), delimiter=separator)))
    except (csv.Error, StopIteration) as error:
        return Record(number, text, [], f"not a CSV line: {error}")
