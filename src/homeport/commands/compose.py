"""docker compose, always on the rendered tree: its folder holds .env, which names project and file."""

from __future__ import annotations

from homeport.commands.command import Command


def _compose(tree: str, *words: str, timeout: float = 120.0, acts: bool = True) -> Command:
    argv = ("docker", "compose", "--project-directory", tree, "--env-file", f"{tree}/.env")
    return Command(
        (*argv, "-f", f"{tree}/docker-compose.prod.yml", *words), acts=acts, timeout=timeout, cwd=tree
    )


def up(tree: str, *services: str) -> Command:
    """Create or update these services and nothing else; does not wait, never pulls."""
    return _compose(
        tree, "up", "-d", "--no-deps", "--no-build", "--pull", "never", "--quiet-pull", *services, timeout=300
    )


def start(tree: str, *services: str) -> Command:
    """Create containers that are not there, and leave all others alone. Not with `--no-deps`: Compose would leave
    `depends_on` out of what it remembers of the container, and a plain `docker compose up -d` would replace it."""
    words = ("--no-recreate", "--no-build", "--pull", "never", "--quiet-pull")
    return _compose(tree, "up", "-d", *words, *services, timeout=300)


def run_once(tree: str, service: str, timeout: float, name: str = "") -> Command:
    """A one-off container of a service (migrations), removed afterwards; `name`: what it is called."""
    named = ("--name", name) if name else ()
    return _compose(tree, "run", "--rm", "-T", "--no-deps", *named, service, timeout=timeout)


def execute(tree: str, service: str, *words: str) -> Command:
    """Run a program in a running container."""
    return _compose(tree, "exec", "-T", service, *words, timeout=30)


def logs(tree: str, *services: str, follow: bool, tail: str, since: str = "") -> Command:
    extra = ("--since", since) if since else ()
    return _compose(
        tree,
        "--profile",
        "*",
        "logs",
        "--no-log-prefix" if len(services) == 1 else "--timestamps",
        "--tail",
        tail,
        *(("-f",) if follow else ()),
        *extra,
        *services,
        acts=False,
        timeout=10**9,
    )


def down(tree: str, volumes: bool) -> Command:
    """Stop and remove every container and network of the project, of any profile."""
    extra = ("--volumes",) if volumes else ()
    return _compose(tree, "--profile", "*", "down", "--remove-orphans", "-t", "30", *extra, timeout=300)
