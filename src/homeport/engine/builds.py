"""Builds the images of a stack where the operator is, and says which one failed and why."""

from __future__ import annotations

import re

from homeport.commands.bake import BuildTarget, bake
from homeport.engine.progress import Step
from homeport.engine.runner import Runner
from homeport.errors import BuildError
from homeport.images.localset import ca_bundle

_STEP = re.compile(r"#\d+ \[(?P<what>[^\]]+)\] (?P<line>.*)")
_FAILED = re.compile(r"(?:ERROR: )?target (?P<target>[\w.-]+): (?P<why>.*)")


def build(runner: Runner, targets: list[BuildTarget], step: Step) -> None:
    """Build all targets in parallel; progress goes to `step`. Raises BuildError with the failing target."""

    def show(line: str) -> None:
        if match := _STEP.match(line):
            step.note(f"{match['what']}: {match['line'][:60]}")

    result = runner.stream(bake(targets, ca_bundle() or ""), show)
    if not result.ok:
        raise _explain(result.out, targets)


def _explain(output: str, targets: list[BuildTarget]) -> BuildError:
    lines = output.splitlines()
    target = _failed(lines, targets)
    name = target.name if target else ""
    place = f"{target.context}/{target.dockerfile}" if target else "the build"
    return BuildError(
        f"{name or 'an image'} cannot be built ({place}); nothing that runs was touched",
        _cure(output, target),
        _last_lines(lines),
    )


def _failed(lines: list[str], targets: list[BuildTarget]) -> BuildTarget | None:
    """The target that failed. With several, BuildKit names one in its step or at the end; with one it names none."""
    known = {target.name: target for target in targets}
    if failed := next((m for line in lines if (m := _FAILED.search(line))), None):
        return known.get(failed["target"])
    error = next((line for line in lines if " ERROR" in line), "")
    step = next(
        (m for line in lines if (m := _STEP.match(line)) and line.split()[0] == error.split(" ")[0]), None
    )
    named = known.get(step["what"].split()[0]) if step else None
    return named or (targets[0] if len(targets) == 1 else None)


def _cure(output: str, target: BuildTarget | None) -> str:
    if "failed to resolve source metadata" in output or "pull access denied" in output:
        return (
            "A base image could not be pulled: no container registry answers. Name one that the local set has "
            "(python, node, nginx, debian), or bring it here: docker load -i IMAGE.tar"
        )
    if "no space left on device" in output:
        return "The disk is full: `docker system df` shows what Docker holds, `docker builder prune` frees the cache."
    if "CERTIFICATE_VERIFY_FAILED" in output or "self-signed certificate" in output.lower():
        return (
            "A private CA is in between. homeport gives the build this machine's bundle as the secret `ca`: "
            "RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt COMMAND"
        )
    where = target.context if target else "the folder"
    return f"Mend the step above, then run again; to see it all: docker build {where}"


def _last_lines(lines: list[str]) -> str:
    """The failing step's own lines: those before the first ERROR, without the noise after it."""
    end = next((n for n, line in enumerate(lines) if "ERROR" in line), len(lines))
    number = lines[end].split(" ", 1)[0] if end < len(lines) else ""
    own = [line for line in lines[:end] if line.startswith(number + " ")]
    return "\n".join([*own[-15:], *lines[end : end + 1]])
