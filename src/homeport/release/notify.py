"""Telling people of a release: Slack, e-mail, a webhook, whatever Apprise knows. It never fails a release."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from homeport import cures
from homeport.engine.progress import Progress
from homeport.errors import HomeportError, words
from homeport.release import history
from homeport.release.probe import Count
from homeport.secrets.redactor import Redactor
from homeport.secrets.store import Store
from homeport.secrets.value import Secret
from homeport.stack.model import Target

Occasion = Literal["start", "success", "failure", "rollback"]
DEADLINE = 10.0  # seconds, for all addresses together
_WORDS: dict[Occasion, str] = {
    "start": "begins",
    "success": "is done",
    "failure": "failed",
    "rollback": "went back",
}
_KINDS: dict[Occasion, str] = {
    "start": "info",
    "success": "success",
    "failure": "failure",
    "rollback": "warning",
}
_LINES = 12  # of what changed


@dataclass(frozen=True)
class News:
    """One thing to tell. `changes`: a line each, with its reason; `look`: where there is more."""

    occasion: Occasion
    stack: str
    environment: str
    version: str
    who: str
    look: str
    seconds: float = 0.0
    changes: tuple[str, ...] = ()
    probe: Count = field(default_factory=Count)
    reason: str = ""

    def without_secrets(self, redactor: Redactor) -> News:
        probe = replace(self.probe, first_fault=redactor.clean(self.probe.first_fault))
        changes = tuple(map(redactor.clean, self.changes))
        return replace(self, probe=probe, changes=changes, reason=redactor.clean(self.reason))

    def title(self) -> str:
        return f"{self.stack} in {self.environment}: {self.version} {_WORDS[self.occasion]}"

    def body(self) -> str:
        """A few lines for people."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        took = f", {self.seconds:.1f} s" if self.seconds else ""
        yield f"by {self.who}{took}"
        if self.reason:
            yield self.reason
        yield from (f"- {line}" for line in self.changes[:_LINES])
        if len(self.changes) > _LINES:
            yield f"- and {len(self.changes) - _LINES} more"
        if self.probe.asked:
            yield self.probe.words()
        yield self.look


@dataclass
class Teller:
    """Tells of one release. `look`: where its log is; `back`: it is a rollback."""

    target: Target
    store: Store
    progress: Progress
    look: str
    redactor: Redactor
    back: bool = False
    started: float = field(default_factory=time.monotonic)
    changes: tuple[str, ...] = ()

    def start(self, changes: list[str]) -> None:
        """What is about to change, a line each."""
        self.changes = tuple(changes)
        self._tell("start")

    def end(self, probe: Count, changed: list[str]) -> None:
        """It is done; `changed` names what was changed, where `start` had nothing to say."""
        self.changes = self.changes or tuple(changed)
        self._tell("rollback" if self.back else "success", probe)

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Tell of whatever ends the block early, and let it go on."""
        try:
            yield
        except BaseException as fault:
            self._tell("failure", reason=words(fault))
            raise

    def _tell(self, occasion: Occasion, probe: Count | None = None, reason: str = "") -> None:
        part = self.target.stack.notify
        if part is None or (part.events and occasion not in part.events):
            return
        seconds = 0.0 if occasion == "start" else time.monotonic() - self.started
        news = News(
            occasion, self.target.project, self.target.environment, self.target.version, history.who(), self.look,
            seconds, self.changes, probe or Count(), reason,
        )  # fmt: skip
        try:
            lines = send(news.without_secrets(self.redactor), self._addresses(part.to))
        except HomeportError as fault:
            lines = [f"{fault.message}; the release goes on"]
        for line in lines:
            self.progress.line(f"    notify: {line}")

    def _addresses(self, names: tuple[str, ...]) -> dict[str, Secret]:
        """Those that are set; on this machine nobody needs to be told."""
        unset = [name for name in names if name not in self.store]
        if unset and not self.target.local:
            cure = cures.secrets_set(unset[0], self.target.environment)
            self.progress.line(f"    notify: {', '.join(unset)} not set: {cure}")
        return {name: self.store.get(name) for name in names if name in self.store}


def send(news: News, addresses: dict[str, Secret], deadline: float = DEADLINE) -> list[str]:
    """Tell all at once; a line for each that could not be told in time, without its address."""
    outcomes = dict.fromkeys(addresses, f"no answer within {deadline:.0f} s")

    def one(name: str, address: Secret) -> None:
        outcomes[name] = _send_one(news, address)

    threads = [threading.Thread(target=one, args=pair, daemon=True) for pair in addresses.items()]
    for thread in threads:
        thread.start()
    ends = time.monotonic() + deadline
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
    return [f"{name}: {outcome}; the release goes on" for name, outcome in outcomes.items() if outcome]


def _send_one(news: News, address: Secret) -> str:
    """Empty when it was taken, else what went wrong, in words that hold nothing of the address."""
    try:
        import apprise  # noqa: PLC0415 (a fifth of a second, and only who notifies needs it)

        url, to = address.reveal().strip(), apprise.Apprise()
        known = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if known is None and url.startswith(("https://", "http://")):
            return _post(news, url)
        if known is None or not to.add(known):
            return "its value is not an address that Apprise knows"
        taken = to.notify(title=news.title(), body=news.body(), notify_type=_KINDS[news.occasion])
    except Exception as fault:  # a library of a hundred services: none may end a release
        return f"could not be told ({type(fault).__name__})"
    return "" if taken else "did not take it"


def _post(news: News, url: str) -> str:
    """The news as one JSON object."""
    data = json.dumps({**asdict(news), "title": news.title()}).encode()
    request = urllib.request.Request(  # noqa: S310 (http or https, as the caller has seen)
        url, data, {"Content-Type": "application/json", "User-Agent": "homeport"}
    )
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:  # noqa: S310
            return "" if answer.status < 300 else f"answered {answer.status}"
    except urllib.error.HTTPError as fault:
        return f"answered {fault.code}"
