"""Sends one e-mail by SMTP and says what became of it."""

from __future__ import annotations

import logging
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import Enum
from typing import TYPE_CHECKING

from coachlib.settings import Settings
from services.notification.models import Email, Recipient

if TYPE_CHECKING:
    import aiosmtplib

log = logging.getLogger("notification.smtp")

_TIMEOUT = 15


class Outcome(Enum):
    """SENT: accepted. REFUSED: surely not sent, try again. UNKNOWN: maybe sent, do not try again."""

    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


async def deliver(settings: Settings, email: Email, recipient: Recipient) -> Outcome:
    """Hand the e-mail to SMTP_HOST:SMTP_PORT; with SMTP_USER, log in with the secret smtp_password."""
    import aiosmtplib

    client = _client(settings)
    message = _message(settings, email, recipient)
    try:
        await client.connect()
        user, password = settings.text("SMTP_USER"), settings.optional_secret("smtp_password")
        if user and password:
            await client.login(user, password)
        await client.mail(settings.text("SMTP_FROM", "coach@budgetcoach.example"))
        await client.rcpt(recipient.email)
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        log.warning("e-mail not sent: %s", type(error).__name__, extra={"event_id": str(email.event_id)})
        client.close()
        return Outcome.REFUSED
    return await _send_text(client, message.as_bytes(policy=SMTP))


async def _send_text(client: aiosmtplib.SMTP, text: bytes) -> Outcome:
    """The DATA command: until the server answers it, nobody knows whether it has taken the e-mail."""
    import aiosmtplib

    try:
        await client.data(text)
    except aiosmtplib.SMTPResponseException:
        return Outcome.REFUSED
    except (aiosmtplib.SMTPException, OSError) as error:
        log.error("the e-mail may or may not have been sent: %s", type(error).__name__)
        return Outcome.UNKNOWN
    finally:
        client.close()
    return Outcome.SENT


def _client(settings: Settings) -> aiosmtplib.SMTP:
    import aiosmtplib

    port = int(settings.number("SMTP_PORT", 2525))
    return aiosmtplib.SMTP(
        hostname=settings.text("SMTP_HOST", "mailbox"),
        port=port,
        local_hostname=settings.service,
        timeout=_TIMEOUT,
        use_tls=port == 465,
        # None: upgrade when the server offers it. A password must never travel without TLS.
        start_tls=True if settings.text("SMTP_USER") and port != 465 else None,
    )


def _message(settings: Settings, email: Email, recipient: Recipient) -> EmailMessage:
    message = EmailMessage()
    message["From"] = settings.text("SMTP_FROM", "coach@budgetcoach.example")
    message["To"] = recipient.email
    message["Subject"] = " ".join(email.subject.split())
    message["Date"] = format_datetime(email.created_at)
    # The same for every try, so that a mail server can recognise a repetition (RFC 5322, 3.6.4).
    message["Message-ID"] = f"<{email.event_id}@budgetcoach>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_text(settings, email, recipient))
    return message


def _text(settings: Settings, email: Email, recipient: Recipient) -> str:
    lines = [f"Hello {recipient.name},", "", email.body, ""]
    if settings.public_url:
        lines += [settings.public_url, ""]
    return "\n".join([*lines, "You can turn these e-mails off in your profile."]) + "\n"
