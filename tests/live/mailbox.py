"""The mails that AI Budget Coach sent in the environment `local`: its mailbox keeps them, inside the stack."""

from __future__ import annotations

import json
import re
from typing import Any

from homeport.engine.wait import Seen, wait_until
from tests.live.engine import docker

_ASK = """
import sys, urllib.parse, urllib.request
where = "http://127.0.0.1:8000/messages?to=" + urllib.parse.quote(sys.argv[1])
print(urllib.request.urlopen(where).read().decode())
"""
_LINK = re.compile(r"https://\S+(/(?:verify|reset)#token=([\w-]+))")


def mails(stack: str, to: str) -> list[dict[str, Any]]:
    """The mails to an address, newest first. `stack` is the name of the compose project."""
    found: list[dict[str, Any]] = json.loads(docker("exec", f"{stack}-mailbox-1", "python", "-c", _ASK, to))[
        "items"
    ]
    return found


def link(stack: str, to: str, subject: str = "Confirm your e-mail address") -> tuple[str, str]:
    """The newest link in a mail of this subject to the address, once it is there: its path in the app, its token."""
    found: list[tuple[str, str]] = []

    def look() -> Seen:
        now = mails(stack, to)
        found[:] = [
            m.groups() for one in now if one["subject"] == subject and (m := _LINK.search(one["text"]))
        ]
        return Seen(bool(found), f"mails to {to}: {[one['subject'] for one in now]}")

    wait_until(f"{to} gets {subject!r}", look, 60, every=0.5)
    return found[0]
