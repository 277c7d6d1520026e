"""Accounts and mail: addresses are verified, passwords reset by mail, no answer tells who has an account."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import httpx
import pytest

from tests.launcher import Launch, Service
from tests.letterbox import letters_to, next_letter, open_letterbox
from tests.test_user import PASSWORD, login, post, register, token_of

OTHER = "another good password"


@pytest.fixture(scope="module")
def user(launch_module: Launch) -> Service:
    """One user service for this module."""
    return open_letterbox(launch_module("user"))


def ask(user: Service, what: str, email: str, **more: str) -> httpx.Response:
    body = {"email": email, **more}
    if what == "register":
        body = {"password": PASSWORD, "name": "Ada"} | body
    return post(user, what, body)


def fields(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return dict(answer.json()["error"]["fields"])


def told(answer: httpx.Response) -> tuple[int, str, list[tuple[str, str]]]:
    """All of an answer but its time and its ids."""
    own = {"date", "x-request-id"}
    headers = [(name, value) for name, value in answer.headers.items() if name not in own]
    return answer.status_code, answer.text, headers


def test_an_account_begins_with_its_mail(user: Service) -> None:
    """Until then nobody can log in, no other service hears of it, and there is no row of an account."""
    answer = ask(user, "register", "new@example.org")
    assert (answer.status_code, answer.json()) == (202, {"status": "look into your mail"})
    assert "set-cookie" not in answer.headers
    token = next_letter(user, "new@example.org")["token"]
    assert login(user, "new@example.org").status_code == 401
    assert user.sql("SELECT 1 FROM users WHERE email = 'new@example.org'") == []
    wrong = post(user, "verify", {"token": token, "password": "not the one"})
    assert fields(wrong) == {"password": "is not that of this account"}
    right = post(user, "verify", {"token": token, "password": PASSWORD})
    assert (right.status_code, right.json()["user"]["verified"]) == (200, True)
    assert token_of(right)
    assert login(user, "new@example.org").status_code == 200


@pytest.mark.parametrize("what", ["register", "forgot"])
def test_a_token_works_once_and_is_kept_as_a_hash(user: Service, what: str) -> None:
    email = f"once-{what}@example.org"
    if what == "forgot":
        register(user, email)
    ask(user, what, email)
    token = next_letter(user, email)["token"]
    kept = user.sql("SELECT * FROM account_requests WHERE email = $1", email)
    assert [row["token_hash"] for row in kept] == [hashlib.sha256(token.encode()).digest()]
    assert token not in str(kept) and token not in user.log()
    path = "verify" if what == "register" else "reset"
    good = {"token": token, "password": PASSWORD}
    assert post(user, path, good).is_success
    assert list(fields(post(user, path, good))) == ["token"]


@pytest.mark.parametrize("what", ["register", "forgot"])
def test_a_token_expires(user: Service, what: str) -> None:
    email = f"late-{what}@example.org"
    if what == "forgot":
        register(user, email)
    ask(user, what, email)
    token = next_letter(user, email)["token"]
    user.sql("UPDATE account_requests SET expires_at = now() - interval '1 s' WHERE email = $1", email)
    path = "verify" if what == "register" else "reset"
    assert list(fields(post(user, path, {"token": token, "password": PASSWORD}))) == ["token"]


def test_a_token_opens_only_what_it_is_for(user: Service) -> None:
    register(user, "kind@example.org")
    ask(user, "forgot", "kind@example.org")
    reset = next_letter(user, "kind@example.org")["token"]
    assert list(fields(post(user, "verify", {"token": reset, "password": PASSWORD}))) == ["token"]
    ask(user, "register", "kind2@example.org")
    verify = next_letter(user, "kind2@example.org")["token"]
    assert list(fields(post(user, "reset", {"token": verify, "password": PASSWORD}))) == ["token"]


def test_who_registers_a_foreign_address_gets_nothing(user: Service) -> None:
    """Its owner opens the account that is theirs, by their password; the stranger's dies with it."""
    ask(user, "register", "wanted@example.org", password="the password of a stranger")
    strange = next_letter(user, "wanted@example.org")["token"]
    ask(user, "register", "wanted@example.org")
    own = next_letter(user, "wanted@example.org")["token"]
    answer = post(user, "verify", {"token": strange, "password": PASSWORD})
    assert list(fields(answer)) == ["password"]
    assert post(user, "verify", {"token": own, "password": PASSWORD}).status_code == 200
    stranger = {"token": strange, "password": "the password of a stranger"}
    assert list(fields(post(user, "verify", stranger))) == ["token"]
    assert login(user, "wanted@example.org", "the password of a stranger").status_code == 401


def test_a_new_password_by_mail_ends_all_log_ins(user: Service) -> None:
    _, session = register(user, "forgetful@example.org")
    elsewhere = token_of(login(user, "forgetful@example.org"))
    assert ask(user, "forgot", "Forgetful@Example.org").status_code == 202
    letter = next_letter(user, "forgetful@example.org")
    assert letter["mail"] == "reset"
    assert list(fields(post(user, "reset", {"token": letter["token"], "password": "short"}))) == ["password"]
    assert post(user, "reset", {"token": letter["token"], "password": OTHER}).status_code == 204
    assert post(user, "refresh", token=session).status_code == 401
    assert post(user, "refresh", token=elsewhere).status_code == 401
    assert login(user, "forgetful@example.org").status_code == 401
    assert login(user, "forgetful@example.org", OTHER).status_code == 200


@pytest.mark.parametrize("what", ["register", "forgot", "login"])
def test_the_same_answer_whether_or_not_there_is_an_account(user: Service, what: str) -> None:
    register(user, f"there-{what}@example.org")
    ask(user, "register", f"pending-{what}@example.org")
    wrong = {"password": "wrong password"} if what == "login" else {}
    answers = [
        ask(user, what, f"{who}-{what}@example.org", **wrong) for who in ("there", "pending", "nowhere")
    ]
    first, *others = [told(answer) for answer in answers]
    # The correlation id is in the body of an error.
    ids = [answer.headers["x-request-id"] for answer in answers]
    texts = {answer.text.replace(id_, "") for answer, id_ in zip(answers, ids, strict=True)}
    assert len(texts) == 1
    assert all((code, headers) == (first[0], first[2]) for code, _, headers in others)


def test_the_right_password_of_a_registration_tells_nothing(user: Service) -> None:
    """Else one could register an address and see by a log-in whether it had an account before."""
    register(user, "known@example.org")
    ask(user, "register", "known@example.org", password=OTHER)
    ask(user, "register", "unknown@example.org", password=OTHER)
    letters_to(user, "unknown@example.org")
    known, unknown = (login(user, f"{who}@example.org", OTHER) for who in ("known", "unknown"))
    assert known.status_code == unknown.status_code == 401
    assert known.json()["error"] == unknown.json()["error"]


@contextmanager
def nobody_can_read_the_accounts(user: Service) -> Iterator[None]:
    """The table is locked: whoever looks whether an account exists gets no answer."""
    held, release = threading.Event(), threading.Event()

    async def hold() -> None:
        connection = await asyncpg.connect(user.dsn or "")
        async with connection.transaction():
            await connection.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
            held.set()
            await asyncio.to_thread(release.wait, 60)
        await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(hold()))
    thread.start()
    try:
        assert held.wait(20)
        yield
    finally:
        release.set()
        thread.join(20)


def test_the_same_time_whether_or_not_there_is_an_account(user: Service) -> None:
    """Neither asks for the account before it answers, so the time of the answer can not depend on it."""
    register(user, "timed@example.org")
    with nobody_can_read_the_accounts(user):
        for what in ("register", "forgot"):
            assert ask(user, what, "timed@example.org").status_code == 202
    assert sorted(letters_to(user, "timed@example.org")) == ["exists", "reset"]


def test_only_the_owner_of_an_account_gets_mail(user: Service) -> None:
    register(user, "owner@example.org")
    ask(user, "register", "OWNER@example.org", password=OTHER)
    ask(user, "forgot", "stranger@example.org")
    assert letters_to(user, "owner@example.org") == ["exists"]
    assert letters_to(user, "stranger@example.org") == []
    assert login(user, "owner@example.org", OTHER).status_code == 401


def test_an_account_of_an_earlier_release_verifies_its_address(user: Service) -> None:
    """It can be used; all that is mailed there before is a verification."""
    body, _ = register(user, "old@example.org")
    user.sql("UPDATE users SET verified_at = NULL WHERE email = 'old@example.org'")
    headers = {"X-User-Id": body["user"]["id"]}
    assert login(user, "old@example.org").json()["user"]["verified"] is False
    for what in ("register", "forgot"):
        ask(user, what, "old@example.org")
    assert letters_to(user, "old@example.org") == ["claim", "claim"]
    answer = user.client.post("/api/v1/me/verification", headers=headers)
    assert answer.status_code == 202
    letter = next_letter(user, "old@example.org")
    assert letter["mail"] == "verify"
    verified = post(user, "verify", {"token": letter["token"], "password": PASSWORD})
    assert verified.json()["user"]["verified"] is True
    assert user.client.post("/api/v1/me/verification", headers=headers).status_code == 202
    assert letters_to(user, "old@example.org") == []


def test_the_release_before_goes_on_beside_this_one(user: Service) -> None:
    """What its code writes to these tables is taken, and it can log in here."""
    old = "INSERT INTO users (id, email, name, currency, email_notifications, password_hash) "
    email = "before@example.org"
    register(user, "model@example.org")
    copy = "SELECT gen_random_uuid(), $1, name, currency, email_notifications, password_hash FROM users"
    user.sql(f"{old} {copy} WHERE email = 'model@example.org'", email)
    user.sql("INSERT INTO login_attempts (email) VALUES ($1)", email)
    assert login(user, email).json()["user"]["verified"] is False


def test_a_claim_verifies_too(user: Service) -> None:
    register(user, "claim@example.org")
    user.sql("UPDATE users SET verified_at = NULL WHERE email = 'claim@example.org'")
    ask(user, "forgot", "claim@example.org")
    token = next_letter(user, "claim@example.org")["token"]
    assert post(user, "reset", {"token": token, "password": OTHER}).status_code == 204
    assert login(user, "claim@example.org", OTHER).json()["user"]["verified"] is True


def test_a_client_asks_for_so_many_mails_an_hour(user: Service) -> None:
    """Whoever they are for; another client is not slowed down by that."""
    client = "203.0.113.60"
    body = {"email": "flood@example.org"}
    user.sql(
        "INSERT INTO attempts (kind, client, email) SELECT 'mail', $1, '' FROM generate_series(1, 59)", client
    )
    assert post(user, "forgot", body, client=client).status_code == 202
    person = body | {"password": PASSWORD, "name": "Ada"}
    for what, asked in (("forgot", body), ("register", person)):
        answer = post(user, what, asked, client=client)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 0
    assert post(user, "forgot", body, client="203.0.113.61").status_code == 202
