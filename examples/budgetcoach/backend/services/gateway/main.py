"""The gateway: authentication, rate limits, idempotency keys and routing for everything under /api/v1."""

from coachlib.app import create_app
from coachlib.tokens import need_signing_key
from services.gateway.idempotency import forget_old_keys
from services.gateway.routes import router
from services.gateway.upstream import NEED_IDENTITY_KEYS, open_gateway

app = create_app(
    router,
    prefix="",
    workers={"idempotency keys": forget_old_keys},
    resources=(need_signing_key, *NEED_IDENTITY_KEYS, open_gateway),
)
