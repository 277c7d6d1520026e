"""scripts/deploy.sh of a service that migrates: its migration runs before, in the new image; what fails ends there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from homeport.commands.postgres import read_only
from tests.live.customer import until
from tests.live.migrations.conftest import Shop, run, runs
from tests.live.migrations.test_migrations import columns

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


def deploy(shop: Shop, *words: str, code: int = 0) -> str:
    return run("sh", str(shop.live / "scripts/deploy.sh"), *words, code=code)


def image(shop: Shop, tag: str) -> str:
    """The image that runs, with the migrations that there are now."""
    text = f"FROM {runs('hpmig')[serving(shop)]}\nCOPY migrations migrations\n"
    run("docker", "build", "-q", "-t", f"hpmig/shop:{tag}", "-f", "-", str(shop.folder / "app"), stdin=text)
    return f"hpmig/shop:{tag}"


def rendered(shop: Shop, tag: str, folder: Path) -> Path:
    """The plain files of a version: homeport takes it from git."""
    git = ("git", "-C", str(shop.folder), "-c", "user.name=shop", "-c", "user.email=shop@example.org")
    for words in (["init", "-q"], ["add", "app", "homeport.yaml"], ["commit", "-qm", tag], ["tag", tag]):
        run(*git, *words)
    shop.homeport("render", "local", "--images", "local", "--output", str(folder))
    return folder


def serving(shop: Shop) -> str:
    return "shop-green" if flags(shop) == ["shop.green"] else "shop-blue"


def flags(shop: Shop) -> list[str]:
    return sorted(path.name for path in (shop.live / "slots/current").glob("*.green"))


@contextmanager
def without_postgres() -> Iterator[None]:
    run("docker", "stop", "hpmig-postgres-1")
    try:
        yield
    finally:
        run("docker", "start", "hpmig-postgres-1")
        words = ("docker", "inspect", "--format", "{{.State.Health.Status}}", "hpmig-postgres-1")
        until("healthy", lambda: run(*words).strip(), "PostgreSQL is back")


def test_the_files_and_images_of_a_version_are_enough(shop: Shop, tmp_path: Path) -> None:
    shop.migration('op.execute("ALTER TABLE orders ADD COLUMN by_script boolean")')
    slot, new, others = serving(shop), image(shop, "two"), runs("hpmig")
    del others[slot]
    run("docker", "tag", *others.values(), "hpmig/clerk:two")
    shutil.copytree(rendered(shop, "two", tmp_path / "two"), shop.live, dirs_exist_ok=True)
    with shop.asked() as asked:
        deploy(shop)
    print(asked.words())
    assert asked.faults == []
    assert "by_script" in columns(shop)
    assert serving(shop) != slot
    assert runs("hpmig") == {serving(shop): new, **others}


def test_a_role_that_a_killed_homeport_left_read_only_migrates(shop: Shop) -> None:
    shop.migration('op.execute("ALTER TABLE orders ADD COLUMN by_reader boolean")')
    slot, new = serving(shop), image(shop, "three")
    shop.sql(read_only(["shop_db_migrate"], on=True))
    deploy(shop, f"shop={new}")
    assert "by_reader" in columns(shop)
    assert serving(shop) != slot
    assert runs("hpmig")[serving(shop)] == new


def test_a_deadlock_that_has_only_its_code_is_tried_again(shop: Shop) -> None:
    shop.sql("CREATE SEQUENCE tries; GRANT USAGE ON SEQUENCE tries TO shop_db")  # it is not rolled back
    shop.migration(
        "tries = op.get_bind().exec_driver_sql(\"SELECT nextval('tries')\").scalar()",
        'if tries < 2: raise RuntimeError("SQLSTATE 40P01")',
        'op.execute("ALTER TABLE orders ADD COLUMN by_patience boolean")',
    )
    said = deploy(shop, f"shop={image(shop, 'patient')}")
    assert "its migration waits for a lock, attempt 2" in said
    assert "by_patience" in columns(shop)


def test_without_postgresql_what_serves_serves_on(shop: Shop) -> None:
    path = shop.migration('op.execute("ALTER TABLE orders ADD COLUMN by_nobody boolean")')
    before, flag, new = runs("hpmig", "ID"), flags(shop), image(shop, "four")
    with shop.asked("/health") as asked, without_postgres():
        said = deploy(shop, f"shop={new}", code=1)
        assert "PostgreSQL does not answer; what served before serves on" in said
        assert runs("hpmig", "ID") == before
        assert flags(shop) == flag
    assert "four" not in (shop.live / ".env").read_text()
    assert asked.faults == []
    assert "by_nobody" not in columns(shop)
    shop.forget(path)


def test_homeport_takes_it_from_there(shop: Shop) -> None:
    with shop.asked() as asked:
        assert "no migration is pending" in shop.release("after")
    assert asked.faults == []
