"""Wrong passwords: whoever guesses waits longer and longer, and nobody else does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.user.client import network_of
from services.user.throttle import FREE_FOR_ADDRESS, FREE_FOR_CLIENT
from tests.launcher import Launch, Service
from tests.letterbox import open_letterbox
from tests.test_user import PASSWORD, login, register

HOME, THIEF = "198.51.100.7", "203.0.113.9"


@pytest.fixture(scope="module")
def user(launch_module: Launch) -> Service:
    """One user service for this module."""
    return open_letterbox(launch_module("user"))


def guess(user: Service, email: str, times: int, client: str = THIEF) -> list[int]:
    return [login(user, email, f"wrong password {n}", client).status_code for n in range(times)]


def pass_time(user: Service, seconds: int) -> None:
    """As if all attempts had been that much earlier."""
    user.sql("UPDATE attempts SET at = at - make_interval(secs => $1)", float(seconds))


def test_nobody_can_lock_an_owner_out(user: Service) -> None:
    register(user, "ada@example.org")
    codes = guess(user, "ada@example.org", 30)
    assert codes[:FREE_FOR_ADDRESS] == [401] * FREE_FOR_ADDRESS
    assert 429 in codes
    assert login(user, "ada@example.org", client=HOME).status_code == 200
    # And the thief's own wait is not over because the owner came in.
    assert guess(user, "ada@example.org", 1) == [429]


def test_many_clients_do_not_lock_an_owner_out_either(user: Service) -> None:
    register(user, "grace@example.org")
    for number in range(25):
        assert guess(user, "grace@example.org", 1, f"192.0.2.{number}") == [401]
    assert login(user, "grace@example.org", client=HOME).status_code == 200


def test_the_wait_grows_and_ends(user: Service) -> None:
    """The right password waits too, else a guesser would know which one it is."""
    register(user, "slow@example.org")
    client, waits = "203.0.113.20", []
    assert guess(user, "slow@example.org", FREE_FOR_ADDRESS, client) == [401] * FREE_FOR_ADDRESS
    for _ in range(12):
        answer = login(user, "slow@example.org", client=client)
        assert answer.status_code == 429
        waits.append(int(answer.headers["Retry-After"]))
        pass_time(user, waits[-1])
        assert guess(user, "slow@example.org", 1, client) == [401]
    assert waits[:4] == [1, 2, 4, 8]
    assert waits == sorted(waits)
    assert max(waits) == 900
    pass_time(user, 900)
    assert login(user, "slow@example.org", client=client).status_code == 200
    assert guess(user, "slow@example.org", FREE_FOR_ADDRESS, client) == [401] * FREE_FOR_ADDRESS


def test_one_password_for_many_addresses_is_slowed_down(user: Service) -> None:
    client = "203.0.113.30"
    codes = [guess(user, f"spray{number}@example.org", 1, client)[0] for number in range(30)]
    assert codes[:FREE_FOR_CLIENT] == [401] * FREE_FOR_CLIENT
    assert 429 in codes


def test_an_account_of_their_own_does_not_help_a_guesser(user: Service) -> None:
    """A right password forgets the wrong ones for its own address only."""
    register(user, "own@example.org")
    client = "203.0.113.40"
    for number in range(FREE_FOR_CLIENT - 1):
        guess(user, f"victim{number}@example.org", 1, client)
    assert login(user, "own@example.org", client=client).status_code == 200
    codes = guess(user, "last@example.org", 2, client)
    assert codes == [401, 429]


def test_guesses_at_once_count_one_by_one(user: Service) -> None:
    register(user, "parallel@example.org")
    with ThreadPoolExecutor(12) as pool:
        tries = [pool.submit(guess, user, "parallel@example.org", 1, "203.0.113.50") for _ in range(12)]
    codes = sorted(one.result()[0] for one in tries)
    assert codes.count(401) < 12
    kept = user.sql("SELECT count(*) AS n FROM attempts WHERE client = '203.0.113.50'")
    assert kept[0]["n"] == codes.count(401)


def test_the_current_password_is_guarded_the_same_way(user: Service) -> None:
    """Whoever sits at a strange screen must not find it out by trying; the owner elsewhere can change it."""
    body, _ = register(user, "change@example.org")
    new = {"current": "wrong password", "new": "another good password"}

    def change(client: str, current: str) -> int:
        headers = {"X-User-Id": body["user"]["id"], "X-Real-IP": client}
        asked = new | {"current": current}
        return user.client.post("/api/v1/me/password", json=asked, headers=headers).status_code

    codes = [change("203.0.113.70", "wrong password") for _ in range(8)]
    assert codes[:FREE_FOR_ADDRESS] == [422] * FREE_FOR_ADDRESS
    assert 429 in codes
    assert change(HOME, PASSWORD) == 204


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.1", "203.0.113.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.1", "203.0.113.1"),
        ("nonsense", "unknown"),
        ("", "unknown"),
    ],
)
def test_who_counts_as_one_client(address: str, network: str) -> None:
    assert network_of(address) == network
