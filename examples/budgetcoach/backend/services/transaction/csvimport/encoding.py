"""Which encoding a file is in: by byte order mark, the zeros of UTF-16, valid UTF-8, else a Windows page."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from .model import FormatError

CHUNK = 64 * 1024
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Bytes that cp1252 leaves undefined: a file that has one was written as ISO 8859-1.
UNDEFINED_IN_CP1252 = b"\x81\x8d\x8f\x90\x9d"


def encoding_of(stream: BinaryIO) -> str:
    """The Python codec name for all of a seekable `stream`. Raises FormatError when it is empty."""
    stream.seek(0)
    head = stream.read(4096)
    if not head.strip():
        raise FormatError("the file is empty")
    if head[:4] == b"PK\x03\x04" or head[:5] == b"%PDF-":
        raise FormatError("this is a spreadsheet or PDF file; export the transactions as CSV")
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    return _utf16_without_mark(head) or _by_content(stream)


def _utf16_without_mark(head: bytes) -> str | None:
    half = max(len(head) // 2, 1)
    if head[1::2].count(0) > half * 0.6:
        return "utf-16-le"
    if head[0::2].count(0) > half * 0.6:
        return "utf-16-be"
    return None


def _by_content(stream: BinaryIO) -> str:
    """UTF-8 unless broken sequences outnumber good ones by more than a damaged file would explain."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    good = broken = 0
    undefined = False
    stream.seek(0)
    while chunk := stream.read(CHUNK):
        if chunk.isascii() and not broken:
            good += decoder.decode(chunk).count("\ufffd")
            continue
        text = decoder.decode(chunk)
        wrong = text.count("\ufffd")
        broken += wrong
        good += sum(1 for letter in text if letter > "\x7f") - wrong
        undefined = undefined or any(byte in chunk for byte in UNDEFINED_IN_CP1252)
    if broken * 10 <= good:
        return "utf-8"
    return "latin-1" if undefined else "cp1252"
