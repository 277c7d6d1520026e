"""`${NAME:-default}` and its relatives, as the compose specification defines interpolation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*[=:](.*)")
_DEEPEST = 8


@dataclass
class Filled:
    """A text after interpolation: which variables it named, and which of them have no value here."""

    text: str = ""
    used: list[str] = field(default_factory=list)
    unset: list[str] = field(default_factory=list)


def fill(text: str, values: Mapping[str, str], depth: int = 0) -> Filled:
    """Replace the variables of `text`. A variable without a value becomes nothing and is listed in `unset`."""
    result = Filled()
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        result.text += text[at:dollar]
        at = _one(text, dollar, values, result, depth)
    result.text += text[at:]
    return result


def _one(text: str, dollar: int, values: Mapping[str, str], result: Filled, depth: int) -> int:
    """Read what stands at one `$`; where reading goes on."""
    if text.startswith("$$", dollar):
        result.text += "$"
        return dollar + 2
    if text.startswith("${", dollar) and (end := _closing(text, dollar + 2)):
        _braced(text[dollar + 2 : end], values, result, depth)
        return end + 1
    match = _NAME.match(text, dollar + 1)
    if not match:
        result.text += "$"
        return dollar + 1
    _value(match[0], values, result)
    return match.end()


def _closing(text: str, start: int) -> int:
    """Where the brace that was opened before `start` is closed; 0 when it is not."""
    level = 1
    for at in range(start, len(text)):
        level += {"{": 1, "}": -1}.get(text[at], 0)
        if level == 0:
            return at
    return 0


def _braced(inner: str, values: Mapping[str, str], result: Filled, depth: int) -> None:
    match = _NAME.match(inner)
    if not match or depth > _DEEPEST:
        result.text += "${" + inner + "}"
        return
    name, rest = match[0], inner[match.end() :]
    operator, word = (rest[:2], rest[2:]) if rest[:1] == ":" else (rest[:1], rest[1:])
    missing = not values.get(name) if operator.startswith(":") else name not in values
    if operator in (":-", "-") and missing:
        _default(name, word, values, result, depth)
    elif operator in (":+", "+"):
        result.used.append(name)
        if not missing:
            _merge(result, fill(word, values, depth + 1))
    else:
        _value(name, values, result)


def _default(name: str, word: str, values: Mapping[str, str], result: Filled, depth: int) -> None:
    result.used.append(name)
    _merge(result, fill(word, values, depth + 1))


def _merge(result: Filled, inner: Filled) -> None:
    result.text += inner.text
    result.used += inner.used
    result.unset += inner.unset


def _value(name: str, values: Mapping[str, str], result: Filled) -> None:
    result.used.append(name)
    result.text += values.get(name, "")
    if name not in values:
        result.unset.append(name)


def read_env(text: str) -> dict[str, tuple[str, int]]:
    """A .env file: name -> value and line. Quotes and `# comments` after a blank are taken away."""
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = None if line.lstrip().startswith("#") else _LINE.fullmatch(line)
        if match:
            found[match[1]] = (_unquote(match[2].strip()), number)
    return found


def _unquote(value: str) -> str:
    if value[:1] in ("'", '"') and (end := value.find(value[0], 1)) > 0:
        return value[1:end]
    return re.split(r"\s+#", value, maxsplit=1)[0].strip() if not value.startswith("#") else ""
