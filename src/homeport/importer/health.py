"""How a service says that it can serve: from the healthcheck, or a guess that is said."""

from __future__ import annotations

import re

from homeport.importer import images, program
from homeport.importer.draft import DraftService, Work, identifier_of
from homeport.importer.secrets import holds_secret, looks_secret
from homeport.importer.value import Value
from homeport.stack.words import parse_duration

_URL = re.compile(
    r"https?://(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|\$\{?HOSTNAME\}?|[\w-]+)(?::\$?\{?\w+\}?)?(/[^\s'\"|)\\;]*)?"
)
_ASKS = re.compile(r"\b(curl|wget|http\.get|urlopen|requests|fetch|Invoke-WebRequest|httpie|healthcheck)\b")
_PATH = re.compile(r"/([A-Za-z0-9._~@:+,=-]+/)*[A-Za-z0-9._~@:+,=-]*")


def apply(work: Work, service: DraftService) -> None:
    """Set `health`, and say what became of each key of the healthcheck."""
    value = service.value.get("healthcheck")
    http = service.keys.get("port") and service.keys.get("protocol", "http") == "http"
    if value is not None:
        _carry(work, service, value, bool(http))
    known = images.HEALTH_PATHS.get(images.reference(service.image).base) if service.image else None
    if http and known and "health" not in service.keys:
        service.keys["health"] = known
        why = f"its health path is {known}, as the image's documentation says"
        work.findings.changed(service.value.place, f"services.{service.origin}", why)
    if http and "health" not in service.keys:
        service.keys["health"] = "/"
        service.notes["health"] = "a guess: a path that answers 200 when it can serve"
        why = "has a port and no health path: / is asked"
        cure = "name a path that answers 200 only when it can serve"
        work.findings.changed(service.value.place, f"services.{service.origin}", why, cure)


def _carry(work: Work, service: DraftService, value: Value, http: bool) -> None:
    path, test = service.at("healthcheck"), value.get("test")
    if (value.get("disable") or Value(value.place)).true or _words(test)[:1] == ["NONE"]:
        work.findings.changed(value.place, path, "a release must know when a service can serve")
        return
    found = _test(work, service, test, http) if test else None
    if found is None and test:
        work.findings.dropped(test.place, f"{path}.test", "nothing to run", "write health: /PATH")
    if found is not None:
        _timed(work, service, value, found)
    for key, inner in (value.entries or {}).items():
        if key in ("interval", "retries", "start_interval"):
            why = "homeport asks every few seconds, and several times per second during a release"
            work.findings.changed(inner.place, f"{path}.{key}", why)
        elif key not in ("test", "timeout", "start_period", "disable"):
            work.findings.dropped(inner.place, f"{path}.{key}", "not a key of a healthcheck")


def _words(test: Value | None) -> list[str]:
    return program.words(test) if test is not None and test.items is not None else []


def _test(work: Work, service: DraftService, test: Value, http: bool) -> dict[str, object] | None:
    """`{path: ...}` or `{command: [...]}`."""
    words = _words(test)
    shell = (
        test.text
        if test.text is not None
        else (words[1] if words[:1] == ["CMD-SHELL"] and len(words) > 1 else None)
    )
    text = shell if shell is not None else " ".join(words[1:])
    place, path = test.place, service.at("healthcheck.test")
    if not text.strip():
        return None
    url = _URL.search(text)
    if http and url and _ASKS.search(text):
        asked = (url[2] or "/").partition("?")[0]
        if _PATH.fullmatch(asked):
            if asked == url[2] or not url[2]:
                work.findings.carried(place, path, f"the path {asked} is asked from outside of the container")
            else:
                work.findings.changed(place, path, f"the path {asked} is asked, without its query")
            return {"path": asked}
    command = ["sh", "-c", text] if shell is not None else words[1:]
    renamed = [
        re.sub(r"/run/secrets/([\w.-]+)", lambda m: f"/run/secrets/{identifier_of(m[1])}", w) for w in command
    ]
    if any("\n" in word.strip() for word in renamed):
        cure = "put it into a file of the image and name that file"
        work.findings.dropped(place, path, "a check of several lines", cure)
        return {}
    renamed = [word.strip() for word in renamed]
    renamed = [_without_password(word) for word in renamed]
    if names := [n for n in service.secret_variables if re.search(rf"\$\{{?{n}\b", " ".join(renamed))]:
        why = f"the check reads {names[0]}, which is a file now"
        work.findings.dropped(
            place, path, why, f"write health: {{command: [...]}} that reads {names[0]}_FILE"
        )
        return {}
    if _secret_in(service, test, " ".join(renamed)):
        cure = "let the check read the secret's file: $(cat /run/secrets/NAME)"
        work.findings.dropped(place, path, "the check holds a secret", cure)
        return {}
    work.findings.carried(place, path, "the program is run in the container")
    return {"command": renamed}


def _without_password(word: str) -> str:
    """`mysqladmin ping` answers without a password too."""
    if not re.search(r"(mysqladmin|mariadb-admin)\b.*\bping", word):
        return word
    return re.sub(r"\s+(-u\s*\S+|--user=\S+|--password=(\"[^\"]*\"|\S+)|-p(\"[^\"]*\"|\S+))", "", word)


def _secret_in(service: DraftService, test: Value, text: str) -> bool:
    environment = service.value.get("environment")
    values = [
        v.text or "" for n, v in (environment.pairs() if environment else ()) if looks_secret(n, v.text)
    ]
    return holds_secret(test) or any(
        len(value) > 3 and re.search(rf"(?<![\w]){re.escape(value)}(?![\w])", text) for value in values
    )


def _timed(work: Work, service: DraftService, value: Value, found: dict[str, object]) -> None:
    for key, ours, default in (("timeout", "timeout", "3s"), ("start_period", "start", "60s")):
        inner = value.get(key)
        if inner is None:
            continue
        text = program.seconds(inner.text or "")
        path = service.at(f"healthcheck.{key}")
        most = {"timeout": 60, "start": 3600}[ours]
        if text is None or text == "0ms":
            work.findings.dropped(inner.place, path, f"{inner.spoken()} is no duration", f"it is {default}")
        elif key == "start_period" and _shorter(text, default):
            work.findings.changed(inner.place, path, "a service has at least 60s to become healthy")
        elif parse_duration(text) > most:
            work.findings.changed(inner.place, path, f"at most {most}s")
            found[ours] = f"{most}s"
        else:
            work.findings.carried(inner.place, path)
            if text != default and found:
                found[ours] = text
    if list(found) == ["path"]:
        service.keys["health"] = found["path"]
    elif found.get("path") or found.get("command"):
        service.keys["health"] = found


def _shorter(one: str, other: str) -> bool:
    return parse_duration(one) < parse_duration(other)
