"""Migrations that the code before does not survive, and those that do not get their locks."""

from __future__ import annotations

from pathlib import Path

import pytest

from homeport.errors import ReleaseError
from tests.release.played.judged import Before, is_as_before, is_whole
from tests.scripted.edge import Edge
from tests.scripted.script import Fault, Killed
from tests.scripted.stack import MIGRATIONS, Play, target

DUMP = "migrate: postgres dump"


@pytest.fixture
def breaking(first: Play) -> Play:
    """What version 2 brings drops a column."""
    first.engine.databases.breaking = True
    return first


def restore_points(play: Play) -> list[str]:
    folder = Path(play.host.root) / "backups" / "restore-points"
    return sorted(path.name for path in folder.glob("*"))


def test_a_breaking_migration_is_refused_unless_it_is_allowed(breaking: Play, edge: Edge) -> None:
    before = Before.of(breaking, "1")
    with pytest.raises(
        ReleaseError, match="do not go with the code that runs; nothing was changed"
    ) as caught:
        breaking.deploy(target("2", edge.port))
    assert "--allow-breaking" in caught.value.hint
    assert "DROP COLUMN old" in caught.value.details
    is_as_before(breaking, before)
    assert breaking.engine.databases.applied == list(MIGRATIONS["1"])
    assert restore_points(breaking) == []


def test_an_allowed_one_has_a_restore_point_and_no_way_back(breaking: Play, edge: Edge) -> None:
    old = breaking.records()[-1]
    breaking.deploy(target("2", edge.port), allow_breaking=True)
    is_whole(breaking, "2")
    new = breaking.records()[-1]
    assert restore_points(breaking) == [f"{new.id}-shop_db.dump"]
    assert new.breaking == ("shop_db: ALTER TABLE item DROP COLUMN old",)
    for named in (None, old.id):
        with pytest.raises(ReleaseError, match="cannot run on the schema since") as caught:
            breaking.rollback(release=named)
        assert f"backups/restore-points/{new.id}-*" in caught.value.hint
    is_whole(breaking, "2")


def test_nothing_is_migrated_without_its_restore_point(breaking: Play, edge: Edge) -> None:
    before = Before.of(breaking, "1")
    with pytest.raises(ReleaseError, match="shop_db could not be dumped") as caught:
        breaking.deploy(target("2", edge.port), Fault(DUMP, "fails"), allow_breaking=True)
    assert caught.value.hint == "Nothing was migrated."
    is_as_before(breaking, before)
    assert breaking.engine.databases.applied == list(MIGRATIONS["1"])
    assert breaking.records()[-1].breaking == ()
    breaking.deploy(target("2", edge.port), allow_breaking=True)
    is_whole(breaking, "2")


@pytest.mark.parametrize("step", [DUMP, "migrate: compose run api-migrate", "services: compose up mail"])
def test_killed_about_a_breaking_migration_nobody_goes_back_over_it(
    step: str, breaking: Play, edge: Edge
) -> None:
    """Whether it has run, nobody knows: what was there before is not asked to run on it."""
    old = breaking.records()[-1]
    with pytest.raises(Killed):
        breaking.deploy(target("2", edge.port), Fault(step, "killed"), allow_breaking=True)
    breaking.begin()
    with pytest.raises(ReleaseError, match="cannot run on the schema since"):
        breaking.rollback(release=old.id)
    breaking.deploy(target("2", edge.port), allow_breaking=True)
    is_whole(breaking, "2")


def test_failed_after_a_breaking_migration_the_record_says_so(breaking: Play, edge: Edge) -> None:
    """The code before serves on, as it would have under the new code; but it is not brought back anew."""
    before = Before.of(breaking, "1")
    step = "services: compose up api-green worker-green"
    with pytest.raises(ReleaseError, match="could not start a container"):
        breaking.deploy(target("2", edge.port), Fault(step, "fails"), allow_breaking=True)
    is_as_before(breaking, before)
    failed = breaking.records()[-1]
    assert failed.verdict == "failed"
    assert failed.breaking == ("shop_db: ALTER TABLE item DROP COLUMN old",)
    assert restore_points(breaking) == [f"{failed.id}-shop_db.dump"]
    breaking.deploy(target("2", edge.port))
    is_whole(breaking, "2")


def test_a_lock_that_is_not_granted_is_tried_for_again(first: Play, edge: Edge) -> None:
    first.engine.databases.locked = 2
    outcome = first.deploy(target("2", edge.port))
    assert [step for step in first.engine.script.steps if "compose run" in step] == [
        "migrate: compose run api-migrate",
        "migrate: compose run api-migrate (2)",
        "migrate: compose run api-migrate (3)",
    ]
    assert outcome.migrations["api"] == "2 migrations (0003_new, 0004_newer)"
    is_whole(first, "2")


def test_a_lock_that_is_never_granted_ends_the_release(first: Play, edge: Edge) -> None:
    before = Before.of(first, "1")
    first.engine.databases.locked = 10**6
    with pytest.raises(ReleaseError, match="the migration of api did not get its locks in") as caught:
        first.deploy(target("2", edge.port))
    assert "End the long transaction" in caught.value.hint
    is_as_before(first, before)
    assert first.engine.databases.applied == list(MIGRATIONS["1"])
    first.engine.databases.locked = 0
    first.deploy(target("2", edge.port))
    is_whole(first, "2")


@pytest.mark.parametrize("kind", ["fails", "killed", "interrupted"])
@pytest.mark.parametrize(
    "step",
    [
        "migrate: docker rm shop_migration_api (3)",
        "migrate: postgres holders",
        "migrate: compose run api-migrate (2)",
    ],
)
def test_between_two_attempts_it_goes_wrong(step: str, kind: str, first: Play, edge: Edge) -> None:
    first.engine.databases.locked = 1
    try:
        first.deploy(target("2", edge.port), Fault(step, kind))  # type: ignore[arg-type]
    except (ReleaseError, KeyboardInterrupt, Killed):
        assert first.served()["api"] == "sha256:api-1"
    assert first.engine.script.happened, "the step was not taken"
    first.deploy(target("2", edge.port))
    is_whole(first, "2")
