"""The words of the language: sizes, durations, names, domains, as types that parse themselves.

Every text that can reach nginx.conf, a compose file or a shell has a safe alphabet here, so nothing that is
typed into homeport.yaml can break out of its place. Values come as the text that was typed; Python values
(an int, a bool) are taken as they are, for models made in code.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class Kind:
    """What a word is called where it is explained, one good value, and its JSON schema."""

    name: str
    example: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"}, compare=False)


def parse_size(value: Any) -> int:
    """`512M`, `1G`, `10485760` -> bytes; units are powers of 1024, as Docker reads them."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(_text(value, "a size").strip())
    if not match:
        raise ValueError(f'not a size: "{value}"; write 512M, 1G or a number of bytes')
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " "))


def size_text(size: int) -> str:
    """Bytes -> the shortest exact text that `parse_size` reads: 536870912 -> `512M`."""
    for power, unit in ((4, "T"), (3, "G"), (2, "M"), (1, "K")):
        if size and size % 1024**power == 0:
            return f"{size // 1024**power}{unit}"
    return str(size)


def parse_duration(value: Any) -> float:
    """`10s`, `1m30s`, `500ms` -> seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = _text(value, "a duration").strip()
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.replace(" ", ""):
        raise ValueError(f'not a duration: "{text}"; write 10s, 1m30s, 500ms or 24h')
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def duration_text(seconds: float) -> str:
    """Seconds -> text that `parse_duration` reads: 90.0 -> `90s`, 3600.0 -> `1h`."""
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("s", 1.0)):
        if (seconds >= length or unit == "s") and seconds % length == 0:
            return f"{int(seconds / length)}{unit}"
    return f"{round(seconds * 1000)}ms"


def parse_whole(value: Any) -> int:
    """`8000` -> 8000. No octal, no `1_000`, no `8000.0`: what is read is what a person sees."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not re.fullmatch(r"0|-?[1-9][0-9]{0,17}", _text(value, "a whole number")):
        raise ValueError(f'not a whole number: "{value}"')
    return int(value)


def parse_number(value: Any) -> float:
    """`0.5` -> 0.5; no exponents, no inf."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?|\.\d{1,9}", _text(value, "a number")):
        raise ValueError(f'not a number: "{value}"')
    return float(value)


def parse_flag(value: Any) -> bool:
    """`true` or `false`; yes, no, on and off mean different things to different readers: refused."""
    if isinstance(value, bool):
        return value
    text = _text(value, "true or false")
    if text.lower() not in ("true", "false"):
        raise ValueError(f'must be true or false, not "{text}"')
    return text.lower() == "true"


def parse_statuses(value: Any) -> tuple[int, ...]:
    """`401` or `[200, 304]` -> the statuses of HTTP that are meant."""
    found = tuple(map(parse_whole, value if isinstance(value, list | tuple) else (value,)))
    wrong = [str(status) for status in found if not 100 <= status <= 599]
    if wrong or not found:
        raise ValueError(f"{', '.join(wrong) or 'nothing'} is not a status of HTTP; write 200, or [200, 304]")
    return found


def parse_words(value: Any) -> Any:
    """`a "b c"` -> ("a", "b c"), split as a shell does; a list stays one word an item."""
    if not isinstance(value, str):
        return value
    try:
        return tuple(shlex.split(value))
    except ValueError as fault:
        raise ValueError(f"a quote is left open ({str(fault).lower()})") from None


def _text(value: Any, wanted: str) -> str:
    if isinstance(value, str):
        return value
    what = "a list" if isinstance(value, list | tuple) else "keys and values"
    raise ValueError(f"must be {wanted}, not {what}")


def _matching(pattern: str, wanted: str, show: bool = True) -> Callable[[str], str]:
    """A check; `show` is False for a value that may be a secret by mistake."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f'"{_short(value)}" is not {wanted}' if show else f"is not {wanted}")
        return value

    return check


def _short(value: str) -> str:
    """For a message: at most 60 characters."""
    return value if len(value) <= 60 else f"{value[:57]}..."


def _regex(value: str) -> str:
    """RabbitMQ reads Perl's regular expressions; what Python cannot read is a slip there too."""
    try:
        re.compile(value)
    except re.error as fault:
        raise ValueError(f'"{_short(value)}" is not a regular expression: {fault}') from None
    return value


T = TypeVar("T")


def _ip(parse: Callable[[str], T], wanted: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        try:
            return str(parse(value))
        except ValueError:
            raise ValueError(f'"{_short(value)}" is not {wanted}') from None

    return check


# RFC 1918
_PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


def _app_network(value: str) -> str:
    network = ipaddress.IPv4Network(value)
    if network.prefixlen != 20 or not any(network.subnet_of(private) for private in _PRIVATE):
        raise ValueError
    return str(network)


def _reason(value: str) -> str:
    """Words for whoever reads the file next year; they become comments, so they have no line end of any kind."""
    if len(value.split()) < 3 or not value.isprintable():
        raise ValueError(f'"{_short(value)}" is no reason; say why, in three words or more on one line')
    return value


_SIZE_TEXT = r"^[0-9]+(\.[0-9]+)? ?([KMGTkmgt]i?)?[Bb]?$"
_DURATION_TEXT = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d) ?)+$"
_NAME = r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$"
_IDENTIFIER = r"^[a-z][a-z0-9_]{0,62}$"
_ENV_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
_HTTP_PATH = r"^/([A-Za-z0-9._~@:+,=-]+/)*[A-Za-z0-9._~@:+,=-]*$"
_HEADER_NAME = r"^[A-Za-z][A-Za-z0-9-]{0,63}$"
_REQUEST_PATH = r"^/([A-Za-z0-9._~@:+,=%-]+/)*[A-Za-z0-9._~@:+,=%-]*(\?[A-Za-z0-9._~@:+,=%&/-]*)?$"
_FIELD_NAME = r"^[A-Za-z0-9_@$-]+(\.[A-Za-z0-9_@$-]+)*$"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = rf"^({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?$"
_HOST = r"^(local|[a-z_][a-z0-9_-]*@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)$"
_REPOSITORY = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
_IMAGE = (
    rf"^([a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?/)?{_REPOSITORY}(/{_REPOSITORY})*"
    r"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$"
)
# A first word without a dot or a port would be a name on Docker Hub.
_REGISTRY_HOST = r"localhost(:[0-9]+)?|[a-z0-9]([a-z0-9-]*\.)+[a-z0-9-]*[a-z0-9](:[0-9]+)?|[a-z0-9-]+:[0-9]+"
_REGISTRY = rf"^({_REGISTRY_HOST})(/{_REPOSITORY})*$"
# A path that no disk takes is none: 255 bytes a name, and room for the folder that it is below.
_FOLDER = r"^(?!/)(?!-)(?!.*[^/]{256})(?!.{2001})(?!(.*/)?\.\.(/|$))[A-Za-z0-9._ @+/-]+$"
_MOUNT_PATH = r"^(/[A-Za-z0-9._@+-]+)+$"
_USER = r"^(image|root|[0-9]{1,9}:[0-9]{1,9})$"
_HEADER = r"^[A-Za-z0-9 ':;/.*_=+,%?&@!~()-]+$"
_ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
_SETTING = r"^[A-Za-z0-9 _.,:+/%*()-]+$"
_SETTING_NAME = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$"
_STAGE = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_EXCHANGE = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,126}$"
_REGEX = r"^[A-Za-z0-9._:@/|()\[\]{}*+?^$\\,=!<-]*$"

_ANY_SCALAR = {
    "type": ["string", "number", "boolean"]
}  # text as it is typed: a port may stand without quotes
_LIST_OR_TEXT = {"anyOf": [{"type": "string"}, {"type": "array", "items": _ANY_SCALAR}]}

Size = Annotated[
    int,
    BeforeValidator(parse_size),
    Kind("size", "512M", {"type": ["string", "integer"], "pattern": _SIZE_TEXT}),
]
Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    Kind("duration", "30s", {"type": "string", "pattern": _DURATION_TEXT}),
]
Whole = Annotated[int, BeforeValidator(parse_whole), Kind("whole number", "1", {"type": "integer"})]
Number = Annotated[float, BeforeValidator(parse_number), Kind("number", "0.5", {"type": "number"})]
Flag = Annotated[bool, BeforeValidator(parse_flag), Kind("true or false", "true", {"type": "boolean"})]


def _pattern(pattern: str, wanted: str, kind: str, example: str) -> Any:
    """The metadata of a text with a pattern."""
    return (
        AfterValidator(_matching(pattern.removeprefix("^").removesuffix("$"), wanted)),
        Kind(kind, example, {"type": "string", "pattern": pattern}),
    )


Name = Annotated[
    str,
    *_pattern(_NAME, "a name; use a-z, 0-9 and -, a letter first, at most 40 characters", "name", "gateway"),
]
Identifier = Annotated[
    str,
    *_pattern(_IDENTIFIER, "an identifier; use a-z, 0-9 and _, a letter first", "identifier", "jwt_key"),
]
EnvName = Annotated[
    str,
    *_pattern(_ENV_NAME, "a variable's name; use letters, digits and _", "variable name", "LOG_LEVEL"),
]
EnvValue = Annotated[
    str,
    AfterValidator(
        _matching(_ONE_LINE[1:-1], "one line; put longer text in a file of the image", show=False)
    ),
    Kind("text", "info", _ANY_SCALAR),
]
HttpPath = Annotated[
    str,
    *_pattern(_HTTP_PATH, "a path; write /like/this, letters, digits and ._~@:+,=- only", "path", "/health"),
]
Domain = Annotated[
    str,
    *_pattern(
        _DOMAIN,
        "a domain; write it in lower case with a dot, as in example.com or app.localhost",
        "domain",
        "example.com",
    ),
]
Host = Annotated[str, *_pattern(_HOST, "a host; write `local` or USER@HOST", "host", "deploy@203.0.113.10")]
Image = Annotated[str, *_pattern(_IMAGE, "an image; write NAME:VERSION", "image", "axllent/mailpit:v1.21")]
RegistryName = Annotated[
    str,
    *_pattern(_REGISTRY, "a registry; write HOST or HOST/PATH", "registry", "ghcr.io/acme"),
]
Folder = Annotated[
    str,
    *_pattern(_FOLDER, "a path below the folder of homeport.yaml", "folder", "services/gateway"),
]
MountPath = Annotated[
    str, *_pattern(_MOUNT_PATH, "an absolute path below /", "path in the container", "/var/lib/app")
]
User = Annotated[
    str,
    *_pattern(_USER, "a user; write `image` or UID:GID", "user", "1000:1000"),
    AfterValidator(lambda value: "0:0" if value == "root" else value),
]
Reason = Annotated[str, AfterValidator(_reason), Kind("reason", "it binds port 80 itself")]
HeaderValue = Annotated[
    str,
    *_pattern(
        _HEADER,
        'a header value; one line without ", $, \\, { and }',
        "header value",
        "default-src 'self'",
    ),
]
OneLine = Annotated[str, *_pattern(_ONE_LINE, "one line of text", "text", "alembic upgrade head")]
HeaderName = Annotated[str, *_pattern(_HEADER_NAME, "the name of a header", "header", "Accept")]
RequestPath = Annotated[
    str,
    *_pattern(
        _REQUEST_PATH,
        "a path; write /like/this or /like?this=1, letters, digits and ._~@:+,=%& only",
        "path with a query",
        "/health?deep=1",
    ),
]
FieldName = Annotated[
    str, *_pattern(_FIELD_NAME, "a field; write user.name, or items.0.name", "field", "user.name")
]
AnyText = Annotated[
    str,
    AfterValidator(_matching(_ONE_LINE[1:-1], "one line of text")),
    Kind("text", "ready", _ANY_SCALAR),
]
Statuses = Annotated[
    tuple[int, ...],
    BeforeValidator(parse_statuses),
    Kind(
        "status or list",
        "401",
        {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]},
    ),
]
Setting = Annotated[str, *_pattern(_SETTING, "a setting's value", "setting", "64MB")]
SettingName = Annotated[str, *_pattern(_SETTING_NAME, "a setting's name", "setting name", "work_mem")]
ExchangeName = Annotated[str, *_pattern(_EXCHANGE, "the name of an exchange", "exchange name", "events")]
NamePattern = Annotated[
    str,
    *_pattern(_REGEX, "a pattern; one word without spaces and quotes", "pattern", r'"orders\\..*"'),
    AfterValidator(_regex),
]
Stage = Annotated[str, *_pattern(_STAGE, "the name of a stage", "stage", "prod")]
Address = Annotated[
    str,
    AfterValidator(_ip(ipaddress.IPv4Address, "an IPv4 address")),
    Kind("IPv4 address", "127.0.0.1"),
]
AppNetwork = Annotated[
    str,
    AfterValidator(_ip(_app_network, "a private network of size /20, such as 10.80.0.0/20")),
    Kind("network", "10.80.0.0/20"),
]
ProxyNetwork = Annotated[
    str,
    AfterValidator(_ip(ipaddress.ip_network, "a network, such as 203.0.113.0/24")),
    Kind("network", "203.0.113.0/24"),
]
Words = Annotated[
    tuple[OneLine, ...],
    BeforeValidator(parse_words),
    Kind("words", "python -m app", _LIST_OR_TEXT),
]
