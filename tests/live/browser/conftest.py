"""A real browser (Debian's Chromium) at the address of a running stack, and people to use it.

HOMEPORT_TEST_URL names the stack (without it the suite brings up its own), HOMEPORT_TEST_PATIENCE multiplies
every deadline for slow machines.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

URL = "HOMEPORT_TEST_URL"
PHONE = 600
PATIENCE = float(os.environ.get("HOMEPORT_TEST_PATIENCE", "1"))
SHOTS = Path(__file__).parents[3] / "test-results" / "browser"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    # Chromium drops its HTTP/2 sessions whenever an interface of the machine comes or goes, as Docker's do with
    # each container. Over HTTP/1.1 hardly a request is cut; HTTP/2 has tests of its own.
    "--disable-http2",
]
# The first question of a visitor is "is there a session?", and 401 is its right answer. A request that Chromium
# cut all the same is asked again by the app.
EXPECTED = re.compile(r"/api/v1/auth/refresh|net::ERR_NETWORK_CHANGED")


@dataclass(frozen=True)
class Person:
    """Somebody with an account, or about to make one."""

    name: str = "Ada Byron"
    email: str = field(default_factory=lambda: f"ada.{uuid4().hex[:12]}@example.org")
    password: str = field(default_factory=lambda: f"analytical engine {uuid4().hex[:8]}")


@pytest.fixture(scope="session")
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the stack is: the one that was named, or the one that all live tests share."""
    with pytest.MonkeyPatch.context() as environment:
        if URL not in os.environ:
            environment.setenv(URL, request.getfixturevalue("coach").url)
        yield os.environ[URL]


@pytest.fixture(scope="session")
def browser(address: str) -> Iterator[Browser]:
    """Chromium, headless, for the whole run."""
    path = shutil.which("chromium") or pytest.fail("no chromium: apt-get install chromium")
    expect.set_options(timeout=15_000 * PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One browser profile: its page, and what went wrong in it."""

    context: BrowserContext
    page: Page
    faults: list[str]

    def shot(self, name: str) -> None:
        """Keeps a picture of the whole page."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def visit(browser: Browser, width: int = 1280, scheme: str = "light") -> Visit:
    """Opens a fresh profile of the given width (pixels) and colour scheme on the stack."""
    phone = width < PHONE
    context = browser.new_context(
        base_url=os.environ[URL],
        ignore_https_errors=True,
        locale="en-GB",
        viewport={"width": width, "height": 812},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        has_touch=phone,
        is_mobile=phone,
    )
    context.set_default_timeout(15_000 * PATIENCE)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: _note(message, faults))
    return Visit(context, page, faults)


def _note(message: ConsoleMessage, faults: list[str]) -> None:
    told = f"{message.text} {message.location.get('url', '')}"
    if message.type == "error" and not EXPECTED.search(told):
        faults.append(told)


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visit]:
    """A desktop visitor who must see no script error and no violation of the content security policy."""
    visitor = visit(browser)
    yield visitor
    visitor.context.close()
    assert not visitor.faults, "\n".join(visitor.faults)
