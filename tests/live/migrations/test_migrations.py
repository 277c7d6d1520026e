"""Migrations beside a program under load: locks that cannot be had, SQL that must not run, ways back."""

from __future__ import annotations

import json
import time

import pytest

from tests.live.migrations.conftest import Shop

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200)]

FOREIGN_KEY = "ALTER TABLE orders ADD CONSTRAINT fk_customer FOREIGN KEY (customer) REFERENCES customers (id)"


def columns(shop: Shop, table: str = "orders") -> list[str]:
    return shop.sql(
        f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY 1"
    ).split()


def test_nothing_new_is_known_without_running_anything(shop: Shop) -> None:
    assert "nothing new: shop" in shop.release("idle")


def test_what_ran_is_said_and_written_down(shop: Shop) -> None:
    """This alembic prints nothing: its one row has been written as often as it took a step. psql keeps no books."""
    assert "shop: 1 migration (to 001)" in shop.output[0]
    assert "keeper: ran; its last line: " in shop.output[0]
    for number in (1, 2):
        shop.migration(f'op.execute("CREATE TABLE told_{number} (id int)")')
    words = f"2 migrations (to {shop.revision:03d})"
    assert f"shop: {words}" in shop.release("two of them")
    records = (shop.folder / ".homeport/local/state/history.jsonl").read_text().splitlines()
    assert json.loads(records[-1])["migrations"] == {"shop": words}


def test_nothing_pending_is_found_without_a_copy(shop: Shop) -> None:
    """A changed file, or other books than the release that serves has left: the migration itself is asked."""
    path = shop.folder / "app/migrations/env.py"
    path.write_text(f"{path.read_text()}\n")
    assert "no migration is pending" in shop.release("another file")
    shop.sql("ALTER TABLE alembic_version ADD COLUMN seen int")
    assert "no migration is pending" in shop.release("other books")
    assert "nothing new: shop" in shop.release("and again")


def test_a_service_of_one_container_is_migrated_before_it_is_replaced(shop: Shop) -> None:
    assert shop.sql("SELECT to_regclass('kept')", "keeper_db") == "kept"
    sql = shop.folder / "keeper/keep.sql"
    sql.write_text(sql.read_text().replace("kept", "kept_as_well"))
    said = [line.split()[1] for line in shop.up().splitlines() if line.startswith("  ✓")]
    assert said.index("migrate") < said.index("services")
    assert shop.sql("SELECT to_regclass('kept_as_well')", "keeper_db") == "kept_as_well"


@pytest.mark.slow
def test_a_foreign_key_and_a_column_under_a_reader_of_60_s(
    shop: Shop, record_property: pytest.RecordProperty
) -> None:
    shop.migration(f'op.execute("{FOREIGN_KEY}")', 'op.execute("ALTER TABLE orders ADD COLUMN paid boolean")')
    with shop.asked() as calm:
        time.sleep(15)
    before = shop.refused()
    with shop.asked() as asked, shop.reader(60):
        shop.release("foreign-key")
    words = f"{shop.refused() - before} locks given up; {asked.words()}; without a migration: {calm.words()}"
    print(words)
    record_property("load", words)
    assert asked.faults == []
    assert shop.refused() > before
    # What this machine takes at rest, and the one second that a migration may wait for a lock, and the rest of 1.5 s.
    assert asked.share(0.99) < calm.share(0.99) + 1.5, words
    assert "paid" in columns(shop)
    assert shop.sql("SELECT convalidated FROM pg_constraint WHERE conname = 'fk_customer'") == "t"


@pytest.mark.slow
@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_every_driver_waits_for_a_lock_only_a_second_and_the_old_code_serves(shop: Shop, driver: str) -> None:
    shop.driver(driver)
    shop.migration(f'op.execute("ALTER TABLE customers ADD COLUMN via_{driver} text")')
    before = shop.refused()
    with shop.reader(1, "customers"):
        shop.release(driver)
    assert shop.refused() > before
    assert f"via_{driver}" in columns(shop, "customers")
    assert shop.sql("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'") == "shop_db"


@pytest.mark.slow
def test_an_index_made_concurrently_under_a_reader_is_there_in_the_end(shop: Shop) -> None:
    shop.migration(
        "with op.get_context().autocommit_block():",
        '    op.execute("CREATE INDEX CONCURRENTLY ix_note ON orders (note)")',
    )
    with shop.reader(1):
        shop.release("index")
    assert shop.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_note'::regclass") == "t"


def test_one_that_fails_on_the_copy_is_refused_before_anything_is_touched(shop: Shop) -> None:
    path = shop.migration('op.execute("ALTER TABLE nobody ADD COLUMN x int")')
    said = shop.release("fails", ok=False)
    assert "the migration of shop fails on a copy of the schema; nothing was changed" in said
    assert 'relation "nobody" does not exist' in said
    assert "files" not in [line.split()[1] for line in said.splitlines() if line.startswith("  ✓")]
    shop.forget(path)


@pytest.mark.slow
def test_a_large_table_is_not_locked_for_a_scan(shop: Shop) -> None:
    shop.sql(
        "CREATE TABLE large AS SELECT n AS id, n AS other FROM generate_series(1, 150000) n; ANALYZE large;"
    )
    shop.sql("ALTER TABLE large OWNER TO shop_db")
    path = shop.migration('op.execute("CREATE INDEX ix_large ON large (other)")')
    said = shop.release("large", ok=False)
    assert "CREATE INDEX ix_large ON large (other)" in said
    assert "150,000 rows" in said
    assert "CONCURRENTLY" in said
    shop.forget(path)


def test_what_breaks_the_old_code_needs_a_word_and_stops_a_rollback(shop: Shop) -> None:
    shop.sql("ALTER TABLE customers ADD COLUMN old_fashioned text DEFAULT 'kept'")
    shop.sql("ALTER TABLE customers OWNER TO shop_db")
    shop.migration('op.execute("ALTER TABLE customers DROP COLUMN old_fashioned")')
    said = shop.release("breaks", ok=False)
    assert "the code that runs still reads the column" in said
    assert "old_fashioned" in columns(shop, "customers")
    shop.up("--allow-breaking")
    assert "old_fashioned" not in columns(shop, "customers")
    state = shop.folder / ".homeport/local"
    last = json.loads((state / "state/history.jsonl").read_text().splitlines()[-1])
    assert last["breaking"] == ["shop_db: ALTER TABLE customers DROP COLUMN old_fashioned"]
    (dump,) = (state / "backups/restore-points").glob("*-shop_db.dump")
    assert dump.name == f"{last['id']}-shop_db.dump"
    assert dump.stat().st_mode & 0o077 == 0
    said = shop.homeport("rollback", "local", ok=False)
    assert "DROP COLUMN old_fashioned" in said
    assert "restore-points" in said


@pytest.mark.slow
def test_a_reader_that_does_not_end_fails_the_deploy_and_the_old_code_serves(shop: Shop) -> None:
    path = shop.migration('op.execute("ALTER TABLE orders ADD COLUMN never boolean")')
    with shop.asked() as asked, shop.reader(3600):
        said = shop.release("never", ok=False)
    print(asked.words())
    assert "did not get its locks in" in said
    assert "SELECT pg_sleep(3600)" in said, "who holds it is named"
    assert "serves as before" in said
    assert asked.faults == []
    assert "never" not in columns(shop)
    shop.forget(path)
    assert "no migration is pending" in shop.release("after")
