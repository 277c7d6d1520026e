"""The session: silent when it can be renewed, and one that several tabs share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from .conftest import Person, Visit
from .steps import enter, go, log_in, settled, sign_up

pytestmark = pytest.mark.live


def test_a_token_that_ran_out_is_renewed_in_silence(visitor: Visit) -> None:
    """The gateway gets one call without a token and says 401; the page shows no sign of it."""
    page = visitor.page
    sign_up(page, Person())
    renewed: list[str] = []
    page.on(
        "response",
        lambda answer: renewed.append(answer.url) if answer.url.endswith("/auth/refresh") else None,
    )
    page.route(re.compile("/api/v1/categories"), _without_token(), times=1)
    go(page, "Settings")
    expect(page.get_by_role("button", name=re.compile("^Delete ")).first).to_be_visible()
    assert len(renewed) == 1
    visitor.faults.clear()


def test_a_release_in_the_middle_of_a_visit(visitor: Visit) -> None:
    """The script of a page is gone, as after a release: the app loads anew, signed in, on that page."""
    page = visitor.page
    sign_up(page, Person())
    page.route(re.compile(r"/assets/Settings-.*\.js"), lambda route: route.abort(), times=1)
    go(page, "Settings")
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    visitor.faults.clear()


def _without_token() -> Callable[[Route], None]:
    def strip(route: Route) -> None:
        headers = {name: value for name, value in route.request.headers.items() if name != "authorization"}
        route.continue_(headers=headers)

    return strip


def test_two_tabs_at_once(visitor: Visit) -> None:
    """Both renew the session by the same cookie in the same moment, and both stay signed in."""
    page = visitor.page
    sign_up(page, Person())
    other = visitor.context.new_page()
    for _ in range(3):
        page.evaluate("setTimeout(() => location.reload(), 50)")
        enter(other, "/inbox")
        settled(other)
        settled(page)
        expect(other).to_have_title(re.compile("^Inbox"))
        expect(page).to_have_title(re.compile("^Overview"))


def test_a_wrong_password_is_told(visitor: Visit) -> None:
    page, person = visitor.page, Person()
    sign_up(page, person)
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill("not the one")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert").filter(has_text=re.compile("."))).to_be_visible()
    log_in(page, person)
    visitor.faults.clear()


def test_what_cannot_be_imported_is_told(visitor: Visit, tmp_path: Path) -> None:
    """An empty file, a picture and one that is too large: each a message, none an import of anything."""
    page = visitor.page
    sign_up(page, Person())
    go(page, "Import")
    for name, content in (("empty.csv", b""), ("large.csv", b"x" * 10_500_000)):
        path = tmp_path / name
        path.write_bytes(content)
        page.locator("input[type=file]").set_input_files(path)
        expect(page.get_by_role("alert").filter(has_text=name)).to_be_visible()
    picture = tmp_path / "cat.csv"
    picture.write_bytes(bytes(range(256)) * 40)
    page.locator("input[type=file]").set_input_files(picture)
    job = page.get_by_role("region", name="This import")
    expect(job.locator("[data-status]")).to_have_attribute("data-status", "failed", timeout=60_000)
    expect(job.get_by_role("alert")).to_be_visible()
