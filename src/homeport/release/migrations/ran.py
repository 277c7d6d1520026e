"""What a migration has done: how many steps, and which. Its tool says it, or has written it into its own tables; where
neither is known, its last line stands for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# A line of a tool for each step that it has done, the step's name in it: alembic; Django; Rails and Sequelize; Flyway;
# golang-migrate; goose; Prisma; dbmate and Diesel; sqlx; Liquibase.
_STEPS = (
    re.compile(r"Running upgrade [\w, ]*-> (\w+)"),
    re.compile(r"^\s*Applying (\w+\.\w+)\.\.\. OK"),
    re.compile(r"^== (?:\d+ )?(\S+): migrated"),
    re.compile(r"Migrating schema .* to version \"?([^\"]+?)\"?(?: with|$|\s*\[)"),
    re.compile(r"^(\d+/u \S+) \("),
    re.compile(r"\bOK\s+(\d+_\S+\.(?:sql|go))"),
    re.compile(r"^Applying migration `([^`]+)`"),
    re.compile(r"^(?:Applied|Running migration|Applying): ?(\d\S+)"),
    re.compile(r"^Running migration (\d\S+)"),
    re.compile(r"^Applied (\d+/\S+(?: \S+)*) \("),
    re.compile(r"ChangeSet (\S+::\S+) .*ran successfully"),
)
_SHOWN = 6  # names
_NOISE = re.compile(
    r"|\d{1,2}|[tf]|\d{4}-\d\d-\d\d .*|-?\d{8,10}|[0-9a-f]{32,}"
)  # numbers, flags, times, checksums
_POSITION = re.compile(r"\(\d+,[tf]\)")  # golang-migrate: one row, where it is and whether it is whole
_OF_ONE_ROW = "alembic_version"  # a row for each head, written anew with each step


@dataclass(frozen=True)
class ToolTables:
    """What migration tools have written down in a database: rows as texts, by table; and how often each was written."""

    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    writes: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> ToolTables:
        """The answer to `postgres.book_rows`."""
        rows: dict[str, tuple[str, ...]] = {}
        writes: dict[str, int] = {}
        for line in text.splitlines():
            kind, _, rest = line.partition("|")
            table, _, value = rest.partition("|")
            if kind == "writes":
                writes[table] = int(value)
                rows.setdefault(table, ())
            elif kind == "row":
                rows[table] = (*rows.get(table, ()), value)
        return cls(rows, writes)


@dataclass(frozen=True)
class Ran:
    """`count` is None where it is not known; 0 when there was nothing to do. `last`: the last line it printed."""

    count: int | None
    names: tuple[str, ...] = ()
    last: str = ""

    def words(self) -> str:
        """`2 migrations (0003_new, 0004_newer)`."""
        if self.count == 0:
            return "nothing to do"
        if self.count is None:
            if self.names:
                return f"ran, and is at {self._names()}"
            return f"ran; its last line: {self.last}" if self.last else "ran, and said nothing"
        return f"{self.count} migration{'s' if self.count > 1 else ''} ({self._names()})"

    def _names(self) -> str:
        more = len(self.names) - _SHOWN
        return ", ".join(self.names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def ran(output: str, before: ToolTables, after: ToolTables, attempts: int = 1) -> Ran:
    """From what it printed and its tool tables before the first attempt and after the last."""
    lines = [_COLOURS.sub("", line).rstrip() for line in output.splitlines() if line.strip()]
    if steps := [match[1].strip() for line in lines if (match := _step(line))]:
        return Ran(len(steps), tuple(steps))
    changed = [table for table in after.rows if after.rows[table] != before.rows.get(table, ())]
    if changed:
        return _written(changed, before, after, attempts)
    return Ran(0) if after.rows else Ran(None, last=lines[-1][:160] if lines else "")


def _step(line: str) -> re.Match[str] | None:
    return next((match for step in _STEPS if (match := step.search(line))), None)


def _written(changed: list[str], before: ToolTables, after: ToolTables, attempts: int) -> Ran:
    """What is new in the tool tables. Of a table that is only added to, each new row is a step."""
    new = [row for table in changed for row in after.rows[table] if row not in before.rows.get(table, ())]
    kept = all(set(before.rows.get(table, ())) <= set(after.rows[table]) for table in changed)
    names = tuple(map(_name, new))
    if changed == [_OF_ONE_ROW]:
        times = after.writes.get(_OF_ONE_ROW, 0) - before.writes.get(_OF_ONE_ROW, 0)
        if attempts == 1 and times > 0:  # an attempt that gave up a lock has written too, and does not count
            return Ran(times, tuple(f"to {name}" for name in names))
        return Ran(None, names)
    counts = kept and not any(map(_POSITION.fullmatch, new))
    return Ran(len(new) if counts else None, names)


def _name(row: str) -> str:
    """`(17,app,0001_initial,"2026-01-31 12:00:00+00")` -> `app.0001_initial`."""
    cells = [cell.strip('"') for cell in row.strip("()").split(",")]
    return ".".join(cell for cell in cells if not _NOISE.fullmatch(cell)) or cells[0]
