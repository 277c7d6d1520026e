"""What a person does in the app, step by step; each step ends when the screen shows that it worked."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Error, Locator, Page, TimeoutError, expect

from tests.live.mailbox import link

from .bank_files import BankFile
from .conftest import PATIENCE, URL, Person

IMPORT_MS = 120_000 * PATIENCE
EVENT_MS = 60_000 * PATIENCE


def enter(page: Page, path: str) -> None:
    """Opens a path of the app; again when Chromium cut the page or its script for a change of networks."""
    for _ in range(4):
        try:
            page.goto(path)
            page.locator("h1").first.wait_for(state="attached", timeout=5_000 * PATIENCE)
        except Error as error:
            if "ERR_NETWORK_CHANGED" not in str(error) and not isinstance(error, TimeoutError):
                raise
        else:
            return
    expect(page.locator("h1")).to_be_visible()


def sign_up(page: Page, person: Person) -> None:
    """From the front door, by way of the mail, to an empty overview."""
    ask_for_account(page, person)
    enter(page, mailed(person))
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("A clean slate")).to_be_visible()


def mailed(person: Person, subject: str = "Confirm your e-mail address") -> str:
    """The path that the newest mail of this subject leads to."""
    stack = (urlsplit(os.environ[URL]).hostname or "").split(".")[0]
    path, _ = link(stack, person.email, subject)
    return path


def ask_for_account(page: Page, person: Person) -> None:
    """From the front door to the word that a mail is on its way."""
    enter(page, "/")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Name").fill(person.name)
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_label("Currency").select_option("EUR")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_focused()
    expect(page.get_by_text(person.email)).to_be_visible()


def log_in(page: Page, person: Person) -> None:
    """From the front door to the overview."""
    enter(page, "/login")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1, name=re.compile(person.name.split()[0]))).to_be_visible()


def go(page: Page, name: str) -> None:
    """Follows the navigation to the page of that name and waits until nothing is loading."""
    page.get_by_role("banner").get_by_role("link", name=re.compile(f"^{name}")).click()
    expect(page).to_have_title(re.compile(f"^{name}"))
    settled(page)


def settled(page: Page) -> None:
    """Waits until no part of the page says that it is loading."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".state .spinner")).to_have_count(0)


def import_file(page: Page, file: BankFile, folder: Path) -> Locator:
    """Uploads the file and waits for the end of the import; gives the card with its result."""
    go(page, "Import")
    page.locator("input[type=file]").set_input_files(file.save(folder))
    job = page.get_by_role("region", name="This import")
    expect(job.get_by_text(file.name)).to_be_visible()
    expect(job.locator("[data-status]")).to_have_attribute("data-status", "done", timeout=IMPORT_MS)
    return job


def counts(job: Locator) -> dict[str, int]:
    """The figures of a finished import by their names."""
    names = job.locator(".counts dt").all_inner_texts()
    values = job.locator(".counts dd").all_inner_texts()
    return {name: int(value.replace(",", "")) for name, value in zip(names, values, strict=True)}


def add_category(page: Page, name: str) -> None:
    """A new expense category in the settings."""
    go(page, "Settings")
    page.get_by_label("New category").fill(name)
    page.get_by_role("button", name="Add category").click()
    expect(page.get_by_role("button", name=f"Delete {name}")).to_be_visible()


def set_limit(page: Page, category: str, amount: str) -> None:
    """A monthly limit for a category that has none."""
    go(page, "Budgets")
    page.get_by_role("button", name="Set a limit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Category").select_option(category)
    dialog.get_by_label("Limit a month").fill(amount)
    dialog.get_by_role("button", name="Save the limit").click()
    expect(budget_row(page, category)).to_be_visible()


def budget_row(page: Page, category: str) -> Locator:
    """The bar of one category on the budgets page."""
    return page.get_by_role("listitem").filter(has_text=category).filter(has=page.get_by_role("progressbar"))


def spend(page: Page, category: str, amount: str, text: str) -> None:
    """Adds an expense of today by hand, and finds it again by its text."""
    go(page, "Transactions")
    page.get_by_role("button", name="Add").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Amount").fill(amount)
    dialog.get_by_label("Description").fill(text)
    dialog.get_by_label("Category").select_option(category)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    page.get_by_label("Search").fill(text)
    expect(page.get_by_role("row").filter(has_text=text)).to_have_count(1)


def ask_coach(page: Page, question: str) -> str:
    """Asks, and gives what the coach answers."""
    go(page, "Coach")
    answers = page.locator(".message.is-coach:not(.is-waiting)")
    before = answers.count()
    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Send").click()
    expect(answers).to_have_count(before + 1, timeout=EVENT_MS)
    return answers.last.locator(".message-text").inner_text()
