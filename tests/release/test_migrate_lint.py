"""What may not run beside the old code: squawk's findings weighed by the live tables; real squawk, real SQL."""

from __future__ import annotations

import pytest

from homeport.commands.postgres import BOOKS, LOCK_TIMEOUT, READ_ONLY
from homeport.errors import ReleaseError
from homeport.release.history import Record, parse
from homeport.release.migrations.lint import Size, lint, table_of
from homeport.release.rollback import refuse_over_breaking

SMALL, LARGE = Size(200, 8192), Size(2_000_000, 300 * 1024**2)
TABLES = {"public.small": SMALL, "public.large": LARGE, "Odd.Name": LARGE}


def kinds(*statements: str) -> list[str]:
    return [finding.kind for finding in lint("shop_db", list(statements), TABLES)]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE small DROP COLUMN note",
        "DROP TABLE small",
        "ALTER TABLE small RENAME COLUMN a TO b",
        "ALTER TABLE small RENAME TO other",
        "ALTER TABLE small ALTER COLUMN a TYPE bigint",
        "ALTER TABLE small ADD COLUMN a int NOT NULL",
        "ALTER TABLE small ALTER COLUMN a SET NOT NULL",
        "DROP VIEW report",
        "TRUNCATE small",
    ],
)
def test_what_the_old_code_does_not_survive_is_found_whatever_the_size(statement: str) -> None:
    assert kinds(statement) == ["breaks"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("ALTER TABLE small DROP COLUMN note;", ["breaks"]),
        ("IF true THEN DROP TABLE small; END IF;", ["breaks"]),
        ("EXECUTE 'ALTER TABLE small RENAME TO other';", ["breaks"]),
        ("EXECUTE format('ALTER TABLE %I DROP COLUMN %I', t, c);", ["breaks"]),
        ("CREATE INDEX i ON large (a); ALTER TABLE small DROP COLUMN note;", ["breaks", "locks"]),
        ("CREATE INDEX i ON small (a);", []),
        ("UPDATE small SET note = 'ALTER';", []),
        ("CREATE TYPE mood AS ENUM ('sad', 'ok'); EXCEPTION WHEN duplicate_object THEN NULL;", []),
    ],
)
def test_what_a_do_block_does_to_tables_is_looked_into(body: str, found: list[str]) -> None:
    assert sorted(kinds(f"DO $$ BEGIN {body} END $$")) == found
    assert sorted(kinds(f"DO LANGUAGE plpgsql $x$BEGIN\n{body}\nEND$x$;")) == found


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX i ON {} (a)",
        "CREATE UNIQUE INDEX i ON public.{} USING btree (a)",
        "ALTER TABLE {} ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES small (id)",
        "ALTER TABLE {} ADD CONSTRAINT c CHECK (a > 0)",
        "ALTER TABLE ONLY public.{} ADD CONSTRAINT u UNIQUE (a)",
        "ALTER TABLE {} ADD COLUMN t timestamptz DEFAULT clock_timestamp()",
    ],
)
def test_a_scan_under_a_lock_counts_where_the_table_is_large(statement: str) -> None:
    assert kinds(statement.format("small")) == []
    assert kinds(statement.format("new_one")) == [], "it was not there before: nobody uses it"
    assert kinds(statement.format("large")) == ["locks"]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE new (id int NOT NULL)",
        "CREATE INDEX CONCURRENTLY i ON large (a)",
        "ALTER TABLE large ADD COLUMN a int",
        "ALTER TABLE large ADD COLUMN a int NOT NULL DEFAULT 0",
        "ALTER TABLE large ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES small (id) NOT VALID",
        "INSERT INTO alembic_version (version_num) VALUES ('2')",
        "UPDATE large SET a = 1 WHERE id < 10",
    ],
)
def test_what_goes_with_the_old_code_is_left_alone(statement: str) -> None:
    assert kinds(statement) == []


def test_a_finding_names_the_statement_the_rows_and_the_cure() -> None:
    statements = [
        "CREATE TABLE n (\n  id int\n)",
        "CREATE INDEX i\n  ON large (a)",
        "ALTER TABLE small ADD COLUMN b int",
    ]
    (finding,) = lint("shop_db", statements, TABLES)
    assert finding.text() == (
        "shop_db: CREATE INDEX i ON large (a)\n"
        "    nobody can write to the table while the index is built: 2,000,000 rows, 300 MiB.\n"
        "    CREATE INDEX CONCURRENTLY, outside of a transaction (alembic: autocommit_block)."
    )


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("ALTER TABLE IF EXISTS ONLY Shop.Orders ADD x int", "shop.orders"),
        ('ALTER TABLE "Odd"."Name" ADD x int', "Odd.Name"),
        ("create unique index i on only t using gin (x)", "public.t"),
        ("DROP TABLE IF EXISTS t CASCADE", "public.t"),
        ("SELECT 1", ""),
    ],
)
def test_the_table_of_a_statement(statement: str, table: str) -> None:
    assert table_of(statement) == table


@pytest.mark.parametrize(
    "text",
    [
        "sqlalchemy.exc.DBAPIError: (asyncpg.exceptions.LockNotAvailableError) canceling statement due to lock timeout",
        "psycopg.errors.LockNotAvailable: canceling statement due to lock timeout",
        "ERROR: canceling statement due to lock timeout (SQLSTATE 55P03)",
        "django.db.utils.OperationalError: deadlock detected",
    ],
)
def test_a_lock_that_was_not_had_is_known_by_what_the_tools_say(text: str) -> None:
    assert LOCK_TIMEOUT.search(text)
    assert not LOCK_TIMEOUT.search("ERROR: relation does not exist (SQLSTATE 42P01)")
    assert READ_ONLY.search("ERROR:  cannot execute ALTER TABLE in a read-only transaction")


@pytest.mark.parametrize(
    "table",
    ["alembic_version", "django_migrations", "schema_migrations", "flyway_schema_history", "databasechangelog",
     "_prisma_migrations", "knex_migrations_lock", "goose_db_version", "SequelizeMeta", "ar_internal_metadata",
     "__EFMigrationsHistory", "atlas_schema_revisions", "_sqlx_migrations"],
)  # fmt: skip
def test_the_books_of_the_tools_are_known_by_their_names(table: str) -> None:
    import re  # noqa: PLC0415

    assert re.search(BOOKS, table, re.I)
    assert not re.search(BOOKS, "orders", re.I)


def record(number: int, verdict: str = "ok", breaking: tuple[str, ...] = ()) -> Record:
    return Record(f"20260101-00000{number}-000", f"v{number}", "a@b", "2026", verdict, breaking=breaking)


@pytest.mark.parametrize("verdict", ["ok", "failed"])
def test_code_from_before_a_migration_that_it_does_not_survive_does_not_come_back(verdict: str) -> None:
    records = [record(1), record(2, verdict, ("shop_db: DROP TABLE t",)), record(3)]
    with pytest.raises(ReleaseError) as caught:
        refuse_over_breaking(records, records[0])
    assert "DROP TABLE t" in caught.value.details
    assert "backups/restore-points/20260101-000002-000-*" in caught.value.hint
    refuse_over_breaking(records, records[1])
    refuse_over_breaking(records, records[2])


def test_the_history_keeps_what_breaks_and_reads_records_from_before() -> None:
    old = '{"id": "1", "version": "v1", "who": "a", "when": "b", "verdict": "ok", "changed": ["web"]}\n'
    found = parse(old + record(2, "ok", ("x",)).line())
    assert [r.breaking for r in found] == [(), ("x",)]
