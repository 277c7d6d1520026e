"""`python -m demo [URL]`: make the demo account at the gateway (http://gateway:8000), say how to use it.

Its address is verified like any other, by the mail in the mailbox at MAILBOX_URL (http://mailbox:8000).
The password is the secret demo_password, in the file of DEMO_PASSWORD_FILE or /run/secrets/demo_password.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx

from demo.account import EMAIL, DemoError, make


def main(arguments: list[str]) -> int:
    """Returns the exit code: 0, or 1 with a message."""
    url = arguments[0] if arguments else os.environ.get("GATEWAY_URL", "http://gateway:8000")
    mailbox = os.environ.get("MAILBOX_URL", "http://mailbox:8000")
    try:
        password = _password()
        with httpx.Client(base_url=url, timeout=30) as client:
            counts = make(client, mailbox, password, datetime.now(UTC).date())
    except (DemoError, httpx.HTTPError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    print(f"e-mail    {EMAIL}")
    print(f"password  {password}")
    for what, count in counts.items():
        print(f"{what:<12} {count}")
    return 0


def _password() -> str:
    path = Path(os.environ.get("DEMO_PASSWORD_FILE", "/run/secrets/demo_password"))
    try:
        password = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise DemoError(f"secret demo_password: {path} cannot be read") from error
    if len(password) < 10:
        raise DemoError(f"secret demo_password: {path} has less than 10 characters")
    return password


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
