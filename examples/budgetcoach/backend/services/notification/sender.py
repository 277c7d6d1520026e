"""The e-mail queue: each e-mail is claimed in one transaction, sent, and its outcome written in the next.

So a crash in between leaves it "sending", and it is never sent a second time.
"""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, timedelta

from prometheus_client import Counter
from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.loops import sleep_or
from coachlib.runtime import Runtime
from services.notification.letters import harmless
from services.notification.limits import may_send
from services.notification.models import Email, EmailState, Recipient
from services.notification.smtp import Outcome, To, deliver

log = logging.getLogger("notification.sender")

EMAILS = Counter("emails", "E-mails, by what became of them.", ["state"])

_LOOK_EVERY = 1.0
_MOST_ATTEMPTS = 12
_LONGEST_PAUSE = timedelta(hours=1)
# Sending takes at most a minute: whoever claimed it longer ago has died over it.
_ABANDONED = timedelta(minutes=5)


async def run(runtime: Runtime) -> None:
    """Send what waits until the service stops."""
    while not runtime.stopping.is_set():
        await _give_up_abandoned(runtime)
        claimed = await _claim(runtime)
        if claimed is None:
            await sleep_or(runtime.stopping, _LOOK_EVERY)
            continue
        email, to = claimed
        await _settle(runtime, email, to)


async def _claim(runtime: Runtime) -> tuple[Email, To | EmailState] | None:
    """The next e-mail that is due, marked as being sent, and who gets it, or why nobody does."""
    due = (Email.state == "waiting") & (Email.next_at <= datetime.now(UTC))
    query = select(Email).where(due).order_by(Email.next_at).limit(1).with_for_update(skip_locked=True)
    async with runtime.sessions() as session, session.begin():
        email = await session.scalar(query)
        if email is None:
            return None
        email.state = "sending"
        email.attempts += 1
        email.next_at = datetime.now(UTC)
        return email, await _to(session, email)


async def _to(session: AsyncSession, email: Email) -> To | EmailState:
    """Who gets it. The address may still be on its way to us: then it waits."""
    if email.address is not None:
        to, kind = To(email.address), "account"
    else:
        recipient = await session.get(Recipient, email.user_id)
        if recipient is None:
            return "waiting"
        if recipient.verified_at is None:
            return "unverified"
        if not recipient.wants_email:
            return "unwanted"
        to, kind = To(recipient.email, str(harmless(recipient.name))), "budget"
    allowed = await may_send(session, email.event_id, kind, to.address.lower(), email.user_id)
    return to if allowed else "too_many"


async def _settle(runtime: Runtime, email: Email, to: To | EmailState) -> None:
    if isinstance(to, str) and to != "waiting":
        await _write(runtime, email.event_id, to)
        return
    outcome = await deliver(runtime.settings, email, to) if isinstance(to, To) else Outcome.REFUSED
    if outcome is Outcome.SENT:
        await _write(runtime, email.event_id, "sent")
    elif outcome is Outcome.UNKNOWN:
        await _write(runtime, email.event_id, "unknown")
    elif email.attempts >= _MOST_ATTEMPTS:
        await _write(runtime, email.event_id, "given_up")
    else:
        pause = min(_LONGEST_PAUSE, timedelta(seconds=2**email.attempts))
        await _write(runtime, email.event_id, "waiting", datetime.now(UTC) + pause)


async def _write(
    runtime: Runtime, event_id: uuid.UUID, state: EmailState, next_at: datetime | None = None
) -> None:
    values: dict[str, object] = {"state": state}
    if state != "waiting":
        # It may hold a token, which is needed no more.
        values["body"] = case((Email.address.is_(None), Email.body), else_="")
    if next_at is not None:
        values["next_at"] = next_at
    async with runtime.sessions() as session, session.begin():
        await session.execute(update(Email).where(Email.event_id == event_id).values(values))
    EMAILS.labels(state).inc()


async def _give_up_abandoned(runtime: Runtime) -> None:
    lost = (Email.state == "sending") & (Email.next_at < datetime.now(UTC) - _ABANDONED)
    async with runtime.sessions() as session, session.begin():
        ids = await session.scalars(
            update(Email).where(lost).values(state="unknown", body="").returning(Email.event_id)
        )
        for event_id in ids:
            log.error("an e-mail may or may not have been sent", extra={"event_id": str(event_id)})
