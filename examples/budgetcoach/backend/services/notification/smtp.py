"""Sends one e-mail by SMTP and says what became of it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from enum import Enum
from typing import TYPE_CHECKING

from coachlib.runtime import Runtime
from coachlib.settings import Settings, SettingsError
from services.notification.letters import with_addresses
from services.notification.models import Email

if TYPE_CHECKING:
    import aiosmtplib

log = logging.getLogger("notification.smtp")

_TIMEOUT = 15


class Outcome(Enum):
    """SENT: accepted. REFUSED: surely not sent, try again. UNKNOWN: maybe sent, do not try again."""

    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class To:
    """Where an e-mail goes; with a `name`, made harmless, it greets, and says how to have no more of them."""

    address: str
    name: str = ""


@asynccontextmanager
async def need_sender(runtime: Runtime) -> AsyncIterator[None]:
    """A resource of `create_app`: without the address that e-mails come from the service does not start."""
    sender(runtime.settings)
    yield


def sender(settings: Settings) -> str:
    """SMTP_FROM; raises SettingsError when it is missing or no address."""
    given = settings.text("SMTP_FROM")
    if parseaddr(given)[1] != given or "@" not in given:
        raise SettingsError("SMTP_FROM: the address that e-mails come from, such as coach@example.com")
    return given


async def deliver(settings: Settings, email: Email, to: To) -> Outcome:
    """Hand the e-mail to SMTP_HOST:SMTP_PORT; with SMTP_USER, log in with the secret smtp_password."""
    import aiosmtplib

    client = _client(settings)
    message = _message(settings, email, to)
    try:
        await client.connect()
        user, password = settings.text("SMTP_USER"), settings.optional_secret("smtp_password")
        if user and password:
            await client.login(user, password)
        await client.mail(sender(settings))
        await client.rcpt(to.address)
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


def _message(settings: Settings, email: Email, to: To) -> EmailMessage:
    message = EmailMessage()
    message["From"] = formataddr(("AI Budget Coach", sender(settings)))
    message["To"] = to.address
    message["Subject"] = " ".join(email.subject.split())
    message["Date"] = format_datetime(email.created_at)
    # The same for every try, so that a mail server can recognise a repetition (RFC 5322, 3.6.4).
    message["Message-ID"] = f"<{email.event_id}@budgetcoach>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_text(settings, email, to))
    return message


def _text(settings: Settings, email: Email, to: To) -> str:
    body = with_addresses(email.body, settings.public_url)
    if not to.name:
        return f"{body}\n"
    lines = [f"Hello {to.name},", "", body, ""]
    if settings.public_url:
        lines += [settings.public_url, ""]
    return "\n".join([*lines, "You can turn these e-mails off in your profile."]) + "\n"
