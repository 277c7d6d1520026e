"""The mailbox itself: the newest 200 e-mails, in memory."""

from __future__ import annotations

import email
import email.policy
import uuid
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

from prometheus_client import Counter

RECEIVED = Counter("mailbox_messages", "E-mails received.")

_KEPT = 200


@dataclass(frozen=True)
class Mail:
    """An e-mail as it came in; `text` is its plain part."""

    id: str
    received_at: datetime
    sender: str
    to: list[str]
    subject: str
    message_id: str
    text: str


class Mailbox:
    """An aiosmtpd handler that keeps what it gets."""

    def __init__(self) -> None:
        self._mails: deque[Mail] = deque(maxlen=_KEPT)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ANN401
        """Take an e-mail; aiosmtpd calls this and sends the answer."""
        self._mails.appendleft(_parse(envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        RECEIVED.inc()
        return "250 kept"

    def mails(self, to: str | None = None) -> list[Mail]:
        """Newest first; with `to` only what went to that address."""
        wanted = to.lower() if to else None
        return [m for m in self._mails if wanted is None or wanted in (address.lower() for address in m.to)]


def _parse(sender: str, to: list[str], content: bytes) -> Mail:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    part = message.get_body(preferencelist=("plain", "html"))
    return Mail(
        id=uuid.uuid4().hex,
        received_at=datetime.now(UTC),
        sender=sender,
        to=to,
        subject=str(message.get("Subject", "")),
        message_id=str(message.get("Message-ID", "")),
        text=str(part.get_content()) if part else "",
    )
