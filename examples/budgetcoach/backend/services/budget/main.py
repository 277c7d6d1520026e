"""The budget service: monthly limits, and a projection of what was spent to hold against them."""

from coachlib.app import create_app
from coachlib.identity import need_identity_key
from services.budget.projection import on_changed, on_registered
from services.budget.routes import router

app = create_app(
    router,
    publishes=True,
    consumes={"transactions.changed": on_changed, "user.registered": on_registered},
    resources=(need_identity_key,),
)
