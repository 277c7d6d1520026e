"""Images by way of a registry: pushed from where they are built, pulled by digest where they run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from homeport import cures
from homeport.commands.registry import session
from homeport.engine.runner import Result, Runner
from homeport.errors import BuildError
from homeport.secrets.store import Store
from homeport.secrets.value import Secret
from homeport.stack.around import Registry

_DIGEST = re.compile(r"\S+: digest: (sha256:[0-9a-f]{64}) size: \d+")
# What Docker says -> what to do about it.
_CURES = (
    (r"unauthorized|denied|authentication required", "The registry does not let this user do that: {who}"),
    (r"HTTP response to HTTPS client", "The registry has no TLS; give it a certificate."),
    (r"x509|certificate", "The engine does not trust it: put its CA into /etc/docker/certs.d/{host}/ca.crt"),
    (
        r"no such host|refused|timeout|deadline exceeded|unreachable|no route|EOF",
        "Does {host} answer from there? `docker login {host}` shows it.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Login:
    """A registry: `server` is its host, with the path that the names of our images begin with. Without a user:
    as whoever runs homeport is logged in."""

    server: str
    user: str = ""
    password: Secret | None = None
    secret: str = ""  # the password's name
    environment: str = ""  # whose store it is in

    @property
    def host(self) -> str:
        return self.server.split("/")[0]

    @classmethod
    def of(cls, where: Registry, store: Store | None) -> Login:
        password = store.get(where.password) if where.password and store else None
        environment = store.environment if store else ""
        return cls(where.server, where.user, password, where.password or "", environment)


def push(runner: Runner, login: Login, names: list[str], note: Callable[[str], None]) -> dict[str, str]:
    """NAME:TAG of an image on this engine -> NAME@DIGEST in the registry. BuildError when one is not taken."""
    pushed: dict[str, str] = {}
    current = ""

    def line(text: str) -> None:
        nonlocal current
        if text.startswith("image "):
            current = text.removeprefix("image ")
        elif match := _DIGEST.fullmatch(text):
            pushed[current] = f"{current.rpartition(':')[0]}@{match[1]}"
        note(f"{current.rpartition('/')[2]}: {text}" if text else current)

    result = runner.stream(session("push", login.host, names, *_who(login)), line)
    if not result.ok or len(pushed) < len(set(names)):
        what = f"{current} could not be pushed" if current else f"nothing could be pushed to {login.server}"
        raise _fault(what, login, result)
    return pushed


def pull(
    runner: Runner, where: str, login: Login, references: list[str], note: Callable[[str], None]
) -> None:
    """Bring these images to a host, by digest. BuildError when one does not come; `where`: the host's name."""
    result = runner.stream(session("pull", login.host, references, *_who(login)), note)
    if not result.ok:
        raise _fault(f"{where} cannot pull from {login.host}; nothing was changed", login, result)


def _who(login: Login) -> tuple[str, str]:
    return (login.user, login.password.reveal()) if login.password else ("", "")


def _fault(message: str, login: Login, result: Result) -> BuildError:
    said = result.out + result.err
    who = cures.secrets_set(login.secret, login.environment) if login.secret else f"docker login {login.host}"
    found = (cure for words, cure in _CURES if re.search(words, said, re.IGNORECASE))
    return BuildError(
        message,
        next(found, "Docker says why above; `docker login {host}` tries it by hand.").format(
            host=login.host, who=who
        ),
        result.tail(4),
    )
