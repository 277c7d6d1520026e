"""Builds the local image set: which images of it are there already, and the commands that make the others.

The order for a caller: ask `present()` for both recipes, take `missing()`; when that is empty there is nothing
to do. Else run `base()` if it names the base, then `bake()`. A recipe that changed counts as missing; a newer
package of Debian does not, until another `epoch` is asked for.
"""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from homeport.commands.command import Command, acts, asks
from homeport.images.sets import BASE, BASE_TARGET, load

FOLDER = Path(__file__).parent / "local"
LABEL = "homeport.recipe"
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
_SUITE = "trixie"


@dataclass(frozen=True)
class Sources:
    """Where a build gets its packages: Debian mirrors, the CA bundle it trusts (a path), a word for "as of when"."""

    mirror: str = ""
    security: str = ""
    ca: str | None = None
    epoch: str = "0"


def recipe(epoch: str = "0") -> str:
    """16 hex digits that change with any file of local/ or with the epoch: the label of a built image."""
    digest = hashlib.sha256(epoch.encode())
    for path in sorted(p for p in FOLDER.rglob("*") if p.is_file()):
        digest.update(f"\0{path.relative_to(FOLDER).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def base_recipe(epoch: str = "0") -> str:
    """The same for the base image, which knows less: base.sh and base/."""
    digest = hashlib.sha256(f"{_SUITE} {epoch}".encode())
    for path in (FOLDER / "base.sh", *sorted(p for p in (FOLDER / "base").rglob("*") if p.is_file())):
        digest.update(f"\0{path.relative_to(FOLDER).as_posix()}\0".encode() + path.read_bytes())
    return "base-" + digest.hexdigest()[:16]


def present(label: str) -> Command:
    """Asks for the images with this recipe (`recipe()` or `base_recipe()`), one reference a line."""
    form = "{{.Repository}}:{{.Tag}}"
    return asks("docker", "image", "ls", "--filter", f"label={LABEL}={label}", "--format", form)


def missing(listing: str, base_listing: str, targets: Iterable[str]) -> tuple[str, ...]:
    """The bake targets among `targets` that must be built, the base first where it is needed and not there.

    `listing` answers `present(recipe())`, `base_listing` answers `present(base_recipe())`.
    """
    wanted, have, where = tuple(dict.fromkeys(targets)), set(listing.split()), load().targets()
    images = tuple(t for t in wanted if t != BASE_TARGET and where[t] not in have)
    needs_base = bool(images) or BASE_TARGET in wanted
    return ((BASE_TARGET,) if needs_base and BASE not in base_listing.split() else ()) + images


def base(sources: Sources) -> Command:
    """Make and import the base image with mmdebstrap (root, or a user with subordinate ids)."""
    words = (BASE, base_recipe(sources.epoch), _SUITE, sources.mirror, sources.security)
    return acts("sh", str(FOLDER / "base.sh"), *words, timeout=900)


def bake(targets: Iterable[str], sources: Sources, *, cache: bool = True) -> Command:
    """Build these targets in parallel; `built()` reads its lines. The base must be there."""
    names = [t for t in targets if t != BASE_TARGET]
    variables = {
        "HOMEPORT_RECIPE": recipe(sources.epoch),
        "HOMEPORT_CA": sources.ca or "",
        "APT_EPOCH": sources.epoch,
        "BUILDX_BAKE_ENTITLEMENTS_FS": "0",  # newer ones refuse a CA bundle outside of this folder
    }
    extra = () if cache else ("--no-cache",)
    argv = ("docker", "buildx", "bake", "-f", "docker-bake.hcl", "--progress", "plain", *extra, *names)
    return Command(argv, timeout=1800, cwd=str(FOLDER), env=tuple(variables.items()))


def versions(reference: str) -> Command:
    """`PACKAGE VERSION` lines of everything that is installed in an image of the local set."""
    show = "${Package} ${Version}\\n"
    return asks(
        "docker", "run", "--rm", "--network", "none", "--entrypoint", "dpkg-query", reference, "-Wf", show
    )


_NAMING = re.compile(r"^#\d+ naming to (?:[\w-]*\.[\w.:-]+/)?(\S+)")


def built(line: str) -> str | None:
    """The image that this line of `bake()` (plain progress) announces as ready, or None."""
    match = _NAMING.match(line)
    return match[1] if match else None


def mirrors(apt_sources: Iterable[str]) -> tuple[str, str]:
    """The Debian and the security mirror that this host's apt uses, from the text of its source files.

    Both forms are read, one-line and deb822. Empty where it names none, as on Ubuntu: mmdebstrap then takes
    Debian's own.
    """
    main = security = ""
    for text in apt_sources:
        for uri, suites in (*_deb822(text), *_one_line(text)):
            if any(re.fullmatch(r"(bookworm|trixie|forky|stable|testing|sid)", s) for s in suites):
                main = main or uri.rstrip("/")
            if any(s.endswith("-security") for s in suites) and "debian" in uri:
                security = security or uri.rstrip("/")
    return main, security


def ca_bundle() -> str | None:
    """The CA bundle of this machine: Python's, else the first of the usual places; None if it has none."""
    places = (ssl.get_default_verify_paths().cafile, *_BUNDLES)
    return next((p for p in places if p and Path(p).is_file()), None)


def _deb822(text: str) -> Iterable[tuple[str, list[str]]]:
    for stanza in re.split(r"\n\s*\n", text):
        lines = [x for x in stanza.splitlines() if not x.startswith("#")]
        fields = {k.strip().lower(): v.strip() for k, _, v in (x.partition(":") for x in lines) if v}
        if "deb" in fields.get("types", "").split() and fields.get("uris"):
            yield fields["uris"].split()[0], fields.get("suites", "").split()


def _one_line(text: str) -> Iterable[tuple[str, list[str]]]:
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)", line)
        if match:
            yield match[1], [match[2]]
