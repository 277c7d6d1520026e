"""What a migration has done, from what its tool prints and writes down: how many, and which."""

from __future__ import annotations

import pytest

from homeport.release.migrations.ran import ToolTables, ran

NONE = ToolTables()
SAYS = {
    "alembic": (
        "INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.\n"
        "INFO  [alembic.runtime.migration] Running upgrade  -> 3f1a, create users\n"
        "INFO  [alembic.runtime.migration] Running upgrade 3f1a -> 9b2c, add age\n",
        "2 migrations (3f1a, 9b2c)",
    ),
    "Django": (
        "Operations to perform:\n  Apply all migrations: auth\nRunning migrations:\n"
        "  Applying auth.0001_initial... OK\n  Applying auth.0002_alter_permission... OK\n",
        "2 migrations (auth.0001_initial, auth.0002_alter_permission)",
    ),
    "Rails": (
        "== 20260131120000 CreateUsers: migrating ====\n-- create_table(:users)\n"
        "== 20260131120000 CreateUsers: migrated (0.0153s) ====\n",
        "1 migration (CreateUsers)",
    ),
    "Sequelize": (
        "== 20260131-create-users: migrating =======\n== 20260131-create-users: migrated (0.031s)\n",
        "1 migration (20260131-create-users)",
    ),
    "Flyway": (
        'Current version of schema "public": << Empty Schema >>\n'
        'Migrating schema "public" to version "1 - init"\nMigrating schema "public" to version "2 - age"\n',
        "2 migrations (1 - init, 2 - age)",
    ),
    "golang-migrate": (
        "1/u create_users (11.2ms)\n2/u add_age (6.8ms)\n",
        "2 migrations (1/u create_users, 2/u add_age)",
    ),
    "goose": (
        "2026/01/31 12:00:00 OK   00001_create_users.sql (9.81ms)\n",
        "1 migration (00001_create_users.sql)",
    ),
    "Prisma": ("Applying migration `20260131120000_init`\n", "1 migration (20260131120000_init)"),
    "dbmate": ("Applying: 20260131120000_users.sql\n", "1 migration (20260131120000_users.sql)"),
    "sqlx": ("Applied 2026/migrate create users (12.3ms)\n", "1 migration (2026/migrate create users)"),
    "in colours": ("\x1b[32m1/u create_users (11.2ms)\x1b[0m\n", "1 migration (1/u create_users)"),
}  # fmt: skip


@pytest.mark.parametrize("tool", SAYS)
def test_what_a_tool_prints(tool: str) -> None:
    said, words = SAYS[tool]
    assert ran(said, NONE, NONE).words() == words


def test_a_tool_that_prints_nothing_has_written_it_down() -> None:
    row = '({n},app,000{n}_step,"2026-01-31 12:00:00+00")'
    before = ToolTables.parse(f"writes|django_migrations|1\nrow|django_migrations|{row.format(n=1)}")
    after = ToolTables.parse(
        "writes|django_migrations|3\n"
        + "\n".join(f"row|django_migrations|{row.format(n=n)}" for n in (1, 2, 3))
    )
    assert ran("", before, after).words() == "2 migrations (app.0002_step, app.0003_step)"


def test_the_one_row_of_alembic_was_written_with_each_step() -> None:
    after = ToolTables.parse("writes|alembic_version|6\nrow|alembic_version|(006)")
    assert ran("", NONE, after).words() == "6 migrations (to 006)"


def test_how_many_is_not_said_where_it_is_not_known() -> None:
    """An attempt that gave up its lock has written the row as well; golang-migrate's row says only where it is."""
    before = ToolTables.parse("writes|alembic_version|1\nrow|alembic_version|(001)")
    after = ToolTables.parse("writes|alembic_version|5\nrow|alembic_version|(003)")
    assert ran("", before, after, attempts=2).words() == "ran, and is at 003"
    assert ran(
        "", NONE, ToolTables.parse("writes|schema_migrations|14\nrow|schema_migrations|(7,f)")
    ).words() == ("ran, and is at 7")


def test_nothing_to_do() -> None:
    books = ToolTables.parse("writes|alembic_version|6\nrow|alembic_version|(006)")
    assert ran("INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.\n", books, books).words() == (
        "nothing to do"
    )


def test_a_tool_that_nobody_knows() -> None:
    assert ran("BEGIN\nCREATE TABLE\nCOMMIT\n", NONE, NONE).words() == "ran; its last line: COMMIT"
    assert ran("", NONE, NONE).words() == "ran, and said nothing"


def test_many_are_not_all_named() -> None:
    said = "".join(f"{n}/u step (1ms)\n" for n in range(1, 10))
    assert ran(said, NONE, NONE).words() == (
        "9 migrations (1/u step, 2/u step, 3/u step, 4/u step, 5/u step, 6/u step and 3 more)"
    )
