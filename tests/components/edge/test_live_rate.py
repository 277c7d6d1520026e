"""However low the edge's limit for one address is, a release that asks through it is never refused by it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from homeport.engine.authority import Authority
from homeport.engine.wait import Seen, wait_until
from homeport.release.probe import Prober
from homeport.release.smoke import smoke
from homeport.stack import asked
from homeport.stack.parts import Environment, RateLimit
from tests.components.edge import conftest, stacks
from tests.components.edge.running import Running, ask

pytestmark = pytest.mark.live


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Running]:
    """Two requests per second and no more, whose certificate is of the operator's own authority, as in a release."""
    env = Environment(domain="strict.localhost", ports=conftest.free_ports())
    edge = stacks.api(routes={}, rate=RateLimit(per_second=2, burst=0))
    running = Running(stacks.target(edge, {}, env, f"hpedge-{os.getpid()}-strict"), tmp_path)
    running.ca = Authority.open((env.domain,))
    conftest.frontend(running.root / "www")
    try:
        running.up()
        yield running
    finally:
        running.down()
        shutil.rmtree(tmp_path, ignore_errors=True)


def test_a_release_keeps_to_the_limit(strict: Running) -> None:
    prober = Prober(strict.target, asked.requests(strict.target))
    prober.start()
    assert {smoke(strict.target) for _ in range(3)} == {"/ 200"}
    wait_until("the prober asks beside it", lambda: Seen(prober.count.asked > 2), 30)
    count = prober.stop()
    assert (count.failed, count.first_fault) == (0, "")
    connection = strict.connect()
    assert 429 in {ask(connection, "/").status for _ in range(3)}, "the limit is there"
