"""Every page, on a phone and a desktop, light and dark: axe finds nothing, nothing is wider than the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from .bank_files import german
from .conftest import Person, Visit, visit
from .steps import add_category, enter, go, import_file, log_in, set_limit, sign_up, spend

pytestmark = pytest.mark.live
PAGES = ("Overview", "Transactions", "Import", "Budgets", "Coach", "Inbox", "Settings")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": {"type": "tag", "values": TAGS}}


@pytest.fixture(scope="module")
def resident(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Person:
    """Somebody with a year of data, a limit and mail in the inbox."""
    person, first = Person(), visit(browser)
    sign_up(first.page, person)
    import_file(first.page, german(date.today()), tmp_path_factory.mktemp("bank"))
    add_category(first.page, "Travel funds")
    set_limit(first.page, "Travel funds", "100")
    spend(first.page, "Travel funds", "90", "Night train")
    first.context.close()
    return person


@pytest.fixture(
    params=[(1280, "light"), (1280, "dark"), (375, "light"), (375, "dark")], ids=lambda p: f"{p[0]}-{p[1]}"
)
def visitor(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Visit, str]]:
    """A visitor of each width and colour scheme."""
    width, scheme = request.param
    visitor = visit(browser, width, scheme)
    yield visitor, f"{width}-{scheme}"
    visitor.context.close()


def test_every_page_is_accessible(visitor: tuple[Visit, str], resident: Person) -> None:
    seen, name = visitor
    faults: list[str] = []
    for door in ("/signup", "/login"):
        enter(seen.page, door)
        expect(seen.page.get_by_label("Password")).to_be_visible()
        faults += look(seen, f"{name}-{door[1:]}")
    faults += by_mail(seen, name)
    log_in(seen.page, resident)
    for title in PAGES:
        go(seen.page, title)
        faults += look(seen, f"{name}-{title.lower()}")
    for title, button in (("Transactions", "Add"), ("Budgets", "Set a limit")):
        go(seen.page, title)
        seen.page.get_by_role("button", name=button).click()
        expect(seen.page.get_by_role("dialog").get_by_role("textbox").first).to_be_visible()
        faults += look(seen, f"{name}-{title.lower()}-dialog")
        seen.page.keyboard.press("Escape")
        expect(seen.page.get_by_role("button", name=button)).to_be_focused()
    faults += seen.faults
    assert not faults, "\n".join(faults)


def by_mail(seen: Visit, name: str) -> list[str]:
    """The pages around a mail; their links need no mail to be shown."""
    page, faults = seen.page, []
    enter(page, "/forgot")
    page.get_by_label("E-mail").fill(f"{name}@example.org")
    faults += look(seen, f"{name}-forgot")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    faults += look(seen, f"{name}-check-mail")
    for path, button in (("/verify", "Confirm"), ("/reset", "Set the password")):
        enter(page, path)
        expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
        faults += look(seen, f"{name}-{path[1:]}-broken")
        enter(page, f"{path}?again#token={'x' * 43}")
        page.get_by_role("button", name=button).click()
        expect(page.get_by_label("Password", exact=False)).to_have_accessible_description(re.compile("."))
        faults += look(seen, f"{name}-{path[1:]}")
    return faults


def look(seen: Visit, name: str) -> list[str]:
    """Keeps a picture; gives what axe objects to, and whether the page is wider than its window."""
    seen.shot(name)
    found = Axe().run(seen.page, options=RULES).response["violations"]
    faults = [f"{name}: {v['id']}: {v['help']}: {n['target']}" for v in found for n in v["nodes"]]
    return faults + ([f"{name}: wider than the window"] if too_wide(seen.page) else [])


def too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_keyboard_alone(browser: Browser, resident: Person) -> None:
    """Be told what is missing, log in, skip to the content, without a pointer."""
    seen = visit(browser)
    page = seen.page
    enter(page, "/login")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("E-mail")).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_accessible_description(re.compile("e-mail address"))
    page.keyboard.type(resident.email)
    page.keyboard.press("Tab")
    page.keyboard.type(resident.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ada")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    seen.context.close()
