"""What is mounted into a service's container beside its own volumes and tmpfs is what the rules keep free."""

from __future__ import annotations

from pathlib import Path

import pytest

from homeport.render.render import render
from homeport.stack.inside import HELD, held, plain
from homeport.stack.load import load
from homeport.stack.model import Target

CORNERS = Path(__file__).parents[2] / "golden" / "corners" / "homeport.yaml"


def test_the_rules_know_every_mount_of_homeport() -> None:
    target = Target(load(CORNERS), "local")
    own = {v.path for s in target.services.values() for v in s.volumes}
    own |= {path for s in target.services.values() for path in s.tmpfs}
    mounted = {
        place
        for container in render(target).containers
        if dict(container.labels).get("homeport.service") in target.services
        for place in (*(m.target for m in container.mounts), *(t.partition(":")[0] for t in container.tmpfs))
    }
    assert {"/run/secrets", "/run/homeport", "/tmp"} <= mounted
    assert mounted - own <= HELD.keys()


@pytest.mark.parametrize(
    ("path", "real"),
    [("/var/run/x", "/run/x"), ("/var/run", "/run"), ("/a/./b/../c", "/a/c"), ("/var/runner", "/var/runner")],
)
def test_the_plain_form_of_a_path(path: str, real: str) -> None:
    assert plain(path) == real


@pytest.mark.parametrize(
    "path", ["/run", "/data", "/run/homeported", "/etc/hosts.d", "/devices", "/tmpfiles"]
)
def test_what_is_free(path: str) -> None:
    assert held(path) == ""
