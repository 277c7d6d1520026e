"""The commands that errors name as their cure and that take words of the stack: each is written here, once, and
tests/cli/test_cures.py runs every one of them. (A command without such words stands where it is said; the same test
reads all texts of this package and has each parsed.)"""

from __future__ import annotations

import shlex


def _words(*parts: str) -> str:
    """A word of the shell each; an ellipsis is for people."""
    return " ".join(("homeport", *(shlex.quote(part) for part in parts if part))).replace(
        "'age1...'", "age1..."
    )


def secrets_set(name: str, environment: str = "") -> str:
    """Without an environment: of the one that the stack has, or the local one."""
    return _words("secrets", "set", name, environment)


def secrets_edit(environment: str) -> str:
    return _words("secrets", "edit", environment)


def secrets_rotate(name: str, environment: str, sure: bool = False) -> str:
    """`sure`: also the key that releases are signed with."""
    return _words("secrets", "rotate", name, environment, "--yes" if sure else "")


def readers_add(key: str, environment: str) -> str:
    """`key`: a public key of age, or `age1...` where it is not known."""
    return _words("secrets", "readers", "add", key, environment)


def secrets_init(environment: str) -> str:
    return _words("secrets", "init", environment)


def start(environment: str, here: bool) -> str:
    """What brings a stack up; `here`: on this machine."""
    return _words("up" if here else "deploy", environment)


def deploy(environment: str) -> str:
    return _words("deploy", environment)


def diff(environment: str) -> str:
    return _words("diff", environment)


def rollback(environment: str, release: str = "") -> str:
    return _words("rollback", environment, release)


def history(environment: str) -> str:
    return _words("history", environment)


def logs(service: str, environment: str) -> str:
    return _words("logs", service, "-e", environment)


def status(environment: str) -> str:
    return _words("status", environment)


def init(*files: str) -> str:
    """`files`: compose files that are laid over each other."""
    return _words("init", *files)


def explain(path: str) -> str:
    """`path`: a dotted path of the language, as `services.health`."""
    return _words("explain", path)
