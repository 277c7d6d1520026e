"""The e-mails about an account, and what is left of a user's text in any e-mail.

`{page:PATH}` in a text becomes the address of that page of the app when the e-mail is sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

_LONGEST = 40
_KEPT = " -'&+"
_PAGE = re.compile(r"\{page:([^{}\s]*)\}")


@dataclass(frozen=True)
class Letter:
    """An e-mail that leads to `page` of the app; its token is in the fragment, which no server gets."""

    subject: str
    words: str
    page: str
    end: str

    def text(self, token: str) -> str:
        """The whole text."""
        return f"{self.words}\n\n{{page:{self.page}{f'#token={token}' if token else ''}}}\n\n{self.end}"


_NOT_YOU = "If that was not you, leave this e-mail alone: nothing happens then."

LETTERS: Mapping[str, Letter] = {
    "verify": Letter(
        "Confirm your e-mail address",
        "Somebody, we hope you, wants to use AI Budget Coach with this address. Confirm it on this page:",
        "/verify",
        f"It works once, for 24 hours. {_NOT_YOU}",
    ),
    "claim": Letter(
        "Confirm your e-mail address",
        "Open this page to confirm that this address is yours, by choosing a new password:",
        "/reset",
        f"It works once, for an hour. {_NOT_YOU}",
    ),
    "reset": Letter(
        "Choose a new password",
        "Somebody, we hope you, has forgotten the password of your account. Choose a new one on this page:",
        "/reset",
        f"It works once, for an hour, and ends every log-in of your account. {_NOT_YOU}",
    ),
    "exists": Letter(
        "You have an account already",
        "Somebody, perhaps you, wanted to open an account with this address. You have one; nothing has "
        "changed. If you have forgotten your password, choose a new one:",
        "/forgot",
        "If that was not you, leave this e-mail alone.",
    ),
}


def harmless(value: object) -> object:
    """A text as words on one line: letters, digits, a few signs; so no link and no header. The rest as is."""
    if not isinstance(value, str):
        return value
    # Compatibility forms first: a full-width stop or slash is one, too.
    plain = unicodedata.normalize("NFKC", value)
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" or c in _KEPT else " " for c in plain)
    words = " ".join(kept.split())
    return (words if len(words) <= _LONGEST else f"{words[: _LONGEST - 3].rstrip()}...") or "(no name)"


def with_addresses(text: str, public_url: str) -> str:
    """The text with the addresses of its pages."""
    return _PAGE.sub(lambda found: f"{public_url}{found[1]}", text)
