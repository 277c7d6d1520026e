"""What a migration's SQL will do to the code that runs: squawk finds it, the size of the live tables weighs it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from homeport.commands.command import Command
from homeport.engine.runner import LocalRunner
from homeport.errors import HomeportError

Kind = Literal["breaks", "locks"]
MANY_ROWS, LARGE = 100_000, 64 * 1024**2  # from here on a scan under a lock is felt

_SQUAWK_CURE = (
    "It comes with homeport: does `squawk --version` answer? If not, install homeport anew with pip."
)
_STEPS = "Take two releases: now code that does without it, then the migration with the next one."
# Rule of squawk -> what it means here, and the cure (squawk's documentation, PostgreSQL manual "ALTER TABLE").
_RULES: dict[str, tuple[Kind, str, str]] = {
    "ban-drop-column": ("breaks", "the code that runs still reads the column", _STEPS),
    "ban-drop-table": ("breaks", "the code that runs still reads the table", _STEPS),
    "ban-drop-database": ("breaks", "the code that runs still uses the database", _STEPS),
    "ban-truncate-cascade": ("breaks", "it deletes rows of other tables as well", "Name the tables."),
    "renaming-column": (
        "breaks",
        "the code that runs uses the old name",
        "Add a column of the new name, write to both, drop the old one a release later.",
    ),
    "renaming-table": (
        "breaks",
        "the code that runs uses the old name",
        "Leave a view of the old name: CREATE VIEW old AS SELECT * FROM new.",
    ),
    "changing-column-type": (
        "breaks",
        "the table may be rewritten, and the code that runs knows the old type",
        "Add a column of the new type, write to both, drop the old one a release later.",
    ),
    "adding-required-field": (
        "breaks",
        "the code that runs does not give it, so that its INSERTs fail",
        "Give it a DEFAULT, or let it be NULL until all code writes it.",
    ),
    "adding-not-nullable-field": (
        "breaks",
        "the code that runs may still write NULL",
        "ADD CONSTRAINT c CHECK (column IS NOT NULL) NOT VALID when all code writes it, VALIDATE it afterwards.",
    ),
    "adding-field-with-default": (
        "locks",
        "the whole table is rewritten while nobody can read it",
        "Add it without a default, fill it in batches, then set the default.",
    ),
    "adding-serial-primary-key-field": (
        "locks",
        "the whole table is rewritten while nobody can read it",
        "Add it as NULL, fill it in batches, CREATE UNIQUE INDEX CONCURRENTLY, then PRIMARY KEY USING INDEX.",
    ),
    "constraint-missing-not-valid": (
        "locks",
        "the whole table is read while nobody can write to it",
        "ADD CONSTRAINT ... NOT VALID, and VALIDATE CONSTRAINT in a migration of its own.",
    ),
    "adding-foreign-key-constraint": (
        "locks",
        "the whole table is read while nobody can write to it or to the other one",
        "ADD CONSTRAINT ... NOT VALID, and VALIDATE CONSTRAINT in a migration of its own.",
    ),
    "disallowed-unique-constraint": (
        "locks",
        "an index is built while nobody can read the table",
        "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... UNIQUE USING INDEX.",
    ),
    "require-concurrent-index-creation": (
        "locks",
        "nobody can write to the table while the index is built",
        "CREATE INDEX CONCURRENTLY, outside of a transaction (alembic: autocommit_block).",
    ),
}
# What squawk has no rule for.
_GONE = re.compile(
    r"\s*(DROP\s+(MATERIALIZED\s+VIEW|VIEW|SCHEMA|TYPE|FUNCTION|PROCEDURE|SEQUENCE)|TRUNCATE)\b", re.I
)
_TABLE = re.compile(
    r"\s*(?:ALTER\s+TABLE(?:\s+IF\s+EXISTS)?(?:\s+ONLY)?|DROP\s+TABLE(?:\s+IF\s+EXISTS)?"
    r"|TRUNCATE(?:\s+TABLE)?(?:\s+ONLY)?"
    r"|CREATE\s+(?:UNIQUE\s+)?INDEX\b.*?\sON(?:\s+ONLY)?)\s+((?:\"[^\"]+\"|[\w$]+)(?:\.(?:\"[^\"]+\"|[\w$]+))?)",
    re.I | re.S,
)
# PostgreSQL logs a DO block as one statement; what it does to tables stands in its body, perhaps as a text to EXECUTE.
_BLOCK = re.compile(r"\s*DO\b.*?(\$\w*\$)(.*)\1", re.I | re.S)
_WITHIN = re.compile(r"\b(?:ALTER|DROP|TRUNCATE|CREATE)\s[^;']*", re.I)
_FORMAT = re.compile(r"%[IsL]")


@dataclass(frozen=True)
class Size:
    """A live table: rows as the planner estimates them, bytes on disk."""

    rows: int
    size: int

    @property
    def large(self) -> bool:
        return self.rows >= MANY_ROWS or self.size >= LARGE


@dataclass(frozen=True)
class Finding:
    """`breaks`: the old code does not survive it. `locks`: it stops the old code for long."""

    kind: Kind
    database: str
    statement: str
    why: str
    cure: str

    def text(self) -> str:
        return f"{self.database}: {_short(self.statement)}\n    {self.why}.\n    {self.cure}"

    def line(self) -> str:
        return f"{self.database}: {_short(self.statement)}"


def lint(database: str, statements: list[str], tables: Mapping[str, Size]) -> list[Finding]:
    """What must not run beside the old code. `tables`: those of the live database, by schema.name; a table that
    is not among them is new, so that nothing can break."""
    found: dict[tuple[str, str], Finding] = {}
    whole = [one for statement in statements for one in (statement, *within(statement))]
    for statement, rule in _judged(whole):
        kind, why, cure = _RULES.get(rule, ("breaks", "the code that runs may still use it", _STEPS))
        table = table_of(statement)
        size = tables.get(table)
        if (table and size is None) or (kind == "locks" and not (size and size.large)):
            continue
        if size and kind == "locks":
            why = f"{why}: {size.rows:,} rows, {size.size // 1024**2} MiB"
        found.setdefault((statement, kind), Finding(kind, database, statement, why, cure))
    return list(found.values())


def within(statement: str) -> list[str]:
    """What the body of a DO block says that it does to tables; a name that is only known when it runs is "%"."""
    block = _BLOCK.match(statement)
    return [_FORMAT.sub('"%"', match[0].strip()) for match in _WITHIN.finditer(block[2])] if block else []


def table_of(statement: str) -> str:
    """`schema.name` of the table that a statement is about; empty when it names none, or one not known here."""
    match = _TABLE.match(statement)
    if not match or "%" in match[1]:
        return ""
    parts = re.findall(r"\"[^\"]+\"|[\w$]+", match[1])
    names = [p.strip('"') if p.startswith('"') else p.lower() for p in parts]
    return ".".join(names if len(names) > 1 else ["public", *names])


def _judged(statements: list[str]) -> Iterator[tuple[str, str]]:
    """Statement and the name of a rule that it breaks."""
    for statement in statements:
        if _GONE.match(statement):
            yield statement, "gone"
    starts, text = _numbered(statements)
    for one in _squawk(text) if statements else ():
        at = max(number for number, line in enumerate(starts) if line <= one["line"])
        if one["rule_name"] in _RULES:
            yield statements[at], one["rule_name"]


def _numbered(statements: list[str]) -> tuple[list[int], str]:
    """All in one text, and the line on which each begins (from 0)."""
    starts: list[int] = []
    lines: list[str] = []
    for statement in statements:
        starts.append(len(lines))
        lines += f"{statement.strip().rstrip(';')};".split("\n")
    return starts, "\n".join(lines) + "\n"


def _squawk(text: str) -> list[dict[str, Any]]:
    program = Path(sys.executable).with_name("squawk")
    argv = (str(program) if program.exists() else "squawk", "--reporter=json", "--pg-version=17.0")
    result = LocalRunner().run(Command(argv, acts=False, stdin=text.encode(), timeout=30))
    try:
        return list(json.loads(result.out or "[]"))
    except json.JSONDecodeError as fault:
        raise HomeportError(
            "squawk, which reads the migration's SQL, failed", _SQUAWK_CURE, result.tail()
        ) from fault


def _short(statement: str) -> str:
    text = " ".join(statement.split())
    return text if len(text) <= 160 else text[:157] + "..."
