"""README.md of the rendered folder: how to run it by hand, without homeport."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from homeport.components.contribution import Container, SecretFile
from homeport.render.data import data
from homeport.render.dotenv import variables
from homeport.render.scripts import is_raw, path, secret_of
from homeport.stack.model import Target, has_slots


def render(
    target: Target, containers: Iterable[Container], secrets: Iterable[SecretFile], generated: Iterable[str]
) -> str:
    """The page; a section for a part that the stack has not is left out."""
    held, made = tuple(secrets), set(generated)
    page = data("README.md").format(
        name=target.stack.name,
        environment=target.environment,
        project=target.project,
        url=target.url,
        domain=target.env.domain,
        slotted=_example(target),
        variable=variables(_example(target))[0],
        images="\n".join(f"- `{image}`" for image in dict.fromkeys(c.image for c in containers)),
        secrets="\n".join(_given(held, made)) or "- none",
    )
    return _without(page, _missing(target, held))


def _example(target: Target) -> str:
    """A service with slots and a port, for the examples."""
    slotted = [n for n, s in target.services.items() if has_slots(s)]
    ported = [n for n in slotted if target.services[n].port]
    return next(iter(ported or slotted), "")


def _given(secrets: tuple[SecretFile, ...], made: set[str]) -> Iterator[str]:
    """What a person must give, or may."""
    for file in secrets:
        if is_raw(file) and secret_of(file) not in made:
            yield f"- `{path(file)}`" + (", which may be missing" if file.optional else "")


def _missing(target: Target, secrets: tuple[SecretFile, ...]) -> set[str]:
    has = {
        "postgres": target.stack.postgres,
        "rabbitmq": target.stack.rabbitmq,
        "secrets": secrets,
        "slots": _example(target),
        "frontend": target.stack.edge.frontend,
        "migrate": any(s.migrate for s in target.services.values()),
    }
    return {word for word, present in has.items() if not present}


def _without(page: str, missing: set[str]) -> str:
    """Lines between `<!-- WORD` and `WORD -->` are kept only when the stack has it; the marks never are."""
    kept: list[str] = []
    skipping = ""
    for line in page.splitlines():
        if line.startswith("<!-- "):
            word = line.removeprefix("<!-- ")
            skipping = word if word in missing and not skipping else skipping
        elif line.endswith(" -->"):
            skipping = "" if line.removesuffix(" -->") == skipping else skipping
        elif not skipping:
            kept.append(line)
    return "\n".join(kept) + "\n"
