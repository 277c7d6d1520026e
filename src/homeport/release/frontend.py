"""The frontend on the operator's machine: looked through, then copied with modes that nginx can read. The files it was
copied from stay as they are."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from homeport.errors import BuildError
from homeport.stack.parts import Frontend
from homeport.stack.published import CURE, Published, look_through

_LAST_STAGE = (
    "The Dockerfile's last stage must hold the files at / (FROM scratch, COPY --from=build /src/dist /)."
)


def look(frontend: Frontend, folder: Path, around: Path) -> Published:
    """What of `folder` will be published. BuildError for what must not be, and when there is no page. `around`: the
    folder of homeport.yaml, which `files:` does not leave, not by a link either."""
    cure = _LAST_STAGE if frontend.build else f"{CURE[0].upper()}{CURE[1:]}."
    if not frontend.build and not folder.resolve().is_relative_to(around.resolve()):
        raise BuildError(f"edge.frontend.files: {frontend.files} leads to {folder.resolve()}", cure)
    found = look_through(folder, built=bool(frontend.build))
    if found.faults:
        raise BuildError(f"edge.frontend: what must not be published is in {folder}: {found.words()}", cure)
    if "index.html" not in found.files:
        raise BuildError(f"edge.frontend: no index.html at the top of what was built ({folder})", cure)
    return found


def copy(published: Published, place: Path) -> None:
    """Make `place` anew, with nothing but these files. Their times stay, so that browsers keep what did not change."""
    shutil.rmtree(place, ignore_errors=True)
    for name, source in published.files.items():
        file = place / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, file, follow_symlinks=False)
            times = source.lstat()
        except OSError as fault:
            raise BuildError(
                f"edge.frontend: {source} cannot be copied to {place}: {fault.strerror}",
                "May you read it, and is there room on the disk?",
            ) from fault
        if file.is_symlink():
            raise BuildError(f"edge.frontend: {source} became a link meanwhile", "Run the same again.")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        file.chmod(0o644)
    for folder in {place, *(path for path in place.rglob("*") if path.is_dir())}:
        folder.chmod(0o755)
