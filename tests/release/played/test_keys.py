"""The key that releases are signed with is gone, or another one: nothing that serves is touched, and the next deploy is
signed with the key of now."""

from __future__ import annotations

import pytest

from homeport.errors import ReleaseError, SecretError
from homeport.secrets.signing import SIGNING
from homeport.secrets.value import Secret
from tests.release.played.judged import Before, bad_release, is_as_before, is_whole
from tests.scripted.edge import Edge
from tests.scripted.script import Fault
from tests.scripted.stack import EVERYTHING, Play, target


def rotate(play: Play) -> None:
    store = play.store
    store.set(SIGNING, Secret("another one"))
    store.save()


def test_without_a_key_there_is_no_way_back_until_the_next_deploy(second: Play, edge: Edge) -> None:
    before = Before.of(second, "2")
    store = second.store
    store.remove(SIGNING)
    store.save()
    with pytest.raises(SecretError, match=f"{SIGNING} is missing"):
        second.rollback()
    is_as_before(second, before)
    second.deploy(target("3", edge.port, EVERYTHING))
    is_whole(second, "3")


def test_with_another_key_no_release_of_before_comes_back(second: Play) -> None:
    before = Before.of(second, "2")
    rotate(second)
    with pytest.raises(ReleaseError, match="is not signed with homeport_signing") as caught:
        second.rollback()
    assert "git checkout TAG" in caught.value.hint
    is_as_before(second, before)


def test_with_another_key_a_bad_release_goes_back_all_the_same(second: Play, edge: Edge) -> None:
    """What runs is what was there: to serve on it needs no signature."""
    before = Before.of(second, "2")
    rotate(second)
    with pytest.raises(ReleaseError, match="HTTP 502"):
        second.deploy(bad_release(edge))
    is_as_before(second, before)


def test_with_another_key_levels_that_were_replaced_come_back(first: Play, edge: Edge) -> None:
    before = Before.of(first, "1")
    rotate(first)
    step = "services: compose up web-green web-green-2"
    with pytest.raises(ReleaseError, match=r"^the engine could not start a container$"):
        first.deploy(target("2", edge.port), Fault(step, "fails"), level_by_level=True)
    is_as_before(first, before)
