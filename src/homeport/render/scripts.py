"""scripts/: what a person without homeport runs in the rendered folder."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from homeport.components.contribution import SecretFile
from homeport.files import File
from homeport.render.data import data

_PLACE = re.compile(r"\{([A-Za-z0-9_]+)\}")


def files(secrets: Iterable[SecretFile], generated: Iterable[str]) -> tuple[File, ...]:
    """scripts/secrets.sh; none when the stack has no secret."""
    by_name: dict[str, list[SecretFile]] = {}
    for file in secrets:
        by_name.setdefault(secret_of(file), []).append(file)
    if not by_name:
        return ()
    made = set(generated)
    table = "".join(line for name in sorted(by_name) for line in _block(name, by_name[name], name in made))
    text = data("secrets.sh").replace("{table}", table.rstrip("\n"))
    return (File("scripts/secrets.sh", text, 0o755),)


def secret_of(file: SecretFile) -> str:
    """The one secret in a file's template; a script this small could not mend a file of two."""
    names = set(_PLACE.findall(file.template))
    if len(names) != 1:
        raise ValueError(
            f"secrets/{file.folder}/{file.name} must hold exactly one secret, not {sorted(names)}"
        )
    return str(names.pop())


def is_raw(file: SecretFile) -> bool:
    """Whether the file holds the value and nothing else."""
    return _PLACE.fullmatch(file.template) is not None


def path(file: SecretFile) -> str:
    return f"secrets/{file.folder}/{file.name}"


def _block(name: str, group: list[SecretFile], generated: bool) -> Iterator[str]:
    kind = "generated" if generated else "optional" if all(f.optional for f in group) else "given"
    raw = " ".join(path(file) for file in group if is_raw(file))
    yield f"\nsecret {name} {kind} {raw}\n"
    for file in group:
        form = _PLACE.sub("%s", file.template.replace("%", "%%").replace("\\", "\\\\")).replace("\n", "\\n")
        yield f"file {path(file)} {file.uid} {file.mode:04o} {shlex.quote(form)}\n"
