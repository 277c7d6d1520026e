"""A certificate authority of the operator's own, for `tls: self-signed`: made once, and unable to sign for
any name but those it was made for."""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from homeport.errors import HostError
from homeport.files import write_atomically

# Names that nobody on the internet can own: RFC 6761, 6762, 8375, and ICANN's reservation of .internal.
RESERVED = ("localhost", "test", "example", "internal", "home.arpa", "local")
NGINX_UID = 101
CA_LIFE = datetime.timedelta(days=3653)
# Mozilla's guideline: less than 366 days. (Apple refuses more than 825, or 398 of an authority that it ships.)
LEAF_LIFE = datetime.timedelta(days=365)
_SKEW = datetime.timedelta(hours=1)
_EVERY_ADDRESS = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


@dataclass(frozen=True)
class Leaf:
    """A server's certificate. `fullchain` is PEM, leaf first, then the issuing certificate; `privkey` is PKCS 8."""

    fullchain: str
    privkey: str = ""

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.fullchain.encode())

    @property
    def names(self) -> frozenset[str]:
        extension = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return frozenset(extension.value.get_values_for_type(x509.DNSName))

    @property
    def generation(self) -> str:
        """Name of its folder: gen- and the serial number in hex."""
        return f"gen-{self.certificate.serial_number:x}"

    def good_for(self, domains: Sequence[str], now: datetime.datetime) -> bool:
        """Whether it has exactly these names and at least a third of its life left."""
        made, ends = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        return self.names == frozenset(domains) and ends - now >= (ends - made) / 3


@dataclass(frozen=True)
class Authority:
    """The root that people trust, and the issuing certificate below it, whose key is kept.

    The key of the root is thrown away as soon as it has signed the issuing certificate. That one is limited to
    `permitted` names (RFC 5280, 4.2.1.10), so whoever steals the kept key cannot sign for google.com. The limit
    is in a certificate that was signed, not only in the root, where some programs do not look at it.
    """

    folder: Path

    @classmethod
    def open(cls, domains: Sequence[str], base: Path | None = None) -> Authority:
        """The authority for these names, made when there is none yet.

        One serves all names below RESERVED. A domain that can be owned gets one of its own, for it alone, which
        is found by the first of `domains`: the site's name.
        """
        base = base or default_folder()
        own = [domain for domain in domains if not _below(domain, RESERVED)]
        named = cls(base / domains[0])
        authority = named if own or named.exists else cls(base)
        if not authority.exists:
            authority._make(tuple(dict.fromkeys(domains)) if own else RESERVED)
        return authority

    @property
    def root(self) -> Path:
        """The certificate to trust."""
        return self.folder / "ca.pem"

    @property
    def exists(self) -> bool:
        return self.root.is_file() and self._key_file.is_file() and self._issuing_file.is_file()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the root, as browsers show it: AA:BB:..."""
        certificate = x509.load_pem_x509_certificate(self.root.read_bytes())
        return certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    @property
    def permitted(self) -> tuple[str, ...]:
        """The names it can sign for, each with all names below it."""
        extension = self._issuing().extensions.get_extension_for_class(x509.NameConstraints)
        return tuple(str(name.value) for name in extension.value.permitted_subtrees or ())

    def issue(self, domains: Sequence[str], now: datetime.datetime | None = None) -> Leaf:
        """A new certificate for these names; HostError when this authority may not sign for one of them."""
        self._refuse_foreign(domains)
        key, issuing = ec.generate_private_key(ec.SECP256R1()), self._issuing()
        begin = (now or _now()) - _SKEW
        builder = _certificate(domains[0], issuing.subject, key, begin, begin + LEAF_LIFE)
        names = x509.SubjectAlternativeName([x509.DNSName(domain) for domain in domains])
        builder = builder.add_extension(names, critical=False)
        builder = _for_server(builder, issuing.public_key())
        certificate = builder.sign(self._key(), hashes.SHA256())
        return Leaf(_pem(certificate) + self._issuing_file.read_text(), _pem_key(key))

    def leaf(self, domains: Sequence[str], folder: Path, now: datetime.datetime | None = None) -> str:
        """See that folder/live/ holds a good certificate for these names; the name of its generation.

        A new one is written beside the old, and `live` is turned to it in one step.
        """
        present = current(folder)
        renewed = self.renew(present, domains, now)
        return install(renewed, folder) if renewed else present.generation if present else ""

    def renew(
        self, present: Leaf | None, domains: Sequence[str], now: datetime.datetime | None = None
    ) -> Leaf | None:
        """A new certificate unless the present one is good: young, for these names and of this authority."""
        if present and present.good_for(domains, now or _now()) and self._issued(present):
            return None
        return self.issue(domains, now)

    def _issued(self, leaf: Leaf) -> bool:
        return _pem(self._issuing()) in leaf.fullchain

    def _refuse_foreign(self, domains: Sequence[str]) -> None:
        foreign = [domain for domain in domains if not _below(domain, self.permitted)]
        if foreign:
            raise HostError(
                f"your certificate authority ({self.folder}) cannot sign for {', '.join(foreign)}",
                f"It was made for {', '.join(self.permitted)}. Remove that folder to have a new one made; "
                "every browser must then trust the new one.",
            )

    def _make(self, permitted: tuple[str, ...]) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        begin = _now() - _SKEW
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        title = f"homeport {permitted[0] if permitted != RESERVED else 'local'} CA, {begin:%Y-%m-%d}"
        subject = _name(title)
        root = _certificate(title, subject, root_key, begin, begin + CA_LIFE)
        root = _for_signing(root, permitted, 1, root_key.public_key())
        issuing = _certificate(f"{title}, issuing", subject, key, begin, begin + CA_LIFE)
        issuing = _for_signing(issuing, permitted, 0, root_key.public_key())
        write_atomically(self._key_file, _pem_key(key), 0o600)
        write_atomically(self._issuing_file, _pem(issuing.sign(root_key, hashes.SHA256())), 0o600)
        write_atomically(self.root, _pem(root.sign(root_key, hashes.SHA256())), 0o600)

    @property
    def _key_file(self) -> Path:
        return self.folder / "ca-key.pem"

    @property
    def _issuing_file(self) -> Path:
        return self.folder / "issuing.pem"

    def _issuing(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self._issuing_file.read_bytes())

    def _key(self) -> ec.EllipticCurvePrivateKey:
        key = serialization.load_pem_private_key(self._key_file.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise HostError(
                f"{self._key_file} is not a key that homeport made", "Remove the folder it is in."
            )
        return key


def default_folder() -> Path:
    """~/.config/homeport/ca, or below XDG_CONFIG_HOME."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "homeport" / "ca"


def current(folder: Path) -> Leaf | None:
    """The certificate in folder/live/, or None when there is none that can be read."""
    try:
        leaf = Leaf((folder / "live" / "fullchain.pem").read_text())
        leaf.names  # noqa: B018 - a file that is no certificate fails here
    except (OSError, ValueError, x509.ExtensionNotFound):
        return None
    return leaf if (folder / "live" / "privkey.pem").exists() else None


def install(leaf: Leaf, folder: Path) -> str:
    """Write folder/gen-SERIAL/ and turn folder/live to it; the generation's name. The two newest are kept.

    Only nginx's user can read the key. Where this is not root it cannot be given to that user: everybody can
    then read it who can enter the folder, so one above it must be closed (0700; a mount needs no way through it).
    """
    target = folder / leaf.generation
    target.mkdir(mode=0o755, parents=True, exist_ok=True)
    root = os.geteuid() == 0
    write_atomically(target / "fullchain.pem", leaf.fullchain, 0o444)
    write_atomically(target / "privkey.pem", leaf.privkey, 0o400 if root else 0o444)
    if root:
        os.chown(target / "privkey.pem", NGINX_UID, NGINX_UID)
    link = folder / ".live"
    link.unlink(missing_ok=True)
    link.symlink_to(leaf.generation)
    link.replace(folder / "live")
    _forget(folder)
    return leaf.generation


def _forget(folder: Path) -> None:
    generations = sorted(folder.glob("gen-*"), key=lambda path: path.stat().st_mtime_ns)
    for old in generations[:-2]:
        if old.name != str((folder / "live").readlink()):
            for file in old.iterdir():
                file.unlink()
            old.rmdir()


def _below(domain: str, names: Sequence[str]) -> bool:
    return any(domain == name or domain.endswith(f".{name}") for name in names)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _certificate(
    title: str,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    begin: datetime.datetime,
    end: datetime.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(title))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )


def _for_signing(
    builder: x509.CertificateBuilder, permitted: Sequence[str], depth: int, signer: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    limits = x509.NameConstraints(
        permitted_subtrees=[x509.DNSName(name) for name in permitted],
        excluded_subtrees=[x509.IPAddress(network) for network in _EVERY_ADDRESS],
    )
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
        .add_extension(_usage(sign=False), critical=True)
        .add_extension(limits, critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
    )


def _for_server(builder: x509.CertificateBuilder, signer: object) -> x509.CertificateBuilder:
    if not isinstance(signer, ec.EllipticCurvePublicKey):
        raise HostError(
            "the issuing certificate is not one that homeport made", "Remove the folder it is in."
        )
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
    )


def _usage(*, sign: bool) -> x509.KeyUsage:
    """digitalSignature for a server (`sign`), keyCertSign and cRLSign for an authority."""
    return x509.KeyUsage(
        digital_signature=sign,
        key_cert_sign=not sign,
        crl_sign=not sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _pem_key(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
