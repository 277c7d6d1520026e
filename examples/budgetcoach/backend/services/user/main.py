"""The user service: accounts, log-in and tokens."""

from coachlib.app import create_app
from coachlib.identity import need_identity_key
from coachlib.tokens import need_signing_key
from services.user.auth import router as auth_router
from services.user.housekeeping import run as forget_the_old
from services.user.mail_requests import run as answer_mail_requests
from services.user.profile import router as profile_router
from services.user.recovery import router as recovery_router

app = create_app(
    auth_router,
    profile_router,
    recovery_router,
    publishes=True,
    workers={"housekeeping": forget_the_old, "mail requests": answer_mail_requests},
    resources=(need_signing_key, need_identity_key),
)
