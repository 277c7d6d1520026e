"""The build of one service or frontend: plain `docker build`, FROM lines answered from the local set or not."""

from __future__ import annotations

from dataclasses import dataclass, field

from homeport.commands.command import Command
from homeport.images.dockerfile import directives, without_syntax


@dataclass(frozen=True)
class ServiceBuild:
    """`folder` is the build context; `dockerfile` lies in it and `text` is what it holds. `contexts` is
    `standins.build_contexts(text)` with the local set and empty with the upstream one. `output` is a folder
    for what a static frontend's last stage holds, instead of an image."""

    folder: str
    tag: str
    text: str
    dockerfile: str = "Dockerfile"
    target: str = ""
    args: dict[str, str] = field(default_factory=dict)
    contexts: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    ca: str | None = None
    output: str = ""


def build(what: ServiceBuild, *, cache: bool = True) -> Command:
    """Build; plain progress on stderr.

    With stand-ins, a Dockerfile that has a `# syntax=` line goes in by stdin and without it: the line would ask a
    container registry for a frontend. (A Dockerfile.dockerignore is then not read; .dockerignore is.)
    """
    own = bool(what.contexts) and "syntax" in directives(what.text)
    argv = ["docker", "buildx", "build", "--progress", "plain", "--provenance", "false"]
    argv += ["-f", "-" if own else f"{what.folder}/{what.dockerfile}"]
    argv += ["--output", f"type=local,dest={what.output}"] if what.output else ["--load", "-t", what.tag]
    argv += ["--target", what.target] if what.target else []
    argv += ["--secret", f"id=ca,src={what.ca}"] if what.ca else []
    for flag, pairs in (("build-arg", what.args), ("build-context", what.contexts), ("label", what.labels)):
        for name, value in sorted(pairs.items()):
            argv += [f"--{flag}", f"{name}={value}"]
    argv += [] if cache else ["--no-cache"]
    stdin = without_syntax(what.text).encode() if own else None
    return Command((*argv, what.folder), timeout=1800, stdin=stdin)
