"""No value of a secret survives the redactor, however a program writes it."""

from __future__ import annotations

import base64
import html
import json
import random
import shlex
import string
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from homeport.secrets.redactor import MARK, Redactor
from homeport.secrets.value import generate

FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in a URL": lambda value: f"postgresql://web:{quote(value, safe='')}@postgres:5432/db",
    "in a query": lambda value: f"https://example.com/?key={quote_plus(value)}&x=1",
    "in a path": lambda value: f"https://example.com{quote('/' + value)}",
    "as JSON": lambda value: json.dumps({"key": value}),
    "as JSON, every letter": lambda value: json.dumps({"key": value}, ensure_ascii=False),
    "as JSON of JSON": lambda value: json.dumps(json.dumps(value)),
    "as Python shows it": repr,
    "in HTML": html.escape,
    "for a shell": shlex.quote,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 for a URL": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "basic auth": lambda value: base64.b64encode(f"user:{value}".encode()).decode(),
    "basic auth of another": lambda value: base64.b64encode(f"admin:{value}\n".encode()).decode(),
    "hex": lambda value: value.encode().hex(),
}


def values(count: int) -> list[str]:
    """Of all kinds: generated, with odd characters, of other alphabets, of 6 to 60 characters."""
    chance = random.Random(20261125)  # always the same ones
    alphabets = (
        string.ascii_letters + string.digits,
        string.printable.strip(),
        "äöüß€ñ漢字🔑",
        "*",
        "aB+/=%&\"'\\",
    )
    made = [generate().reveal() for _ in range(count // 4)]
    while len(made) < count:
        letters = chance.choice(alphabets)
        made.append("".join(chance.choice(letters) for _ in range(chance.randint(6, 60))))
    return made


@pytest.mark.parametrize("form", FORMS)
def test_no_value_survives_in_any_form(form: str) -> None:
    known = values(60)
    redactor = Redactor(known)
    for value in known:
        written = FORMS[form](value)
        clean = redactor.clean(f"web: could not log in with {written}; it goes on")
        assert value not in clean, (value, clean)
        inner = written.strip("\"'")
        assert inner not in clean, (inner, clean)


def test_a_text_of_many_values_close_together() -> None:
    """Side by side, overlapping, one within another, and such that taking one out makes another."""
    chance = random.Random(7)
    known = [*values(40), "abcdefgh", "efghijkl", "bcd12345", "xx***yy", "abcdef"]
    redactor = Redactor(known)
    for _ in range(300):
        pieces = [chance.choice([*known, "abcdefghijkl", "xxabcdefyy", " ", "-", "a"]) for _ in range(9)]
        clean = redactor.clean("".join(pieces))
        assert not [value for value in known if value in clean], clean


def test_a_value_of_several_lines_that_comes_line_by_line() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\nCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----\n"
    redactor = Redactor([key])
    clean = [redactor.clean(f"web | {line}") for line in key.splitlines()]
    assert clean[1:3] == [f"web | {MARK}"] * 2
    assert clean[0] == "web | -----BEGIN PRIVATE KEY-----", "what everybody's key begins with is no secret"


@pytest.mark.parametrize("cut", range(8, 44))
def test_a_text_that_was_cut_off_in_the_middle_of_a_value(cut: int) -> None:
    """A health answer is shown up to 200 characters: a piece of a key is a lot of it."""
    value = "S3cr-" + "x7Kq_9vB2" * 5
    clean = Redactor([value]).clean(f"HTTP 500 {value[:cut]}; last seen")
    assert clean == f"HTTP 500 {MARK}; last seen"


def test_words_of_an_address_are_secret_too() -> None:
    slack = "https://hooks.slack.example.com/services/T00000000/B00000000/abcdefghijklmnopqrstuvwx"
    redactor = Redactor([slack, "mailtos://ops:pass%20word@mail.example.com?to=ops@example.com"])
    clean = redactor.clean(
        "the token abcdefghijklmnopqrstuvwx at hooks.slack.example.com; 'pass word', pass%20word"
    )
    assert clean == f"the token {MARK} at hooks.slack.example.com; '{MARK}', {MARK}"


def test_short_values_do_not_make_a_text_unreadable() -> None:
    redactor = Redactor(["1", "abc", "demo", "pin42", ""])
    text = "release 1: abcd demos pin421 1abc"
    assert redactor.clean(text) == text
    assert redactor.clean('user demo, code "pin42"') == f'user {MARK}, code "{MARK}"'


def test_what_is_learnt_later_is_known_from_then_on() -> None:
    redactor = Redactor()
    assert redactor.clean("hunter2hunter2") == "hunter2hunter2"
    redactor.learn(["hunter2hunter2"])
    assert redactor.clean("hunter2hunter2") == MARK


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("s3://x.example.com/production-backups-budgetcoach", "Run `homeport rollback production 20261122`"),
        ("postgresql://u:pw123456@db/production_database_main", "homeport deploy production"),
        ("gateway-internal-shared-key-1", "gateway-blue-1 is healthy"),
        ("budgetcoach-mailer-2024-x9", "budgetcoach/gateway:1.2"),
    ],
)
def test_words_that_a_value_begins_with_stay(value: str, text: str) -> None:
    assert Redactor([value]).clean(text) == text
