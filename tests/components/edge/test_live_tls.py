"""TLS: versions, suites, names, HTTP/2."""

from __future__ import annotations

import socket
import ssl
import subprocess

import pytest

from tests.components.edge.running import Running
from tests.components.edge.test_live_headers import own

pytestmark = pytest.mark.live

# Mozilla's Server Side TLS guidelines 6.0, intermediate; those that an ECDSA certificate can use.
SUITES = {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"}


def s_client(shop: Running, *words: str) -> subprocess.CompletedProcess[str]:
    where = ("-connect", f"{shop.target.bind}:{shop.target.env.ports.https}", "-servername", shop.domain)
    command = ["openssl", "s_client", *where, "-CAfile", str(shop.ca.root), *words]
    return subprocess.run(command, input="", capture_output=True, text=True, check=False, timeout=20)


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(shop_stack: Running, version: str) -> None:
    done = s_client(shop_stack, version, "-cipher", "ALL:@SECLEVEL=0")
    assert done.returncode != 0
    assert "alert protocol version" in done.stderr, done.stderr


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_new_versions_are_taken_and_verified(shop_stack: Running, version: str) -> None:
    done = s_client(shop_stack, version, "-verify_return_error", "-verify_hostname", shop_stack.domain)
    assert done.returncode == 0, done.stderr
    assert "Verify return code: 0 (ok)" in done.stdout


def test_the_suites_of_tls_1_2_are_mozilla_s(shop_stack: Running) -> None:
    listing = ["openssl", "ciphers", "-tls1_2", "-s", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    every = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.strip().split(":")
    assert set(every) > SUITES
    taken = {
        s for s in every if s_client(shop_stack, "-tls1_2", "-cipher", f"{s}:@SECLEVEL=0").returncode == 0
    }
    assert taken == SUITES


def test_the_groups_are_mozilla_s(shop_stack: Running) -> None:
    offered = ("X25519", "P-256", "P-384", "P-521", "X448", "ffdhe2048")
    taken = [group for group in offered if s_client(shop_stack, "-tls1_3", "-groups", group).returncode == 0]
    assert taken == ["X25519", "P-256", "P-384"]


def test_http2(shop_stack: Running) -> None:
    """The preface and an empty SETTINGS frame (RFC 9113, 3.4); the server's first frame is its SETTINGS, type 4."""
    context = shop_stack.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with shop_stack.tls(context=context) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        assert connection.recv(9)[3] == 4


@pytest.mark.parametrize("name", ["other.localhost", "localhost", "api.shop.localhost"])
def test_a_name_that_is_not_the_site_s_gets_no_certificate(shop_stack: Running, name: str) -> None:
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        shop_stack.tls(name)


def test_another_name_in_the_request_than_in_tls_is_misdirected(shop: Running, accept: str) -> None:
    answer = shop.ask("/", headers={"Host": "other.localhost", "Accept": accept})
    assert answer.status == 421
    own(answer, accept, "misdirected_request")


def test_plain_http_on_the_tls_port_is_redirected(shop_stack: Running) -> None:
    with socket.create_connection(
        (shop_stack.target.bind, shop_stack.target.env.ports.https), timeout=10
    ) as raw:
        raw.sendall(b"GET /x HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n")
        answer = raw.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 301")
    assert f"Location: {shop_stack.target.url}/x\r\n".encode() in answer


@pytest.mark.parametrize("host", ["other.localhost", "127.0.0.1", "evil.example"])
def test_plain_http_for_another_name_is_closed(shop_stack: Running, host: str) -> None:
    with socket.create_connection(
        (shop_stack.target.bind, shop_stack.target.env.ports.http), timeout=10
    ) as raw:
        raw.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert raw.recv(100) == b""
