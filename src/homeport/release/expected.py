"""Whether an answer is the one that was expected; the only place that decides it."""

from __future__ import annotations

import json
from typing import Any

from homeport.engine.answer import Answer
from homeport.engine.wait import SLOWNESS
from homeport.stack.smoke import Smoke

_MISSING = object()


def fault(request: Smoke, answer: Answer, edge: bool = True) -> str:
    """What is not as expected, in words; empty when all is. Headers and time are the edge's: not looked at where a
    container was asked itself (`edge` is False)."""
    if not answer.status:
        return answer.fault
    if answer.status not in request.status:
        return f"HTTP {answer.status}, expected {' or '.join(map(str, request.status))}"
    if request.contains and request.contains not in answer.body.decode(errors="replace"):
        return f'no "{request.contains}" in the body'
    return _fields(request, answer) or (_of_the_edge(request, answer) if edge else "")


def worse(old: int, new: int) -> bool:
    """Whether a container answers worse than the one before it, for a path of which nobody has said what it answers.
    0: there is no answer. What was refused may be refused otherwise now, but not be gone."""
    if not 0 < new < 500:
        return True
    if not 0 < old < 500:
        return False
    return new >= 400 > old or new == 404 != old


def _fields(request: Smoke, answer: Answer) -> str:
    if not request.fields:
        return ""
    try:
        value = json.loads(answer.body)
    except ValueError:
        return "the body is not JSON"
    for path, wanted in request.fields.items():
        found = _at(value, path)
        if found is _MISSING:
            return f"the body has no field {path}"
        if _text(found) != wanted:
            return f'{path} is not "{wanted}"'
    return ""


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return _MISSING
    return value


def _text(value: Any) -> str:
    """A value as it is typed into homeport.yaml."""
    return value if isinstance(value, str) else json.dumps(value)


def _of_the_edge(request: Smoke, answer: Answer) -> str:
    for name, wanted in request.headers.items():
        if wanted not in answer.headers.get(name.lower(), ""):
            return f'no "{wanted}" in the header {name}'
    if answer.seconds > request.within * SLOWNESS:
        return f"took {answer.seconds:.1f} s, expected {request.within * SLOWNESS:g} s at most"
    return ""
