"""The first hour of a newcomer: from signing up to asking the coach, with three bank exports in between."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .bank_files import BankFile, bank_files
from .conftest import Person, Visit
from .steps import (
    EVENT_MS,
    add_category,
    ask_coach,
    budget_row,
    counts,
    enter,
    go,
    import_file,
    set_limit,
    settled,
    sign_up,
    spend,
)

pytestmark = pytest.mark.live
CATEGORY = "Model trains"


def test_the_first_hour(visitor: Visit, tmp_path: Path) -> None:
    page, person = visitor.page, Person()
    sign_up(page, person)
    for file in bank_files(date.today()):
        imports(visitor, file, tmp_path)
    sees_charts(visitor)
    add_category(page, CATEGORY)
    set_limit(page, CATEGORY, "100")
    crosses_the_limit(visitor)
    finds_the_notifications(visitor)
    assert ask_coach(page, "How much did I spend last month?")
    visitor.shot("journey-coach")
    stays_signed_in(page, person)
    signs_out(page)


def imports(visitor: Visit, file: BankFile, folder: Path) -> None:
    job = import_file(visitor.page, file, folder)
    assert counts(job) == {"Imported": file.lines - file.broken, "Already here": 0, "Refused": file.broken}
    expect(job.get_by_text("Detected format")).to_be_visible()
    expect(job.get_by_text({";": "semicolon", ",": "comma"}[file.separator], exact=True)).to_be_visible()
    expect(job.locator(".lines li")).to_have_count(file.broken)
    visitor.shot(f"journey-import-{file.name.split('.')[0]}")


def sees_charts(visitor: Visit) -> None:
    page = visitor.page
    go(page, "Overview")
    expect(page.get_by_role("img", name="Income and expense by month")).to_be_visible()
    expect(page.get_by_role("img", name="Spent in all")).to_be_visible()
    expect(page.get_by_role("img", name="Spending so far and forecast")).to_be_visible(timeout=EVENT_MS)
    visitor.shot("journey-overview")


def crosses_the_limit(visitor: Visit) -> None:
    page = visitor.page
    for amount, text, state in (("85", "Station building", "near"), ("40,50", "Locomotive", "exceeded")):
        spend(page, CATEGORY, amount, text)
        go(page, "Budgets")
        expect(budget_row(page, CATEGORY)).to_have_attribute("data-state", state, timeout=EVENT_MS)
    expect(budget_row(page, CATEGORY)).to_contain_text("€25.50 over")
    visitor.shot("journey-budgets")


def finds_the_notifications(visitor: Visit) -> None:
    page = visitor.page
    expect(page.get_by_test_id("unread")).to_be_visible(timeout=EVENT_MS)
    go(page, "Inbox")
    about = page.get_by_role("listitem").filter(has_text=CATEGORY)
    expect(about).to_have_count(2, timeout=EVENT_MS)
    visitor.shot("journey-inbox")
    page.get_by_role("button", name="Mark all read").click()
    expect(page.get_by_test_id("unread")).to_have_count(0)


def stays_signed_in(page: Page, person: Person) -> None:
    """A reload finds the session by its cookie, and no script of the page can read a token."""
    page.reload()
    settled(page)
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert stored == '[{},{},""]'


def signs_out(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    enter(page, "/budgets")
    expect(page).to_have_url(re.compile(r"/login\?next=%2Fbudgets$"))
