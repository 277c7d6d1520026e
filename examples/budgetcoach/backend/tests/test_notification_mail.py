"""Who gets e-mail, what it may say, and how much of it: nobody can have the app mail somebody else."""

from __future__ import annotations

import subprocess
import uuid
from collections import Counter

import pytest

from services.notification.letters import LETTERS, harmless
from services.notification.limits import DAY, HOUR, LIMITS
from tests.launcher import Launch, Service
from tests.servers import RabbitServer, free_port, wait_for
from tests.test_notification import SENDER, event, exceeded, inbox, mails, publish, registered
from tests.test_start import start, write

TOKEN = "token-" + "x" * 30


@pytest.fixture(scope="module")
def mailbox(launch_module: Launch) -> Service:
    """A real mail server."""
    return launch_module("mailbox", {"SMTP_LISTEN_PORT": str(free_port())}, database=False)


@pytest.fixture(scope="module")
def notification(launch_module: Launch, mailbox: Service) -> Service:
    """The service that sends."""
    env = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": mailbox.env["SMTP_LISTEN_PORT"], "SMTP_FROM": SENDER}
    return launch_module("notification", env)


def letter(kind: str, email: str) -> dict[str, object]:
    return event("user.mail", uuid.uuid4(), mail=kind, email=email, token=TOKEN)


def states(notification: Service, user: uuid.UUID) -> dict[str, int]:
    """What became of the e-mails of a user, counted."""
    rows = notification.sql("SELECT state FROM emails WHERE user_id = $1", user)
    return dict(Counter(row["state"] for row in rows))


def settled(notification: Service, user: uuid.UUID, count: int) -> dict[str, int]:
    """As `states`, when that many are settled."""

    def done() -> bool:
        now = states(notification, user)
        return sum(now.values()) == count and not now.keys() & {"waiting", "sending"}

    wait_for(f"{count} e-mails are settled", done, 120)
    return states(notification, user)


def test_an_unverified_address_gets_nothing_but_its_verification(
    notification: Service, mailbox: Service, broker: RabbitServer
) -> None:
    """Events of a release before this one say nothing of it: their addresses are not verified either."""
    for number, more in enumerate(({"verified": False}, {})):
        user, email = uuid.uuid4(), f"unverified{number}@example.org"
        told = registered(user, email)
        del told["data"]["verified"]
        told["data"] |= more
        publish(broker, told, exceeded(user))
        assert settled(notification, user, 2) == {"unverified": 2}
        assert inbox(notification, user)["total"] == 2
        publish(broker, letter("verify", email))
        wait_for("the verification", lambda to=email: mails(mailbox, to) != [])  # type: ignore[misc]
        assert [mail["subject"] for mail in mails(mailbox, email)] == ["Confirm your e-mail address"]


def test_once_it_is_verified_mail_goes_there(
    notification: Service, mailbox: Service, broker: RabbitServer
) -> None:
    user, email = uuid.uuid4(), "later@example.org"
    changed = event("user.updated", user, email=email, name="Ada", currency="EUR", verified=True)
    changed |= {"occurred_at": "2026-01-02T00:00:00Z"}
    # An older release changes the name meanwhile and says nothing of the address.
    silent = event("user.updated", user, email=email, name="Ada B", currency="EUR")
    silent |= {"occurred_at": "2026-01-03T00:00:00Z"}
    publish(broker, registered(user, email, verified=False), changed, silent, exceeded(user))
    wait_for("the e-mail", lambda: any("Food" in mail["subject"] for mail in mails(mailbox, email)))
    assert "Hello Ada B," in next(m["text"] for m in mails(mailbox, email) if "Food" in m["subject"])


@pytest.mark.parametrize(("kind", "page"), [("verify", "/verify"), ("claim", "/reset"), ("reset", "/reset")])
def test_a_letter_leads_to_its_page(
    notification: Service, mailbox: Service, broker: RabbitServer, kind: str, page: str
) -> None:
    email = f"{kind}@example.org"
    publish(broker, letter(kind, email))
    wait_for("the letter", lambda: mails(mailbox, email) != [])
    [mail] = mails(mailbox, email)
    assert f"https://budgetcoach.localhost{page}#token={TOKEN}" in mail["text"].splitlines()
    assert mail["sender"] == SENDER


def test_no_token_stays_where_the_letter_was(
    notification: Service, mailbox: Service, broker: RabbitServer
) -> None:
    sent, refused = letter("reset", "gone@example.org"), letter("reset", "not an address")
    publish(broker, sent, refused)
    user = uuid.UUID(str(sent["user_id"]))
    assert settled(notification, user, 1) == {"sent": 1}
    rows = notification.sql("SELECT body FROM emails WHERE user_id = $1", user)
    assert [row["body"] for row in rows] == [""]
    assert TOKEN not in notification.log()


def test_an_address_that_has_an_account_is_told(
    notification: Service, mailbox: Service, broker: RabbitServer
) -> None:
    publish(broker, event("user.mail", uuid.uuid4(), mail="exists", email="has@example.org"))
    wait_for("the letter", lambda: mails(mailbox, "has@example.org") != [])
    [mail] = mails(mailbox, "has@example.org")
    assert "https://budgetcoach.localhost/forgot" in mail["text"].splitlines()
    assert "token" not in mail["text"]


SPAM = "Win at https://evil.example/x\r\nBcc: all@example.org\r\n\r\n<b>www.evil.example</b>"


def test_the_text_of_a_user_is_only_words(
    notification: Service, mailbox: Service, broker: RabbitServer
) -> None:
    """In the app it stays as it is; in an e-mail there is no link, no line and no header of it."""
    user, email = uuid.uuid4(), "words@example.org"
    publish(broker, registered(user, email, name=SPAM), exceeded(user, SPAM))
    assert settled(notification, user, 2) == {"sent": 2}
    assert any(SPAM in line["title"] for line in inbox(notification, user)["items"])
    for mail in mails(mailbox, email):
        assert mail["to"] == [email]
        text = "\n".join([mail["subject"], *mail["text"].splitlines()])
        text = text.replace("https://budgetcoach.localhost", "")
        for bad in ("evil.example", "://", "@", "<", "\r", "Bcc:"):
            assert bad not in text, text
        assert len(mail["subject"]) < 100
    assert mails(mailbox, "all@example.org") == []


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("Food & drink", "Food & drink"),
        ("Haushaltsgeräte", "Haushaltsgeräte"),
        ("खाना", "खाना"),
        ("evil.example", "evil example"),
        ("evil\uff0eexample\uff0fx", "evil example x"),
        ("a\r\nBcc: b@c", "a Bcc b c"),
        ("\u202egpj.exe", "gpj exe"),
        ("x" * 100, "x" * 37 + "..."),
        ("💸", "(no name)"),
        ("", "(no name)"),
        (5, 5),
    ],
)
def test_harmless(given: object, left: object) -> None:
    assert harmless(given) == left


def test_letters_carry_no_text_of_a_user() -> None:
    """All that is put into one is a token of our own making."""
    for one in LETTERS.values():
        assert "{" not in one.subject + one.words + one.end
        assert one.text("T").count("T") - one.text("").count("T") == 1


def test_a_user_gets_so_many_mails_an_hour(
    notification: Service, mailbox: Service, broker: RabbitServer
) -> None:
    """Two copies of the service share the count; letters about the account are counted apart."""
    user, email = uuid.uuid4(), "many@example.org"
    limit = LIMITS["budget"][HOUR]
    twin = notification.twin()
    try:
        publish(broker, registered(user, email), *(exceeded(user) for _ in range(limit + 5)))
        assert settled(notification, user, limit + 6) == {"sent": limit, "too_many": 6}
    finally:
        twin.stop()
    assert len(mails(mailbox, email)) == limit
    assert inbox(notification, user)["total"] == limit + 6
    publish(broker, letter("reset", email))
    wait_for("the letter", lambda: len(mails(mailbox, email)) == limit + 1)


def test_an_address_gets_so_many_letters(
    notification: Service, mailbox: Service, broker: RabbitServer
) -> None:
    """Whoever they are for and however the address is written; after a day it may get some again."""
    email, limit = "flooded@example.org", LIMITS["account"]
    letters = [letter("verify", spelt) for spelt in (email, "Flooded@Example.org") * limit[HOUR]]
    publish(broker, *letters)
    users = [uuid.UUID(str(one["user_id"])) for one in letters]

    def became() -> Counter[str]:
        rows = notification.sql("SELECT state FROM emails WHERE user_id = ANY($1::uuid[])", users)
        return Counter(row["state"] for row in rows)

    wanted = {"sent": limit[HOUR], "too_many": limit[HOUR]}
    wait_for("all are settled", lambda: became() == wanted)
    for hours in range(1, limit[DAY] // limit[HOUR]):
        later(notification, email)
        more = [letter("verify", email) for _ in range(limit[HOUR])]
        users += [uuid.UUID(str(one["user_id"])) for one in more]
        publish(broker, *more)
        sent = limit[HOUR] * (hours + 1)
        wait_for("these are sent", lambda n=sent: became()["sent"] == n)  # type: ignore[misc]
    later(notification, email)
    last = letter("verify", email)
    users.append(uuid.UUID(str(last["user_id"])))
    publish(broker, last)
    wait_for("the day is full", lambda: became()["too_many"] == limit[HOUR] + 1)
    assert len(mails(mailbox, email)) == limit[DAY]


def later(notification: Service, email: str) -> None:
    """As if all that was counted for the address had been an hour earlier."""
    notification.sql("UPDATE mail_counts SET at = at - interval '61 minutes' WHERE address = $1", email)


def test_a_mail_server_that_is_away_uses_up_no_limit(launch: Launch, broker: RabbitServer) -> None:
    """One e-mail counts once, however often it is tried."""
    env = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(free_port()), "SMTP_FROM": SENDER}
    notification = launch("notification", env)
    user = uuid.uuid4()
    publish(broker, registered(user, "patient@example.org"))
    tried = "SELECT count(*) AS n FROM emails WHERE attempts >= 3"
    wait_for("three tries", lambda: notification.sql(tried)[0]["n"] == 1)
    assert notification.sql("SELECT count(*) AS n FROM mail_counts")[0]["n"] == 1


@pytest.mark.parametrize("sender", ["", "nobody", "a@example.org\r\nBcc: b@example.org", "A <a@example.org>"])
def test_it_needs_a_sender(tmp_path_factory: pytest.TempPathFactory, sender: str) -> None:
    folder = tmp_path_factory.mktemp("secrets")
    write(
        folder,
        database_url="postgresql://127.0.0.1:1/x",
        rabbitmq_url="amqp://127.0.0.1:1",
        identity_notification="i" * 40,
    )
    done: subprocess.CompletedProcess[str] = start("notification", folder, SMTP_FROM=sender)
    assert done.returncode != 0
    assert "SMTP_FROM: the address that e-mails come from, such as coach@example.com" in done.stdout
