"""The mailbox: where the local environment's e-mails end."""

from coachlib.app import create_app
from services.mailbox.routes import router
from services.mailbox.smtp import listen

app = create_app(router, prefix="", database=False, resources=(listen,))
