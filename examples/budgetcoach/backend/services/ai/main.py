"""The AI service: insights, a forecast and a coach to talk to, over a projection of the bookings."""

from coachlib.app import create_app
from coachlib.identity import need_identity_key
from services.ai.findings import look_again
from services.ai.projection import on_changed, on_user
from services.ai.routes import router

app = create_app(
    router,
    publishes=True,
    consumes={"transactions.changed": on_changed, "user.registered": on_user, "user.updated": on_user},
    workers={"insights": look_again},
    resources=(need_identity_key,),
)
