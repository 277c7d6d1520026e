"""What went wrong between here and a host behind ssh, in words that say the cure."""

from __future__ import annotations

from homeport.commands.command import Command
from homeport.errors import HostError

# What ssh says (in English, whatever the locale) -> what it means, what to do; {0} is the destination.
_MEANINGS = (
    (
        "Could not resolve hostname",
        "{0}: there is no such host",
        "Is `host:` in homeport.yaml right? Or name it in ~/.ssh/config.",
    ),
    (
        "IDENTIFICATION HAS CHANGED",
        "{0} is another machine than before: its key has changed",
        "If it was installed anew: ssh-keygen -R HOST, then `ssh {0}` once to see and accept its new key.",
    ),
    (
        "Host key verification failed",
        "{0} is not known yet",
        "Connect once by hand to see and accept its key: ssh {0}",
    ),
    (
        "Permission denied",
        "{0} does not let us in",
        "Your public key must be in its ~/.ssh/authorized_keys (ssh-copy-id {0}), the private one "
        "in your agent (ssh-add -l).",
    ),
    (
        "Connection refused",
        "{0} answers, but no sshd does",
        "Is the port right (`Port` in ~/.ssh/config), and sshd running?",
    ),
    ("Connection timed out", "{0} does not answer", "Is it up, and does a firewall let port 22 through?"),
    ("No route to host", "{0} does not answer", "Is it up, and does a firewall let port 22 through?"),
    ("Network is unreachable", "{0} cannot be reached from here", "Is this machine on the network?"),
)


def explain(destination: str, said: str) -> HostError:
    """The error for an ssh that ended by itself (exit code 255); `said` is what it printed."""
    for words, fault, cure in _MEANINGS:
        if words in said:
            return HostError(fault.format(destination), cure.format(destination), _last(said))
    return lost(destination, said)


def lost(destination: str, said: str = "") -> HostError:
    """The connection ended in the middle."""
    return HostError(
        f"the connection to {destination} was lost",
        f"What ran there runs on. Once `ssh {destination} true` works, run the same command again: "
        "it goes on from what it finds, there is nothing to unlock or repair.",
        _last(said),
    )


def taken(destination: str) -> HostError:
    """We were stopped for so long that another homeport has begun on this host since."""
    return HostError(
        f"{destination}: this run was stopped for a while, and another has begun there since; nothing more was done",
        "When the other has ended, run the same command again: it goes on from what it finds.",
    )


def _last(said: str) -> str:
    return "\n".join(said.splitlines()[-4:])


def refused(destination: str, command: Command, said: str) -> HostError:
    """A write that the host did not do."""
    user, at, _ = destination.rpartition("@")
    place = next((word for word in command.argv if word.startswith("/opt/")), "")
    root = "/".join(place.split("/")[:3]) or "/opt/NAME"
    if "No space left" in said:
        return HostError(f"{destination}: the disk is full", f"Free some: ssh {destination} df -h", said)
    if "Permission denied" in said or "cannot create directory" in said:
        owner = user if at else "USER"
        return HostError(
            f"{destination} may not write below {root}",
            f"Once, as root on that host: install -d -o {owner} -g {owner} {root}",
            said,
        )
    return HostError(f"{destination}: could not write below {root}", "The host's own words are above.", said)
