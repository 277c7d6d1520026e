"""A web server and its worker on one database: both use it, each is released, the web server migrates it for both."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.live.customer import until
from tests.live.migrations.conftest import Shop, runs
from tests.live.migrations.test_migrations import columns

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


def noted(shop: Shop, words: str) -> None:
    until(f"clerk: {words}", lambda: shop.get("/note"), "the shop shows what the clerk wrote", 10)


@contextmanager
def started() -> Iterator[list[str]]:
    """Compose services whose containers were started in the block, known at its end."""
    names: list[str] = []
    form = '{{index .Actor.Attributes "com.docker.compose.service"}}'
    filters = ("--filter", "label=com.docker.compose.project=hpmig", "--filter", "event=start")
    words = ("docker", "events", *filters, "--format", form)
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield names
        finally:
            process.terminate()
            names += sorted(process.communicate()[0].split())


def test_the_worker_is_released_alone(shop: Shop) -> None:
    noted(shop, "open")
    before = runs("hpmig")
    shop.note("closed")
    with started() as names:
        shop.up()
    noted(shop, "closed")
    assert names == sorted(runs("hpmig").keys() - before.keys())
    assert [name.partition("-")[0] for name in names] == ["clerk"]


def test_the_web_server_migrates_once_for_both(shop: Shop) -> None:
    before = runs("hpmig")
    shop.migration('op.execute("ALTER TABLE orders ADD COLUMN shared boolean")')
    shop.note("both")
    with started() as names:
        shop.release("both")
    noted(shop, "both")
    assert before.keys().isdisjoint(runs("hpmig"))
    assert names == sorted([*runs("hpmig"), "shop-migrate"])
    assert "shared" in columns(shop)
