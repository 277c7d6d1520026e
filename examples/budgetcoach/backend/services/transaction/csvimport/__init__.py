"""Reads the CSV exports of banks: finds the format from the file itself, then yields rows and bad lines.

Pure: bytes in, rows out; no database, no network. `detect` goes over the whole file once (a date order or a
decimal sign may only show itself on the last line), `read` a second time. Both hold one record in memory.
"""

from .detect import detect
from .model import BadLine, Columns, Format, FormatError, Row
from .read import read

__all__ = ["BadLine", "Columns", "Format", "FormatError", "Row", "detect", "read"]
