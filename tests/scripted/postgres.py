"""A model of PostgreSQL and of a migration tool: what is applied, what an image brings, what the server says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from homeport.engine.runner import Result
from tests.scripted.script import Script

NO = Result(1, "", "the played PostgreSQL says no")
DATABASE, ROLE = "shop_db", "shop_db_migrate"


@dataclass
class Databases:
    """`brings`: image id -> names of its migrations; `applied`: those that the live database has."""

    brings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    applied: list[str] = field(default_factory=list)
    tool_keeps_books: bool = True
    breaking: bool = False  # whether what is pending drops a column
    locked: int = 0  # attempts that do not get their lock
    _refused: bool = False
    _logged: list[str] = field(default_factory=list)

    def copy(self) -> Databases:
        return Databases(
            dict(self.brings), list(self.applied), self.tool_keeps_books, self.breaking, self.locked
        )

    def pending(self, image: str) -> list[str]:
        return [name for name in self.brings.get(image, ()) if name not in self.applied]

    def migrate(self, service: str, image: str, write: bool) -> Result:
        """A run on the live database; as alembic, it tells on stderr what it does."""
        pending = self.pending(image)
        if pending and not write:
            self._refused = True
            return Result(1, "", "25006 cannot execute ALTER TABLE in a read-only transaction")
        if pending and self.locked:
            self.locked -= 1
            return Result(1, "", "55P03 lock timeout")
        self.applied += pending
        lines = (
            f"INFO  [alembic.runtime.migration] Running upgrade  -> {name}, {service}" for name in pending
        )
        return Result(0, "", "\n".join(lines))

    def answer(self, script: Script, argv: list[str], stdin: str, images: dict[str, str]) -> Result:
        """A command of commands/postgres.py."""
        words, text = " ".join(argv), ""
        if argv[:3] == ["docker", "run", "--rm"]:
            return self._task(script, argv, images)
        kind = self._kind(words, stdin)
        if not script.step(f"postgres {kind}"):
            return NO
        if kind == "dump":
            Path(argv[-1]).parent.mkdir(parents=True, exist_ok=True)
            Path(argv[-1]).write_text("dump")
        if kind == "log":
            text = f'ERROR: 25006 user="{ROLE}" read-only transaction' if self._refused else ""
            self._refused = False
        if kind == "statements":
            entries = (
                {"user": ROLE, "dbname": DATABASE, "message": f"statement: {sql}"} for sql in self._logged
            )
            text = "\n".join(json.dumps(entry) for entry in entries)
        return Result(0, text or self._rows(kind), "")

    @staticmethod
    def _kind(words: str, stdin: str) -> str:
        """What is asked, by a word that only it has."""
        known = {
            "pg_isready": "ready", "--since": "log", "/log/*.json": "statements", "pg_dumpall": "roles",
            "CREATE DATABASE": "copy", "-Fc": "dump", "\\connect": "books", "pg_stat_all_tables": "rows",
            "FROM pg_roles": "role names",
            "to_char(now()": "time", "FROM pg_database": "database names", "pg_table_size": "tables",
            "indisvalid": "indexes", "pg_stat_activity": "holders", "CREATE ROLE": "make roles",
            "read_only = on": "read only", "RESET default": "read and write",
        }  # fmt: skip
        return next(kind for word, kind in known.items() if word in words or word in stdin)

    def _rows(self, kind: str) -> str:
        books = hashlib.sha256(repr(self.applied).encode()).hexdigest() if self.tool_keeps_books else ""
        return {
            "role names": f"postgres\n{ROLE}",
            "time": "2026-11-22T19:45:01.000000Z",
            "database names": f"postgres\n{DATABASE}",
            "tables": "public.item|10|8192",
            "books": f"{DATABASE}|{books}",
            "rows": f"writes|alembic_version|{len(self.applied)}\nrow|alembic_version|({''.join(self.applied[-1:])})",
        }.get(kind, "")

    def _task(self, script: Script, argv: list[str], images: dict[str, str]) -> Result:
        image = images[next(word for word in argv if word in images)]
        asks = argv[argv.index("--network") + 1].endswith("_data")
        if not script.step(f"migration {'asks' if asks else 'tries'}"):
            return NO
        if asks:
            return self.migrate("api", image, write=False)
        act = "DROP COLUMN old" if self.breaking else "ADD COLUMN new int"
        self._logged = [f"ALTER TABLE item {act}" for _ in self.pending(image)]
        return Result(0, "", "")
