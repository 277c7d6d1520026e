"""Which service a path belongs to, and which paths are not paths at all."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from coachlib.errors import ApiError
from coachlib.settings import Settings

PREFIX = "/api/v1/"

SERVICES = {
    "auth": "user",
    "me": "user",
    "categories": "transaction",
    "transactions": "transaction",
    "imports": "transaction",
    "budgets": "budget",
    "notifications": "notification",
    "insights": "ai",
    "forecast": "ai",
    "chat": "ai",
}
_PUBLIC = frozenset({"auth"})
# Areas whose service does a POST once for each Idempotency-Key, in the transaction of its effect.
_REPEATABLE = frozenset({"transactions"})


@dataclass(frozen=True)
class Route:
    """Where a request goes: `area` is the first part of its path, `public` needs no token."""

    area: str
    service: str

    @property
    def public(self) -> bool:
        """True for log-in and the like."""
        return self.area in _PUBLIC

    @property
    def repeatable(self) -> bool:
        """True when a POST may be sent to the service again though nobody knows what became of the first."""
        return self.area in _REPEATABLE


def route_of(raw_path: str) -> Route:
    """The route of a path as it came over the wire; ApiError 400 for a strange path, 404 for an unknown one.

    We decide by the path and the service decides again: so a path that two readers could read in two ways
    (dots, doubled or hidden slashes) is refused, not cleaned.
    """
    parts = raw_path.removeprefix(PREFIX).split("/")
    if not raw_path.startswith(PREFIX) or any(_strange(part) for part in parts):
        raise ApiError(400, "The path is malformed.")
    service = SERVICES.get(parts[0])
    if service is None:
        raise ApiError(404, "There is nothing here.")
    return Route(parts[0], service)


def _strange(part: str) -> bool:
    plain = unquote(part)
    hidden = any(character in plain for character in '/\\%;?#"') or not plain.isprintable()
    return hidden or plain in ("", ".", "..")


def base_url(settings: Settings, service: str) -> str:
    """Where `service` is: USER_URL and the like, by default http://user:8000."""
    return settings.text(f"{service.upper()}_URL", f"http://{service}:8000")
