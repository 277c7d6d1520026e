"""What each event does here: it updates what we know of a user, and may make a notification and an e-mail."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from coachlib.consumer import Handler
from coachlib.events import Event
from services.notification.letters import LETTERS, harmless
from services.notification.models import Email, Notification, Recipient
from services.notification.texts import WORDING


async def on_user(session: AsyncSession, event: Event) -> None:
    """Remember the user; an older event does not overwrite a newer one. A new user is welcomed."""
    data = event.data
    values: dict[str, object] = {
        "email": data["email"],
        "name": data["name"],
        "currency": data["currency"],
        "wants_email": data.get("email_notifications", True),
        "as_of": event.occurred_at,
    }
    # A user service of the release before does not say, and then what is known stays.
    if "verified" in data:
        values["verified_at"] = event.occurred_at if data["verified"] else None
    statement = insert(Recipient).values(user_id=event.user_id, **values)
    statement = statement.on_conflict_do_update(
        index_elements=["user_id"], set_=values, where=Recipient.as_of < event.occurred_at
    )
    await session.execute(statement)
    if event.type in WORDING:
        await notify(session, event)


async def notify(session: AsyncSession, event: Event) -> None:
    """Put a notification into the inbox, and an e-mail into the queue if it is worth one."""
    recipient = await session.get(Recipient, event.user_id)
    words = WORDING[event.type](event, recipient.currency if recipient else "EUR")
    session.add(
        Notification(
            id=event.id,
            user_id=event.user_id,
            kind=event.type,
            title=words.title,
            body=words.body,
            link=words.link,
            created_at=event.occurred_at,
        )
    )
    if words.mail:
        # Names of categories and the like are anybody's text: in an e-mail they are words and nothing else.
        safe = event.model_copy(update={"data": {key: harmless(value) for key, value in event.data.items()}})
        words = WORDING[event.type](safe, recipient.currency if recipient else "EUR")
        session.add(Email(event_id=event.id, user_id=event.user_id, subject=words.title, body=words.body))


async def on_mail(session: AsyncSession, event: Event) -> None:
    """Queue an e-mail about an account; no text of a user is in it."""
    letter = LETTERS[event.data["mail"]]
    session.add(
        Email(
            event_id=event.id,
            user_id=event.user_id,
            address=event.data["email"],
            subject=letter.subject,
            body=letter.text(event.data.get("token", "")),
        )
    )


HANDLERS: Mapping[str, Handler] = {
    "user.registered": on_user,
    "user.updated": on_user,
    "user.mail": on_mail,
    "import.finished": notify,
    "budget.near": notify,
    "budget.exceeded": notify,
    "insight.created": notify,
}
