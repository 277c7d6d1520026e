"""Image, build, command, user and limits of a service: the keys that have a near twin in homeport.yaml."""

from __future__ import annotations

import json
import re
import shlex

from homeport.importer import dockerfile, environment, images, secrets
from homeport.importer.draft import DraftService, Work
from homeport.importer.value import Value
from homeport.stack.words import duration_text, parse_duration, parse_size, size_text

_DEV_TARGET = re.compile(r"dev|debug|watch|test", re.IGNORECASE)
_PROD_TARGET = re.compile(r"prod|release|final|runtime|runner|deploy", re.IGNORECASE)
_FOLDER = re.compile(r"(?!-)[A-Za-z0-9._ @+/-]+")
_DEV_COMMAND = re.compile(
    r"\b(nodemon|air|watchexec|watchmedo|webpack(-dev-server)? serve|vite( dev)?|next dev|runserver"
    r"|start[-:]watch|fastapi dev|flask run|ng serve|debugpy|--inspect|dlv"
    r"|(npm|pnpm|yarn|bun)( run)? (dev|start:dev|watch|serve)|cargo watch|dotnet watch|rails (s|server))\b"
)
_MIGRATION = re.compile(
    r"migrat|alembic|upgrade head|db:prepare|db:setup|prisma|flyway|liquibase|goose|createdb", re.I
)
_WAITING = re.compile(r"^\s*(sleep\s+\d+|(\S*/)?wait[-_]for\S*\s.*|(\S*/)?dockerize\s.*)\s*$")


def image(work: Work, service: DraftService, value: Value) -> None:
    """An image stays; one that does not say its version is a question."""
    text = (value.text or "").strip()
    path = service.at("image")
    if service.builds:
        why = "homeport names what it builds NAME/SERVICE:VERSION"
        work.findings.changed(value.place, path, why)
        return
    service.keys["image"] = text or "unknown"
    if not text:
        named = f" ({', '.join(value.unset)} has no value here)" if value.unset else ""
        work.findings.asks(value.place, path, f"no image is named{named}", "write image: NAME:VERSION")
        service.notes["image"] = "which image? write NAME:VERSION"
    elif not images.reference(text).pinned:
        why = f"{text} does not say which version it is: it would be another one at each deploy"
        name = images.reference(text).name
        work.findings.asks(value.place, path, why, f"write image: {name}:VERSION, the one that you run today")
        service.notes["image"] = f"which version? write {name}:VERSION"
    elif images.reference(text).vague:
        why = f"kept, but {text} moves with each release of the image"
        work.findings.changed(value.place, path, why, "name a version with numbers")
    elif "writable" in service.keys:
        work.findings.carried(value.place, path)


def build(work: Work, service: DraftService, value: Value) -> None:
    """The folder, the Dockerfile, the stage and the arguments."""
    context, file, target = dockerfile.location(value)
    path, written = service.at("build"), value.text or value.string("context")
    if "://" in written or not _FOLDER.fullmatch(context) or ".." in context:
        why = f"{written} is not a folder below homeport.yaml"
        work.findings.asks(value.place, path, why, "put homeport.yaml above it: run init from there")
        service.notes["build"] = "which folder? it must lie below this file"
    else:
        work.findings.carried(value.place, path)
    relative = file.removeprefix("" if context == "." else f"{context}/")
    context = written if "://" in written else context
    keys: dict[str, object] = {"context": context}
    if relative != "Dockerfile":
        keys["dockerfile"] = relative
    if stage := _stage(work, service, value, target):
        keys["target"] = stage
    if args := _arguments(work, service, value):
        keys["args"] = args
    service.keys["build"] = context if list(keys) == ["context"] else keys
    for key, inner in (value.entries or {}).items():
        if key not in ("context", "dockerfile", "target", "args"):
            why = "docker build takes the context, the Dockerfile, a stage and arguments only"
            work.findings.dropped(inner.place, f"{path}.{key}", why, "say it in the Dockerfile")


def _stage(work: Work, service: DraftService, value: Value, target: str) -> str:
    """The stage to build: not a development stage when the Dockerfile has one for production."""
    if not target or not _DEV_TARGET.search(target):
        return target
    place, path = (value.get("target") or value).place, service.at("build.target")
    found = dockerfile.read(work.project.folder, value)
    names = [s.name for s in found.stages] if found else []
    better = next((n for n in names if _PROD_TARGET.search(n)), None)
    if better is None and found and found.stages and not found.stages[-1].name:
        better = ""
    if better is None:
        work.findings.changed(place, path, f"kept, but {target} looks like a stage for development",
                              "add a stage for production to the Dockerfile and name it here")  # fmt: skip
        service.notes["build"] = "is this stage for development?"
        return target
    work.findings.changed(
        place, path, f"{target} is for development: the stage {better or 'at the end'} is built"
    )
    service.dev, service.stage = True, better
    return better


def _arguments(work: Work, service: DraftService, value: Value) -> dict[str, str]:
    found = {}
    for name, inner in (value.get("args") or Value(value.place)).pairs():
        path = service.at(f"build.args.{name}")
        text = inner.text if inner.text is not None else work.project.env.get(name)
        if text is None or not text.isprintable():
            work.findings.dropped(inner.place, path, "it has no value here", f"write args: {{{name}: VALUE}}")
        elif re.search(r"PASSWORD|SECRET|TOKEN", name, re.I):
            work.findings.dropped(inner.place, path, "a secret as an argument stays readable in the image",
                                  "mount it in the build: RUN --mount=type=secret")  # fmt: skip
        else:
            found[name] = text
            work.findings.carried(inner.place, path)
    return found


def words(value: Value) -> list[str]:
    """A command as compose reads it: a list as it is, a text split as a shell would, but run by none."""
    if value.items is not None:
        return [item.text or "" for item in value.items]
    try:
        return shlex.split(value.text or "")
    except ValueError:
        return (value.text or "").split()


def script(command: list[str]) -> str | None:
    """The text behind `sh -c`, or None when the command is not that."""
    shells = ("sh", "bash", "ash", "/bin/sh", "/bin/bash", "/bin/ash")
    if len(command) == 3 and command[0] in shells and re.fullmatch(r"-[a-z]*c", command[1]):
        return command[2]
    return None


def command(work: Work, service: DraftService, value: Value) -> None:
    """The arguments. Waiting and migrations before the program move to where homeport does them."""
    path, found = service.at("command"), words(value)
    if not found or value.text == "":
        work.findings.carried(value.place, path, "the image's own command")
        return
    text = script(found)
    if text is None and re.match(r"(\S*/)?(wait[-_]for|dockerize)", found[0]) and "--" in found:
        _without_waiting(work, service, value, " ".join(found))
        found = found[found.index("--") + 1 :]
    if text is not None:
        text = _unchain(work, service, value, text)
        found = [*found[:2], text] if text else []
        if text and re.fullmatch(r"[\w./:=@ -]+", text):
            found = text.split()
    found = _no_reload(work, service, value, found)
    if _development(work, service, value, found):
        return
    if found and found == _own_command(work, service):
        work.findings.changed(value.place, path, "the image's own command is the same")
        return
    if any("\n" in word for word in found):
        cure = "put the script into a file of the image and name it here"
        work.findings.dropped(value.place, path, "a command of several lines: the image's own is used", cure)
        return
    if secrets.holds_secret(value) and not images.known(service.image):
        cure = "let the program read the secret's file; everybody on the host can read a command line"
        work.findings.dropped(value.place, path, "the command holds a secret: the image's own is used", cure)
        return
    for name in (n for n in service.secret_variables if re.search(rf"\$\{{?{n}\b", " ".join(found))):
        why = f"kept, but it reads {name}, which is a file now"
        work.findings.changed(value.place, path, why, f"let the program read {name}_FILE")
    if found:
        service.keys["command"] = [environment.rename(work, word) for word in found]
        work.findings.carried(value.place, path)


def _own_command(work: Work, service: DraftService) -> list[str]:
    """CMD of the Dockerfile, when it is a list."""
    build = service.value.get("build")
    file = dockerfile.read(work.project.folder, build)
    stage = file.stage(dockerfile.location(build)[2]) if file else None
    try:
        own = json.loads(stage.command) if stage and stage.command.startswith("[") else []
    except ValueError:
        return []
    return own if isinstance(own, list) else []


_LOOPS = re.compile(
    r"(while|until)\b[^;]*(/dev/tcp|\bnc\b|pg_isready|ping|curl|wget)[^;]*;\s*do\b.*?\bdone\s*(;|&&)?\s*",
    re.S,
)


def _without_waiting(work: Work, service: DraftService, value: Value, text: str) -> str:
    """`while ! nc db 5432; do sleep 1; done; run` -> `run`; `wait-for-it db:5432 -- run` -> `run`."""
    kept = _LOOPS.sub("", text)
    kept = re.sub(r"^(\S*/)?(wait[-_]for\S*|dockerize)\s.*?\s--\s+", "", kept)
    if kept != text:
        why = "no need to wait, a service is asked until it is healthy"
        work.findings.changed(value.place, service.at("command"), why)
    return kept


def _unchain(work: Work, service: DraftService, value: Value, text: str) -> str:
    """`sleep 10 && x migrate && x run`: what waits goes, what migrates becomes `migrate`, the rest stays."""
    text = _without_waiting(work, service, value, text)
    if re.search(r"\b(if|for|while|until|case)\b.*(;|\n)", text):
        return text
    steps = [step.strip() for step in re.split(r"&&|;|\n", text) if step.strip()]
    while len(steps) > 1 and (
        _WAITING.match(steps[0]) or ("database" in service.keys and _MIGRATION.search(steps[0]))
    ):
        step = steps.pop(0)
        if _WAITING.match(step):
            why = f'"{step}": no need to wait, a service is asked until it is healthy'
            work.findings.changed(value.place, service.at("command"), why)
            continue
        before = service.keys.get("migrate")
        service.keys["migrate"] = f"{before} && {step}" if before else step
        why = f'"{step}" is now `migrate`: it runs once, before the new code starts'
        work.findings.changed(
            value.place, service.at("command"), why, "the code of before must run on the new schema"
        )
    return " && ".join(steps)


def _no_reload(work: Work, service: DraftService, value: Value, found: list[str]) -> list[str]:
    kept = [word for word in found if word not in ("--reload", "--debug", "--watch")]
    if kept != found:
        gone = ", ".join(word for word in found if word not in kept)
        work.findings.changed(
            value.place, service.at("command"), f"without {gone}: nothing changes in production"
        )
    return kept


def _development(work: Work, service: DraftService, value: Value, found: list[str]) -> bool:
    """Whether it is a command for development that the image has a better one for."""
    if not _DEV_COMMAND.search(" ".join(found)):
        return False
    path, shown = service.at("command"), " ".join(found)
    file = dockerfile.read(work.project.folder, service.value.get("build"))
    if file and file.runs(dockerfile.location(service.value.get("build"))[2]):
        why = f'"{shown}" is for development: the image\'s own command is used'
        work.findings.dropped(value.place, path, why, f"look at CMD in {file.path}")
        return True
    why = f'kept, but "{shown}" looks like a command for development'
    work.findings.changed(value.place, path, why, "give the one for production")
    return False


def entrypoint(work: Work, service: DraftService, value: Value) -> None:
    found = words(value)
    if not found or not found[0]:
        work.findings.dropped(
            value.place, service.at("entrypoint"), "an empty entrypoint: the image's own is used"
        )
    elif not _development(work, service, value, found):
        service.keys["entrypoint"] = [" ".join(word.split("\n")) for word in found]
        work.findings.carried(value.place, service.at("entrypoint"))


def user(work: Work, service: DraftService, value: Value) -> None:
    """Numbers are carried; a name only the image can tell; root is refused."""
    path, text = service.at("user"), value.text or ""
    if re.fullmatch(r"\d+(:\d+)?", text) and not text.startswith("0"):
        service.keys["user"] = text if ":" in text else f"{text}:{text}"
        work.findings.carried(value.place, path)
    elif text in ("root", "0", "0:0", "root:root"):
        why = "nothing runs as root without a reason: it is 10001:10001"
        cure = "own the files it writes in the Dockerfile: chown 10001:10001; or user: root with allow_root: REASON"
        work.findings.changed(value.place, path, why, cure)
    else:
        service.keys["user"] = "image"
        work.findings.changed(
            value.place, path, f"{text or 'no user'}: only the image knows the name, so `image`"
        )


def read_only(work: Work, service: DraftService, value: Value) -> None:
    if value.true:
        service.keys["writable"] = False
    work.findings.carried(
        value.place, service.at("read_only"), "the root is read-only unless `writable: true`"
    )


def tmpfs(work: Work, service: DraftService, value: Value) -> None:
    paths = [(item.text or "").partition(":")[0] for item in value.list()]
    kept = [path for path in paths if re.fullmatch(r"(/[A-Za-z0-9._@+-]+)+", path) and path != "/tmp"]  # noqa: S108
    if kept:
        service.keys.setdefault("tmpfs", []).extend(kept)
    work.findings.carried(value.place, service.at("tmpfs"), "64 MB each; /tmp is always there")


def stop_grace(work: Work, service: DraftService, value: Value) -> None:
    text = seconds(value.text or "")
    path = service.at("stop_grace_period")
    if text is None or parse_duration(text) > 3600:
        work.findings.dropped(value.place, path, f"{value.spoken()} is no time up to an hour", "it is 10s")
        return
    service.keys["stop_grace"] = text
    work.findings.carried(value.place, path)


def memory(work: Work, service: DraftService, value: Value, key: str = "mem_limit") -> None:
    try:
        size = parse_size(re.sub(r"(?i)b$", "", value.text or ""))
    except ValueError:
        size = 0
    if size < 6 * 1024 * 1024:
        why = f"{value.spoken()} is no limit that a program could live in"
        work.findings.dropped(value.place, service.at(key), why, "the limit is 512M; say memory: 1G for more")
        return
    service.keys["memory"] = size_text(size)
    work.findings.carried(value.place, service.at(key))


def cpus(work: Work, service: DraftService, value: Value, key: str = "cpus") -> None:
    try:
        number = float(value.text or "")
    except ValueError:
        number = 0.0
    if not 0 < number < 1000:
        why = f"{value.spoken()} is no number of cores"
        work.findings.dropped(value.place, service.at(key), why, "the limit is 0.5; say cpus: 2 for more")
        return
    service.keys["cpus"] = int(number) if number.is_integer() else round(number, 3)
    work.findings.carried(value.place, service.at(key))


def replicas(work: Work, service: DraftService, value: Value, key: str = "scale") -> None:
    text = value.text or ""
    number = int(text) if text.isdigit() else 0
    if 1 <= number <= 8:
        service.keys["replicas"] = number
        work.findings.carried(value.place, service.at(key))
    else:
        why = f"{value.spoken()}: a service has 1 to 8 containers"
        work.findings.dropped(value.place, service.at(key), why, "say replicas: 1 to 8")


def deploy(work: Work, service: DraftService, value: Value) -> None:
    """Limits and replicas; the rest is for Swarm."""
    for key, inner in (value.entries or {}).items():
        if key == "replicas":
            replicas(work, service, inner, "deploy.replicas")
        elif key == "resources":
            _resources(work, service, inner)
        elif key == "restart_policy":
            work.findings.carried(inner.place, service.at(f"deploy.{key}"), "every container is restarted")
        else:
            why = "for Swarm; homeport releases slot by slot, and takes back what does not become healthy"
            work.findings.dropped(inner.place, service.at(f"deploy.{key}"), why)


def _resources(work: Work, service: DraftService, value: Value) -> None:
    for kind, inner in (value.entries or {}).items():
        for key, limit in (inner.entries or {}).items():
            path = f"deploy.resources.{kind}.{key}"
            if kind == "limits" and key == "memory":
                memory(work, service, limit, path)
            elif kind == "limits" and key == "cpus":
                cpus(work, service, limit, path)
            elif kind == "reservations" and key in ("memory", "cpus"):
                work.findings.dropped(
                    limit.place, service.at(path), "nothing is reserved: only the limit counts"
                )
            else:
                why = "homeport limits memory, CPU and processes; it gives no device"
                work.findings.dropped(limit.place, service.at(path), why)


def seconds(text: str) -> str | None:
    """A compose duration as homeport writes it, or None."""
    try:
        return duration_text(parse_duration(text))
    except ValueError:
        return None
