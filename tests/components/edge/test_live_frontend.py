"""The frontend: what is cached, what falls back to index.html, and what is a real 404."""

from __future__ import annotations

import gzip

import pytest

from tests.components.edge.conftest import HTML
from tests.components.edge.running import Running

pytestmark = pytest.mark.live

YEAR = "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["/", "/index.html", "/budgets", "/budgets/7/edit", "/apix", "/gonex"])
def test_pages_are_index_html_and_asked_for_again(shop: Running, path: str) -> None:
    answer = shop.ask(path)
    assert (answer.status, answer.body.decode()) == (200, HTML)
    assert answer.one("Cache-Control") == "no-cache"
    assert answer.one("Content-Type") == "text/html; charset=utf-8"
    assert answer.one("ETag")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/assets/app-1a2b.js", "text/javascript; charset=utf-8"),
        ("/assets/module-5e6f.mjs", "text/javascript; charset=utf-8"),
        ("/assets/code-7a8b.wasm", "application/wasm"),
        ("/assets/font-9c0d.woff2", "font/woff2"),
    ],
)
def test_assets_are_cached_a_year(shop: Running, path: str, kind: str) -> None:
    answer = shop.ask(path)
    assert (answer.status, answer.one("Cache-Control")) == (200, YEAR)
    assert answer.one("Content-Type") == kind


def test_an_asset_of_an_earlier_release_is_still_there(shop: Running) -> None:
    answer = shop.ask("/assets/app-0000.js")
    assert (answer.status, answer.body, answer.one("Cache-Control")) == (200, b"console.log('old')", YEAR)


@pytest.mark.parametrize(
    "path", ["/assets/gone-3c4d.js", "/assets/", "/missing.png", "/assets", "/.git/config"]
)
def test_a_file_that_is_nowhere_is_not_found(shop: Running, path: str) -> None:
    answer = shop.ask(path)
    expected = 200 if path == "/assets" else 404
    assert answer.status == expected
    if expected == 404:
        assert answer.one("Cache-Control") == "no-store"
        assert b"<title>Shop" not in answer.body


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/favicon.svg", "image/svg+xml"), ("/app.webmanifest", "application/manifest+json")],
)
def test_other_files_are_asked_for_again(shop: Running, path: str, kind: str) -> None:
    answer = shop.ask(path)
    assert (answer.status, answer.one("Cache-Control")) == (200, "no-cache")
    assert answer.one("Content-Type").startswith(kind)


@pytest.mark.parametrize("path", ["/.env", "/%2eenv", "/../../etc/nginx/nginx.conf", "/assets/..%2f.env"])
def test_nothing_else_is_sent(shop: Running, path: str) -> None:
    answer = shop.ask(path)
    assert answer.status in (400, 404)
    assert b"SECRET" not in answer.body


def test_a_folder_answers_with_its_index(shop: Running) -> None:
    for path in ("/about", "/about/"):
        assert b"<title>About" in shop.ask(path).body


def test_a_gz_beside_a_file_is_sent_as_it_is(shop: Running) -> None:
    answer = shop.ask("/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip"})
    assert (answer.one("Content-Encoding"), answer.one("Vary")) == ("gzip", "Accept-Encoding")
    assert b"packed" in gzip.decompress(answer.body)
    assert answer.one("Cache-Control") == YEAR


def test_json_of_a_service_is_compressed_unless_it_says_identity(shop: Running) -> None:
    packed = shop.ask("/api/large", headers={"Accept-Encoding": "gzip"})
    assert packed.one("Content-Encoding") == "gzip"
    assert b"the same again" in gzip.decompress(packed.body)
    assert (
        shop.ask("/api/identity", headers={"Accept-Encoding": "gzip"}).one("Content-Encoding") == "identity"
    )


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/key.pem",
            "/key",
            "/up/certs/live/privkey.pem",
            "/certs/live/fullchain.pem",
            "/same.svg",
            "/up",
            "/certs/",
        ),
        *(
            "/assets/key.js",
            "/assets/up/certs/live/privkey.pem",
            "/assets/old.js",
            "/up/etc/nginx/nginx.conf",
        ),
    ],
)
def test_no_link_is_followed_but_the_one_of_the_release(shop: Running, path: str) -> None:
    """Neither to a file nor through a folder, neither of this release nor in the pool of old assets."""
    answer = shop.ask(path)
    assert b"PRIVATE KEY" not in answer.body and b"CERTIFICATE" not in answer.body
    assert b"worker_processes" not in answer.body and b"<svg" not in answer.body
    page = path in ("/key", "/up", "/certs/")  # no such file, without an extension: the app's own page
    assert (answer.status, HTML in answer.body.decode()) == ((200, True) if page else (answer.status, False))
    assert page or answer.status in (403, 404)


def test_a_gz_that_is_a_link_is_not_sent(shop: Running) -> None:
    answer = shop.ask("/", headers={"Accept-Encoding": "gzip"})
    body = gzip.decompress(answer.body) if answer.all("Content-Encoding") else answer.body
    assert (answer.status, body.decode()) == (200, HTML)
