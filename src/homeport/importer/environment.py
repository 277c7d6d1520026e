"""Variables of a service: `environment:` over `env_file:`, each with its own finding."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace

from homeport.importer.draft import DraftService, Work, identifier_of
from homeport.importer.folder import join
from homeport.importer.secrets import looks_secret
from homeport.importer.value import Value
from homeport.importer.variables import fill, read_env
from homeport.stack.problem import Place
from homeport.stack.rules.variables import HOMEPORT_SETS

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LOOPBACK = re.compile(r"https?://(localhost|127\.0\.0\.1|0\.0\.0\.0)(:\d+)?")
_HOSTS = re.compile(r"HOST|ADDR|SERVER|URL|NODE|BROKER|ENDPOINT", re.IGNORECASE)
_EXTERNAL = re.compile(
    r"OPENAI|ANTHROPIC|STRIPE|TWILIO|SENDGRID|MAILGUN|POSTMARK|AWS_|S3_|GCS_|AZURE_|SMTP|SENTRY_DSN|SLACK|OAUTH|OIDC"
    r"|GITHUB_|GOOGLE_|FACEBOOK_|PAYPAL|WEBHOOK"
)


def collect(work: Work, service: DraftService) -> None:
    """Gather the variables as written; what becomes of each is decided by the passes that follow."""
    found: dict[str, Value] = {}
    env_file = service.value.get("env_file")
    for item in env_file.list() if env_file else ():
        found |= _file(work, service, item)
    environment = service.value.get("environment")
    for name, value in environment.pairs() if environment else ():
        text = value.text if value.text is not None else work.project.env.get(name)
        if value.entries is not None or value.items is not None:
            work.findings.dropped(value.place, service.at(f"environment.{name}"), "a variable is one text")
        else:
            found[name] = replace(value, text=text)
    service.env = found


def _file(work: Work, service: DraftService, item: Value) -> dict[str, Value]:
    path = join("", item.text or item.string("path"))
    text = work.project.folder.text(path)
    at = service.at("env_file")
    for other in _examples(work, path) if text is None else ():
        if text is None and (text := work.project.folder.text(other)) is not None:
            work.findings.changed(
                item.place, at, f"there is no {path}; {other} stands for it", "look at the values"
            )
            path = other
    if text is None:
        required = item.string("required", "true") != "false"
        cure = "put the file there and run init again, or add its variables to env" if required else ""
        work.findings.dropped(item.place, at, f"there is no file {path}", cure)
        return {}
    work.findings.changed(item.place, at, f"the variables of {path} are in `env` and `secrets`")
    result = {}
    for name, (raw, line) in read_env(text).items():
        filled = fill(raw, work.project.env)
        if not filled.text and not looks_secret(name, None):
            why = "it is empty, so it is left out"
            work.findings.changed(Place(path, line, 1), service.at(f"environment.{name}"), why)
            continue
        result[name] = Value(Place(path, line, 1), filled.text, used=tuple(filled.used))
    return result


def _examples(work: Work, path: str) -> list[str]:
    """Files that may stand for a variables' file that is not in git."""
    names = [path + ending for ending in (".example", ".sample", ".template", ".dist")]
    own = posixpath.basename(path) == ".env" and work.project.env_file
    return [own, *names] if own else names


def _mail_catchers(work: Work, service: DraftService) -> None:
    """Variables that lead to a service of the local environment belong to that environment."""
    names = {name for catcher in work.of_role("catcher") for name in catcher.names}
    led = [n for n, v in service.env.items() if (v.text or "").split(":")[0] in names]
    for prefix in {name.rpartition("_")[0] or name for name in led if service.role != "catcher"}:
        for name in [n for n in service.env if n == prefix or n.startswith(f"{prefix}_")]:
            value = service.env.pop(name)
            work.local_env[name] = rename(work, value.text or "", name)
            why = "it leads to the mail catcher, so it is in `environments.local.env`"
            cure = f"give production its own: environments.production.env: {{{name}: VALUE}}"
            work.findings.changed(value.place, service.at(f"environment.{name}"), why, cure)
        service.keys["egress"] = True
        service.notes["egress"] = "for mail, in production"


def finish(work: Work, service: DraftService) -> None:
    """What no other pass has taken is plain configuration."""
    _mail_catchers(work, service)
    for name, value in service.env.items():
        _variable(work, service, name, value)


def _variable(work: Work, service: DraftService, name: str, value: Value) -> None:
    path, place = service.at(f"environment.{name}"), value.place
    text = value.text
    if name in HOMEPORT_SETS:
        work.findings.changed(place, path, f"homeport sets {name} itself", "")
    elif not _NAME.fullmatch(name):
        work.findings.dropped(
            place, path, "a variable's name has letters, digits and _", _odd_name(service, name)
        )
    elif text is None or (not text and value.unset):
        missing = ", ".join(value.unset) or name
        why = f"{missing} has no value here"
        work.findings.dropped(
            place, path, why, f"write services.{service.name}.env: {{{name}: VALUE}} if it needs one"
        )
    elif any(ord(char) < 32 for char in text):
        why = "a text of several lines"
        work.findings.dropped(place, path, why, "put it into a file of the image, or make it a secret")
    else:
        _keep(work, service, name, value, text)


def _odd_name(service: DraftService, name: str) -> str:
    if "elasticsearch" in service.image:
        return f"Elasticsearch also reads ES_SETTING_{name.upper().replace('.', '_')}"
    return "give it by a configuration file in the image"


def _keep(work: Work, service: DraftService, name: str, value: Value, text: str) -> None:
    path = service.at(f"environment.{name}")
    renamed = rename(work, text, name)
    service.keys.setdefault("env", {})[name] = renamed
    if renamed != text:
        work.findings.changed(value.place, path, "another service or a secret in it has a new name")
    elif _LOOPBACK.search(text):
        why = f"kept: {name} names this machine"
        work.findings.changed(
            value.place, path, why, "people come by PUBLIC_URL, services by http://NAME:PORT"
        )
    else:
        work.findings.carried(value.place, path)
    if _calls_out(work, name, text):
        service.keys["egress"] = True
        service.notes["egress"] = f"for {name}"


def _calls_out(work: Work, name: str, text: str) -> bool:
    """Whether a variable shows that the service calls something outside of the stack."""
    host = re.search(r"https?://([A-Za-z0-9.-]+)", text)
    if host and not work.called(host[1]) and "." in host[1] and not _LOOPBACK.search(text):
        return not re.search(
            r"(PUBLIC|BASE|SITE|APP|FRONTEND|ROOT|ORIGIN|SERVER|HOST)_?(URL|URI|HOST)?", name
        )
    return bool(_EXTERNAL.search(name) and text and not work.called(text.split(":", maxsplit=1)[0]))


def rename(work: Work, text: str, variable: str = "") -> str:
    """The text with the hosts of other services under their new names, and secrets where they are now."""
    for service in work.services.values():
        new = service.role if service.role in ("postgres", "rabbitmq") else service.name
        for old in sorted(service.names - {new}, key=len, reverse=True):
            if _is_host(text, old, variable):
                text = re.sub(
                    rf"(^|(?<=[/@,;\s=\[\"'])){re.escape(old)}(?!://)(?=$|[:/,;\s\]\"'])", new, text
                )
    return re.sub(r"/run/secrets/([\w.-]+)", lambda m: f"/run/secrets/{identifier_of(m[1])}", text)


def _is_host(text: str, old: str, variable: str) -> bool:
    """Whether a word of a text is meant as a host: with a scheme or a port, or in a variable that names hosts."""
    if text == old:
        return not old.isalpha() or bool(_HOSTS.search(variable))
    return bool(re.search(rf"(://|@|^|[,;\s=\[\"']){re.escape(old)}(:\d|/|$)", text) and ":" in text)
