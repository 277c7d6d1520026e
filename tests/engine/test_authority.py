"""The operator's own authority, checked by openssl and not by the library that made it."""

from __future__ import annotations

import datetime
import os
import re
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from homeport.engine import authority
from homeport.engine.authority import NGINX_UID, Authority, current, install
from homeport.engine.trust import trust_instructions
from homeport.errors import HostError

NAMES = ("budgetcoach.localhost", "www.budgetcoach.localhost")


def openssl(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False)


def verify(ca: Authority, fullchain: Path, name: str) -> subprocess.CompletedProcess[str]:
    words = ("-CAfile", ca.root, "-untrusted", fullchain, "-purpose", "sslserver", "-x509_strict")
    return openssl("verify", *words, "-verify_hostname", name, fullchain)


def test_openssl_accepts_the_leaf_for_each_of_its_names(tmp_path: Path) -> None:
    ca = Authority.open(NAMES, tmp_path / "ca")
    ca.leaf(NAMES, tmp_path / "certs")
    for name in NAMES:
        result = verify(ca, tmp_path / "certs/live/fullchain.pem", name)
        assert result.returncode == 0, result.stderr
    assert verify(ca, tmp_path / "certs/live/fullchain.pem", "other.localhost").returncode != 0


def test_the_key_belongs_to_the_certificate_and_to_nginx_alone(tmp_path: Path) -> None:
    Authority.open(NAMES, tmp_path / "ca").leaf(NAMES, tmp_path / "certs")
    key, chain = tmp_path / "certs/live/privkey.pem", tmp_path / "certs/live/fullchain.pem"
    public = openssl("pkey", "-in", key, "-pubout").stdout
    assert public == openssl("x509", "-in", chain, "-pubkey", "-noout").stdout != ""
    if os.geteuid() == 0:
        assert (key.stat().st_mode & 0o777, key.stat().st_uid) == (0o400, NGINX_UID)


def test_only_the_operator_reads_the_authority(tmp_path: Path) -> None:
    ca = Authority.open(NAMES, tmp_path / "ca")
    assert ca.folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in ca.folder.iterdir()} == {
        "ca.pem": 0o600,
        "ca-key.pem": 0o600,
        "issuing.pem": 0o600,
    }


def test_the_root_is_made_once_for_all_reserved_names(tmp_path: Path) -> None:
    first = Authority.open(NAMES, tmp_path / "ca").fingerprint
    assert Authority.open(("shop.test",), tmp_path / "ca").fingerprint == first


def test_a_domain_that_can_be_owned_gets_an_authority_of_its_own(tmp_path: Path) -> None:
    ca = Authority.open(("staging.shop.com", "www.shop.com"), tmp_path / "ca")
    assert ca.folder == tmp_path / "ca/staging.shop.com"
    assert ca.permitted == ("staging.shop.com", "www.shop.com")
    ca.leaf(("staging.shop.com", "www.shop.com"), tmp_path / "certs")
    assert verify(ca, tmp_path / "certs/live/fullchain.pem", "www.shop.com").returncode == 0


def test_the_authority_of_a_site_is_found_by_its_name_alone(tmp_path: Path) -> None:
    ca = Authority.open(("shop.localhost", "www.shop.com"), tmp_path / "ca")
    assert Authority.open(("shop.localhost",), tmp_path / "ca") == ca
    assert Authority.open(("other.localhost",), tmp_path / "ca") != ca


def test_it_refuses_to_sign_for_others(tmp_path: Path) -> None:
    ca = Authority.open(NAMES, tmp_path / "ca")
    with pytest.raises(HostError, match=r"cannot sign for google\.com"):
        ca.issue(("google.com",))


def test_a_stolen_key_cannot_sign_for_others(tmp_path: Path) -> None:
    """What a thief makes with the kept key, past our own check, is refused by who trusts the root."""
    ca = Authority.open(NAMES, tmp_path / "ca")
    forged = forge(ca, x509.DNSName("google.com"))
    (tmp_path / "forged.pem").write_text(forged)
    result = verify(ca, tmp_path / "forged.pem", "google.com")
    assert "permitted subtree violation" in result.stderr + result.stdout
    (tmp_path / "control.pem").write_text(forge(ca, x509.DNSName("a.localhost")))
    assert verify(ca, tmp_path / "control.pem", "a.localhost").returncode == 0


def forge(ca: Authority, name: x509.GeneralName) -> str:
    key = serialization.load_pem_private_key((ca.folder / "ca-key.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    issuing = x509.load_pem_x509_certificate((ca.folder / "issuing.pem").read_bytes())
    now = datetime.datetime.now(datetime.UTC)
    own = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuing.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = leaf.public_bytes(serialization.Encoding.PEM).decode()
    return pem + (ca.folder / "issuing.pem").read_text()


def test_a_good_leaf_stays_and_an_old_one_is_renewed(tmp_path: Path) -> None:
    ca, certs = Authority.open(NAMES, tmp_path / "ca"), tmp_path / "certs"
    first = ca.leaf(NAMES, certs)
    life = authority.LEAF_LIFE
    now = datetime.datetime.now(datetime.UTC)
    assert ca.leaf(NAMES, certs, now + life * 0.6) == first
    assert ca.leaf(NAMES, certs, now + life * 0.7) != first


def test_other_names_make_another_leaf(tmp_path: Path) -> None:
    ca, certs = Authority.open(NAMES, tmp_path / "ca"), tmp_path / "certs"
    first = ca.leaf(NAMES, certs)
    second = ca.leaf(NAMES[:1], certs)
    assert second != first
    assert str((certs / "live").readlink()) == second
    leaf = current(certs)
    assert leaf and leaf.names == {NAMES[0]}


def test_another_authority_makes_another_leaf(tmp_path: Path) -> None:
    first = Authority.open(NAMES, tmp_path / "one").leaf(NAMES, tmp_path / "certs")
    assert Authority.open(NAMES, tmp_path / "two").leaf(NAMES, tmp_path / "certs") != first


def test_two_generations_are_kept(tmp_path: Path) -> None:
    ca = Authority.open(NAMES, tmp_path / "ca")
    made = [install(ca.issue(NAMES), tmp_path / "certs") for _ in range(4)]
    assert sorted(p.name for p in (tmp_path / "certs").glob("gen-*")) == sorted(made[-2:])


def test_a_folder_with_something_else_in_it_gets_a_certificate(tmp_path: Path) -> None:
    (tmp_path / "certs/live").mkdir(parents=True)
    (tmp_path / "certs/live/fullchain.pem").write_text("not a certificate")
    assert current(tmp_path / "certs") is None


def test_the_instructions_name_the_file_and_its_fingerprint(tmp_path: Path) -> None:
    ca = Authority.open(NAMES, tmp_path / "ca")
    text = trust_instructions(ca, "https://budgetcoach.localhost")
    shown = openssl("x509", "-in", ca.root, "-noout", "-fingerprint", "-sha256").stdout
    assert shown.partition("=")[2].strip() in text
    assert str(ca.root) in text
    for system in ("Debian", "Fedora", "macOS", "Windows", "Firefox", "curl"):
        assert re.search(rf"^  {system}", text, re.MULTILINE), system
