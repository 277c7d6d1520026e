"""The rendered tree runs alone: on a clean host, through a restart of the engine and reboots, without homeport."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.host import Host, until
from tests.hosts.plain import Plain, forget

pytestmark = [pytest.mark.live, pytest.mark.slow]

BY_HAND = """
sed -i 's/gateway-blue/gateway-green/' .env
docker compose up -d --no-deps --wait gateway-green
mkdir -p slots/current && touch slots/current/gateway.green
sleep 2
docker compose --profile '*' stop gateway-blue
docker compose --profile '*' rm -f gateway-blue
"""


@pytest.fixture(scope="module")
def plain(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plain]:
    try:
        plain = Plain.make(Path(tmp_path_factory.mktemp("plain")), host)
        plain.copy()
        yield plain
    finally:
        forget()


def sign_up(plain: Plain) -> tuple[int, str]:
    """Register a person through the edge, so that gateway, user service and database have worked."""
    person = '{"email": "ada@example.com", "password": "correct horse battery", "name": "Ada"}'
    return plain.ask("/api/v1/auth/register", person)


def asked(plain: Plain) -> int:
    """How many registrations wait for their mail, which goes nowhere from here."""
    query = "SELECT count(*) FROM account_requests WHERE email = 'ada@example.com'"
    words = f'docker compose exec -T postgres psql -U postgres -d user_db -Atc "{query}"'
    return int(plain.shell(words))


def test_it_starts_by_its_own_readme(plain: Plain) -> None:
    assert plain.shell("command -v homeport || true") == ""
    plain.start()
    until("all healthy", plain.healthy, 300)
    status, page = plain.ask("/")
    assert status == 200 and "<div id=" in page
    status, body = sign_up(plain)
    assert status == 202, body
    assert asked(plain) == 1


def test_a_second_time_changes_nothing(plain: Plain) -> None:
    before = plain.shell("docker ps -q --no-trunc | sort")
    plain.shell("docker compose -f docker-compose.prod.yml up -d --wait")
    assert plain.shell("docker ps -q --no-trunc | sort") == before


@pytest.mark.parametrize("event", ["engine", "reboot", "power"])
@pytest.mark.parametrize("slot", ["blue", "green"])
def test_it_comes_back_by_itself(plain: Plain, slot: str, event: str) -> None:
    if slot == "green" and "gateway-green" not in plain.states():
        plain.shell(BY_HAND)
    if event == "engine":
        plain.shell("systemctl restart docker")
    elif event == "reboot":
        plain.host.reboot()
    else:
        plain.host.lose_power()
    until("all healthy again", plain.healthy, 300)
    assert f"gateway-{slot}" in plain.states()
    flag = plain.shell("ls slots/current 2>/dev/null || true")
    assert ("gateway.green" in flag.split()) == (slot == "green")
    before = asked(plain)
    assert before > 0  # what Ada asked for is still there
    assert sign_up(plain)[0] == 202
    assert asked(plain) == before + 1
