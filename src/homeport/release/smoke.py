"""The smoke test: new containers before anybody is sent to them; then the stack as a visitor finds it, over TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from homeport import cures
from homeport.commands import docker
from homeport.engine import https
from homeport.engine.answer import Answer, Request
from homeport.engine.host import Host
from homeport.engine.wait import SLOWNESS, Seen, WaitedTooLong, wait_until
from homeport.errors import ReleaseError
from homeport.release import expected
from homeport.release.plan import Roll
from homeport.release.roll import observe, other
from homeport.stack import asked
from homeport.stack.model import Slot, Target
from homeport.stack.smoke import Smoke

_SECONDS = 15.0
_UNSAID = "`smoke:` in homeport.yaml says what a path must answer."


def smoke_slots(host: Host, target: Target, rolls: Iterable[Roll]) -> None:
    """Ask new containers, which nobody is sent to yet, what visitors will ask them: each must answer as `smoke:` says
    where the one that serves does, and where that says nothing, not worse. No visitor gets what fails here."""
    for roll in rolls:
        if target.services[roll.service].port:
            for question in _Slots(host, target, roll).questions():
                question.ask()


@dataclass(frozen=True)
class _Question:
    """`look` gives what is wrong with the answer, or an empty text; `path` as the service sees it."""

    slots: _Slots
    container: str
    path: str
    look: Callable[[], str]
    cure: str = ""

    def ask(self) -> None:
        service = self.slots.roll.service

        def look() -> Seen:
            state = self.look()
            return Seen(not state, state)

        try:
            wait_until(f"{self.container} answers {self.path}", look, _SECONDS, every=0.2)
        except WaitedTooLong as fault:
            lines = f"The lines above are the last that {service} said. No visitor has seen it."
            raise ReleaseError(
                f"the smoke test failed: {service} is healthy, but answers {self.path} with {fault.state}",
                f"{lines} {self.cure}".strip(),
                self.slots.last_lines(self.container),
            ) from fault


@dataclass(frozen=True)
class _Slots:
    """The old and the new containers of one service."""

    host: Host
    target: Target
    roll: Roll

    def questions(self) -> Iterator[_Question]:
        told = list(asked.leading_to(self.target, self.roll.service))
        compared = [] if asked.is_told(self.target, self.roll.service) else self._paths()
        for number, container in enumerate(self.roll.containers, 1):
            for request, path in told:
                yield _Question(self, container, path, self._as_told(request, path, number))
            for path in compared:
                yield _Question(self, container, path, self._as_before(path, number), _UNSAID)

    def _paths(self) -> list[str]:
        routes = self.target.stack.edge.routes.items()
        return ["/" if r.strip else path for path, r in routes if r.service == self.roll.service]

    def _as_told(self, request: Smoke, path: str, number: int) -> Callable[[], str]:
        """What the one that serves does not answer so either may need another service's new version, which nobody is
        sent to yet: then it is left to the smoke test through the edge."""
        inner, known = request.model_copy(update={"path": path}), list[bool]()

        def look() -> str:
            answer = self._ask(inner, self.roll.slot, number)
            fault = expected.fault(request, answer, edge=False)
            if not fault or not self.roll.old or not 0 < answer.status < 500:
                return fault
            if not known:
                before = self._ask(inner, other(self.roll.slot), 1)
                known.append(not expected.fault(request, before, edge=False))
            return fault if known[0] else ""

        return look

    def _as_before(self, path: str, number: int) -> Callable[[], str]:
        """The one that serves is asked once, and only where the new one's answer is not good by itself."""
        request, seen = Smoke(path=path), list[int]()

        def look() -> str:
            new = self._ask(request, self.roll.slot, number)
            if 200 <= new.status < 300:
                return ""
            if not seen:
                seen.append(self._ask(request, other(self.roll.slot), 1).status if self.roll.old else 0)
            if not expected.worse(seen[0], new.status):
                return ""
            return (
                f"HTTP {new.status}, the release before with {seen[0] or 'nothing'}"
                if new.status
                else new.fault
            )

        return look

    def _ask(self, request: Smoke, slot: Slot, number: int) -> Answer:
        address = self.target.slot_address(self.roll.service, slot, number)
        port, host = (
            self.target.services[self.roll.service].port or 0,
            self.target.url.removeprefix("https://"),
        )
        told = {
            "X-Forwarded-Host": host,
            "X-Forwarded-Port": str(self.target.env.ports.https),
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "127.0.0.1",
            "X-Real-IP": "127.0.0.1",
        }
        sending = Request(request.method, request.path, https.sent(request, host) | told)
        return self.host.machine.ask(address, port, sending, request.within * SLOWNESS)

    def last_lines(self, container: str) -> str:
        found = [c for c in observe(self.host, self.target.project) if c.compose == container]
        return self.host.runner.run(docker.logs(found[0].id)).tail() if found else ""


def smoke(target: Target, again: bool = False) -> str:
    """Ask what `smoke:` says through the edge, and any route that it says nothing of; what was seen, in words.

    Only what may be repeated is asked until it is as expected. `again`: the rest was asked already, and is left out.
    """
    requests = [r for r in asked.requests(target) if r.repeatable or not again]
    seen = [_expect(target, request) for request in sorted(requests, key=lambda r: not r.repeatable)]
    return ", ".join([*seen, *(_answers(target, path) for path in asked.untold(target))])


def _expect(target: Target, request: Smoke) -> str:
    answer = Answer()

    def look() -> Seen:
        nonlocal answer
        answer = https.ask(target, request)
        state = expected.fault(request, answer)
        return Seen(not state, state)

    _until(target, request, look, _SECONDS if request.repeatable else 0.0)
    return f"{request.name.removeprefix('GET ')} {answer.status}"


def _answers(target: Target, path: str) -> str:
    """A route of which nobody has said what it answers: only a server's error, or nothing, is a failure."""
    answer, request = Answer(), Smoke(path=path)

    def look() -> Seen:
        nonlocal answer
        answer = https.ask(target, request)
        return Seen(0 < answer.status < 500, f"HTTP {answer.status}" if answer.status else answer.fault)

    _until(target, request, look, _SECONDS)
    return f"{path} {answer.status} (nothing says what it should be)"


def _until(target: Target, request: Smoke, look: Callable[[], Seen], seconds: float) -> None:
    try:
        wait_until(f"{request.name} is as expected", look, seconds, every=0.2)
    except WaitedTooLong as fault:
        raise ReleaseError(
            f"the smoke test failed: {request.method} {target.url}{request.path}: {fault.state}",
            f"Look at the edge and the service behind it: {cures.logs('nginx', target.environment)}",
        ) from fault
