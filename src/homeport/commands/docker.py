"""The docker client's commands."""

from __future__ import annotations

import math

from homeport.commands.command import Command, acts, asks


def engine_version() -> Command:
    """VERSION ARCHITECTURE; the latter as images are labelled: amd64, arm64 ..."""
    return asks("docker", "version", "--format", "{{.Server.Version}} {{.Server.Arch}}")


def compose_version() -> Command:
    return asks("docker", "compose", "version", "--short")


def info() -> Command:
    """One JSON object: root directory, architecture, memory, cgroup limits."""
    return asks("docker", "info", "--format", "{{json .}}")


def containers(project: str) -> Command:
    """Ids of all containers of a compose project, one per line, stopped ones too."""
    return asks(
        "docker", "ps", "-aq", "--no-trunc", "--filter", f"label=com.docker.compose.project={project}"
    )


def running() -> Command:
    """Ids of all containers that run on this engine, one per line."""
    return asks("docker", "ps", "-q", "--no-trunc")


def publishing(port: int) -> Command:
    """The name of the running container that has this port of the machine."""
    return asks("docker", "ps", "--filter", f"publish={port}", "--format", "{{.Names}}")


def inspect(*ids: str) -> Command:
    """A JSON list, one object an id."""
    return asks("docker", "inspect", *ids)


def inspect_images(*references: str) -> Command:
    """A JSON list, one object for each that exists."""
    return asks("docker", "image", "inspect", *references)


def tag(source: str, target: str) -> Command:
    return acts("docker", "tag", source, target)


def stop(*containers: str, grace: float) -> Command:
    """Stop with the service's own grace (seconds), never less; the deadline is later than Docker's own kill."""
    seconds = str(max(1, math.ceil(grace)))
    return acts("docker", "stop", "-t", seconds, *containers, timeout=grace + 30)


def remove(*containers: str) -> Command:
    """Remove, running or not, with anonymous volumes (named ones stay)."""
    return acts("docker", "rm", "-f", "-v", *containers)


def logs(container: str, lines: int = 15) -> Command:
    return asks("docker", "logs", "--tail", str(lines), container)


def ends(container: str) -> Command:
    """How a container has ended in the last ten minutes: `oom` or `die CODE`, one per line, oldest first."""
    filters = ("--filter", f"container={container}", "--filter", "event=die", "--filter", "event=oom")
    words = '{{.Action}} {{index .Actor.Attributes "exitCode"}}'
    return asks("docker", "events", "--since", "10m", "--until", "0s", *filters, "--format", words)


def volumes(project: str) -> Command:
    """Names of the volumes that compose made for a project, one per line."""
    label = f"label=com.docker.compose.project={project}"
    return asks("docker", "volume", "ls", "--filter", label, "--format", "{{.Name}}")


def inspect_volumes(*names: str) -> Command:
    """A JSON list, one object a volume."""
    return asks("docker", "volume", "inspect", *names)


def remove_volumes(*names: str) -> Command:
    return acts("docker", "volume", "rm", *names)


def networks_of(project: str) -> Command:
    """Ids of the networks that compose made for a project, one per line."""
    return asks("docker", "network", "ls", "-q", "--filter", f"label=com.docker.compose.project={project}")


def remove_networks(*ids: str) -> Command:
    return acts("docker", "network", "rm", *ids)


def networks() -> Command:
    return asks("docker", "network", "ls", "-q", "--no-trunc")


def inspect_networks(*ids: str) -> Command:
    return asks("docker", "network", "inspect", *ids)


def restart(container: str) -> Command:
    return acts("docker", "restart", container, timeout=120)


def pull(reference: str) -> Command:
    return acts("docker", "pull", "-q", reference, timeout=600)


def manifest(reference: str) -> Command:
    """Ask the registry about an image without fetching it."""
    return asks("docker", "manifest", "inspect", reference, timeout=8)


def stats(*containers: str) -> Command:
    """One JSON object per line and container: memory and CPU now."""
    return asks("docker", "stats", "--no-stream", "--format", "{{json .}}", *containers)


def unpack_as_root(image: str, folder: str, packed: bytes) -> Command:
    """Unpack a tar (stdin) into a folder of the host with its owners and modes: for operators who are not root."""
    return _as_root(image, folder, ("tar", "-C", "/files", "--overwrite", "-xpf", "-"), packed)


def copy_as_root(image: str, folder: str, source: str, copy: str) -> Command:
    """Copy one folder below `folder` with its owners and modes; the copy is there whole or not at all."""
    words = 'rm -rf "/files/$2.new" && cp -a "/files/$1" "/files/$2.new" && mv -T "/files/$2.new" "/files/$2"'
    return _as_root(image, folder, ("sh", "-c", words, "sh", source, copy))


def restore_as_root(image: str, folder: str, copy: str, place: str) -> Command:
    """Put the files of such a copy back, each in one step, and remove the copy. The folders stay the same ones:
    they are mounted."""
    words = 'cp -aT --remove-destination "/files/$1" "/files/$2" && rm -rf "/files/$1"'
    return _as_root(image, folder, ("sh", "-c", words, "sh", copy, place))


def _as_root(image: str, folder: str, words: tuple[str, ...], stdin: bytes | None = None) -> Command:
    """A program in a container that has nothing but this folder, as /files, and the right to give files away."""
    rights = ("--cap-drop", "ALL", "--cap-add", "CHOWN", "--cap-add", "DAC_OVERRIDE", "--cap-add", "FOWNER")
    return acts(
        "docker", "run", "--rm", "-i", "--network", "none", "--read-only", "--user", "0:0", *rights,
        "--security-opt", "no-new-privileges", "--pull", "never", "-v", f"{folder}:/files",
        "--entrypoint", words[0], image, *words[1:],
        stdin=stdin,
    )  # fmt: skip


def tcp_tables(container: str, image: str) -> Command:
    """/proc/net/tcp and tcp6 as a container sees them, read by one of `image` beside it; needs no tool in it."""
    rights = (
        "--read-only",
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges",
        "--user",
        "65534:65534",
    )
    return asks(
        "docker", "run", "--rm", "--network", f"container:{container}", *rights, "--pull", "never",
        "--entrypoint", "cat", image, "/proc/net/tcp", "/proc/net/tcp6",
    )  # fmt: skip


def image_names() -> Command:
    """REPOSITORY TAG DIGEST of every image, one per line; `<none>` for what one lacks."""
    return asks("docker", "image", "ls", "--digests", "--format", "{{.Repository}} {{.Tag}} {{.Digest}}")


def images_in_use() -> Command:
    """The image of every container, running or not, by the name that it was started with; one per line."""
    return asks("docker", "ps", "-a", "--no-trunc", "--format", "{{.Image}}")


def remove_images(*references: str) -> Command:
    """Take these names away, and the layers that nothing else holds."""
    return acts("docker", "image", "rm", *references, timeout=300)


def prune_nameless(label: str) -> Command:
    """Take away images with this label that have no name and that no container has."""
    return acts("docker", "image", "prune", "--force", "--filter", f"label={label}", timeout=300)


def prune_build_cache(unused: str) -> Command:
    """Take away build cache that was not used for so long (as `336h`)."""
    return acts("docker", "builder", "prune", "--force", "--filter", f"until={unused}", timeout=300)


def layer_sizes(reference: str) -> Command:
    """Bytes that each step of an image added, newest first, one per line."""
    return asks("docker", "history", "--human=false", "--format", "{{.Size}}", reference)


def root() -> Command:
    """The folder that holds the engine's data."""
    return asks("docker", "info", "--format", "{{.DockerRootDir}}")
