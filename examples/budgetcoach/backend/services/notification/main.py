"""The notification service: the inbox, and e-mails by SMTP."""

from coachlib.app import create_app
from coachlib.identity import need_identity_key
from services.notification.events import HANDLERS
from services.notification.limits import forget_counts
from services.notification.routes import router
from services.notification.sender import run as send_emails
from services.notification.smtp import need_sender

app = create_app(
    router,
    consumes=HANDLERS,
    workers={"e-mails": send_emails, "mail counts": forget_counts},
    resources=(need_identity_key, need_sender),
)
