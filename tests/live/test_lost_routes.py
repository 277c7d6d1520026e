"""A gateway that is healthy and has lost its routes: the release fails before a visitor sees it. Only `smoke:` knows
what the app answers below /api, where the edge itself has no page to ask for."""

from __future__ import annotations

import json

import pytest

from tests.live.coach import Project

pytestmark = [pytest.mark.live, pytest.mark.slow]

ROUTES = "backend/services/gateway/routing.py"


def last_record(coach: Project) -> dict[str, object]:
    said = coach.homeport("history", "local", "--json", "--last", "1")
    record: dict[str, object] = json.loads(said.stdout.splitlines()[-1])
    return record


def test_a_gateway_without_routes_is_not_released(coach: Project) -> None:
    file = coach.folder / ROUTES
    good = file.read_text()
    with coach.client() as visitor:
        assert visitor.get("/api/v1/me").status_code == 401
        before = coach.identities()
        file.write_text(f"{good}\nSERVICES.clear()\n")
        try:
            said = coach.homeport("up", "--images", "local")
        finally:
            file.write_text(good)
        assert said.returncode == 1, said.stdout + said.stderr
        assert (
            "gateway is healthy, but answers /api/v1/me with HTTP 404, expected 401"
            in said.stdout + said.stderr
        )
        assert coach.identities() == before
        assert visitor.get("/api/v1/me").status_code == 401
    record = last_record(coach)
    assert record["verdict"] == "failed"
    probe = record["probe"]
    assert isinstance(probe, dict)
    assert (probe["failed"], probe["requests"]) == (0, ["GET /", "GET /api/v1/me"])
    assert "HTTP 404, expected 401" in str(record["reason"])
