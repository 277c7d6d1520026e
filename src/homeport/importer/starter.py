"""A first homeport.yaml where there is no compose file: one service for each Dockerfile that is found."""

from __future__ import annotations

import posixpath

from homeport.errors import HomeportError
from homeport.importer import dockerfile, images, routes, write
from homeport.importer.convert import Draft
from homeport.importer.draft import DraftService, Work, identifier_of, name_of
from homeport.importer.finding import Findings
from homeport.importer.folder import Folder
from homeport.importer.project import NAMES, Project
from homeport.importer.roles import allowed
from homeport.importer.value import Value
from homeport.stack.problem import Place

_DEEPEST = 4  # folders below this one


def convert(folder: Folder, name: str = "", domain: str = "") -> Draft:
    """Raises HomeportError, saying what was looked for, when there is no Dockerfile either."""
    paths = [p for p in folder.find(".", "Dockerfile") if p.count("/") <= _DEEPEST]
    if not paths:
        looked = ", ".join(NAMES)
        message = f"nothing to begin with in {folder.root.resolve()}: no {looked}, and no Dockerfile below it"
        raise HomeportError(message, "go to the folder of your app, or write a Dockerfile first")
    found = Project(folder, tuple(paths), Findings())
    work = Work(found, found.findings, name_of(name or folder.root.resolve().name, "stack"), domain)
    for path in paths:
        _service(work, path)
    routes.choose(work)
    return Draft(write.text(work), work.name, 0, work.findings.sorted())


def _service(work: Work, path: str) -> None:
    context = posixpath.dirname(path) or "."
    origin = work.name if context == "." else posixpath.basename(context)
    name = allowed(name_of(origin, "service"))
    if name in work.services:
        name = name_of(context)
    place = Place(path, 1, 1)
    file = dockerfile.parse(work.project.folder.text(path) or "", path)
    service = DraftService(origin, name, Value(place, entries={}), names={name})
    work.services[name] = service
    service.keys["build"] = context
    port = file.port()
    if port is None or port in images.TCP_PORTS:
        why = "no EXPOSE: taken as a worker without a port"
        work.findings.changed(
            place, f"services.{name}", why, "if it answers HTTP: port: NUMBER and health: /PATH"
        )
        return
    service.keys |= {"port": port, "health": "/"}
    service.published.append(port)
    service.notes["health"] = "a guess: a path that answers 200 when it can serve"
    database = identifier_of(name)
    work.findings.changed(place, f"services.{name}", f"port {port}, as EXPOSE says; health is a guess",
                          f"for PostgreSQL add `database: {database}` here and `postgres: {{}}` below")  # fmt: skip
