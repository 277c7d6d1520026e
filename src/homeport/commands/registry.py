"""docker push and docker pull, logged in for that moment alone: the password comes by stdin and stays nowhere."""

from __future__ import annotations

from typing import Literal

from homeport.commands.command import Command

# $1 user, $2 host of the registry, $3 push or pull, then images. A login of our own needs a configuration of its own,
# which would forget the engine that the person's own configuration (a context) points to.
_SESSION = """
set -e
if [ -n "$1" ]; then
  DOCKER_HOST=${DOCKER_HOST:-$(docker context inspect --format '{{.Endpoints.docker.Host}}')}
  DOCKER_CONFIG=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
  export DOCKER_HOST DOCKER_CONFIG
  trap 'rm -rf "$DOCKER_CONFIG"' EXIT
  trap 'exit 1' HUP INT TERM
  said=$DOCKER_CONFIG/said
  docker login --username "$1" --password-stdin "$2" >"$said" 2>&1 || { cat "$said"; exit 1; }
fi
verb=$3
shift 3
for image; do
  echo "image $image"
  docker "$verb" "$image" </dev/null
done
"""


def session(
    verb: Literal["push", "pull"], registry: str, images: list[str], user: str = "", password: str = ""
) -> Command:
    """All images, one after the other; `image NAME` comes before what Docker says of it. Without a user: as whoever
    runs it is logged in already."""
    words = ("sh", "-c", _SESSION, "sh", user, registry, verb, *images)
    return Command(words, timeout=3600, stdin=password.encode() if user else None)
