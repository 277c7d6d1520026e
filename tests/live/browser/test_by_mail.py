"""What is settled by mail: an account begins with it, and a forgotten password ends with it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.live.coach import Project
from tests.live.mailbox import link, mails

from .conftest import Person, Visit
from .steps import ask_for_account, enter, log_in, mailed, sign_up

pytestmark = pytest.mark.live
RESET = "Choose a new password"


def test_an_account_is_opened_by_its_mail(visitor: Visit, coach: Project) -> None:
    """Not before, not with another password than the one that was chosen, and once."""
    page, person = visitor.page, Person()
    ask_for_account(page, person)
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_text("Sent once more.")).to_be_visible()
    path = mailed(person)
    enter(page, "/login")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert").filter(has_text="not confirmed yet")).to_be_visible()
    enter(page, path)
    page.get_by_label("Password").fill("not the one")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert").filter(has_text="wrong")).to_be_visible()
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("A clean slate")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/$"))
    visitor.context.clear_cookies()
    # Another path first: a change of the fragment alone loads nothing.
    enter(page, "/login")
    enter(page, path)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert").filter(has_text="not valid any more")).to_be_visible()
    [sender] = {mail["sender"] for mail in mails(coach.name, person.email)}
    assert sender == "coach@budgetcoach.localhost"
    visitor.faults.clear()


def test_a_forgotten_password(visitor: Visit) -> None:
    page, person = visitor.page, Person()
    sign_up(page, person)
    visitor.context.clear_cookies()
    enter(page, "/login")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_focused()
    enter(page, mailed(person, RESET))
    page.get_by_label("New password").fill("a new one for the engine")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("heading", name="Your new password is set")).to_be_focused()
    page.get_by_role("link", name="Log in").click()
    log_in(page, Person(person.name, person.email, "a new one for the engine"))
    visitor.faults.clear()


def test_a_reset_ends_the_session_that_it_is_made_from(visitor: Visit) -> None:
    """Whoever is signed in sees the page all the same, and is signed out afterwards, here as everywhere."""
    page, person = visitor.page, Person()
    sign_up(page, person)
    with page.expect_response(re.compile("/auth/forgot")):
        page.evaluate(
            "email => fetch('/api/v1/auth/forgot', {method: 'POST', body: JSON.stringify({email}),"
            " headers: {'Content-Type': 'application/json'}})",
            person.email,
        )
    enter(page, mailed(person, RESET))
    page.get_by_label("New password").fill("a new one for the engine")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("heading", name="Your new password is set")).to_be_visible()
    enter(page, "/budgets")
    expect(page).to_have_url(re.compile(r"/login\?next=%2Fbudgets$"))
    visitor.faults.clear()


def test_an_address_that_has_an_account_is_told_by_mail_only(visitor: Visit, coach: Project) -> None:
    page, person = visitor.page, Person()
    sign_up(page, person)
    visitor.context.clear_cookies()
    ask_for_account(page, Person("Somebody", person.email, "another password"))
    enter(page, "/forgot")
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    log_in(page, person)
    seen = [mail["subject"] for mail in mails(coach.name, person.email)]
    assert "You have an account already" in seen
    assert mails(coach.name, "nobody@example.org") == []
    assert link(coach.name, person.email)
    visitor.faults.clear()
