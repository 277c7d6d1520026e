"""Where homeport and the engine put something into every container: nothing of the file is mounted there."""

from __future__ import annotations

from posixpath import normpath

SECRETS = "/run/secrets"
PROBE = "/run/homeport"
TMP = "/tmp"  # noqa: S108

# Folder -> what is there.
HELD: dict[str, str] = {
    SECRETS: "the service's secrets are there",
    PROBE: "homeport's health probe is there",
    TMP: "every service has /tmp already",
    "/proc": "the kernel's processes are there",
    "/sys": "the kernel's devices are there",
    "/dev": "the engine's devices are there",
    "/etc/hosts": "the engine writes it",
    "/etc/hostname": "the engine writes it",
    "/etc/resolv.conf": "the engine writes it",
}


def plain(path: str) -> str:
    """The folder that a mount really covers: without `.` and `..`; /var/run is a link to /run in most images."""
    short = normpath(path)
    return short.removeprefix("/var") if f"{short}/".startswith("/var/run/") else short


def held(path: str) -> str:
    """The folder of HELD that a mount at this path would be in; empty when it is free."""
    return next((folder for folder in HELD if f"{plain(path)}/".startswith(f"{folder}/")), "")
