#!/bin/sh
# Gets this machine what homeport stands on: a Python with venv, and a Docker engine with compose and buildx.
# Where an engine already answers, nothing is touched. Usage: machine.sh [python|engine|image-tools|all]
set -eu

LOG=/var/log/homeport-dockerd.log
PID=/run/homeport-dockerd.pid
DEADLINE=${HOMEPORT_ENGINE_DEADLINE:-60}

say() { printf 'machine: %s\n' "$*" >&2; }
die() { say "$1"; [ $# -lt 2 ] || printf '         %s\n' "$2" >&2; exit 1; }

# --- rights -----------------------------------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1; then sudo "$@"
    else die "this step needs root, and there is no sudo here: $*" "Run ./run as root once, or have an administrator run scripts/machine.sh."
    fi
}

# need_root WHAT CURE: stop with the cure where root can be had neither now nor by asking.
need_root() {
    [ "$(id -u)" -eq 0 ] && return 0
    command -v sudo >/dev/null 2>&1 || die "to $1, root is needed, and there is no sudo on this machine" "As root, once: $2"
    sudo -n true 2>/dev/null || [ -t 0 ] || die "to $1, sudo wants a password and there is no terminal to ask on" "Once: sudo $2"
}

# --- apt --------------------------------------------------------------------------------------------------------

# The keys of /etc/os-release that are used here, with this script's own names.
read_os() {
    [ -r /etc/os-release ] || die "no /etc/os-release: this is not Debian or Ubuntu" "Install a Docker engine >= 24 yourself, then run again."
    os_id=$(. /etc/os-release && printf %s "${ID:-}")
    os_codename=$(. /etc/os-release && printf %s "${VERSION_CODENAME:-}")
    os_name=$(. /etc/os-release && printf %s "${PRETTY_NAME:-$ID}")
}

apt_update() {
    [ -z "${apt_fresh:-}" ] || return 0
    as_root apt-get update -qq >/dev/null 2>&1 || say "some package sources could not be read; going on with the others"
    apt_fresh=yes
}

apt_install() {
    say "apt-get install $*"
    apt_update
    out=$(mktemp)
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >"$out" 2>&1; then
        tail -n 15 "$out" >&2; rm -f "$out"
        die "apt-get could not install: $*" "The lines above say why; see also: apt-get update"
    fi
    rm -f "$out"
}

# Prints the URI of the apt source that carries suite $1 (deb822 files and one-line files).
uri_of_suite() {
    for f in /etc/apt/sources.list.d/*.sources; do
        [ -r "$f" ] && awk -v suite="$1" '
            /^[[:space:]]*$/ { uri = ""; next }
            tolower($1) == "uris:" { uri = $2 }
            tolower($1) == "suites:" { for (i = 2; i <= NF; i++) if ($i == suite) found = 1 }
            found && uri != "" { print uri; exit }' "$f"
    done
    for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -r "$f" ] && awk -v suite="$1" '
            $1 == "deb" { sub(/\[[^]]*\] */, ""); if ($3 == suite) { print $2; exit } }' "$f"
    done
    return 0
}

# Debian 12 has an engine of 2020 and no compose v2; those of trixie run on it. Priority 100: nothing else moves.
add_trixie() {
    uri=$(uri_of_suite bookworm | head -n 1)
    [ -n "$uri" ] || die "apt has no source for the suite bookworm" "Add one to /etc/apt/sources.list.d, then run again."
    say "adding the suite trixie from $uri at pin priority 100 (nothing else is upgraded from it)"
    as_root tee /etc/apt/sources.list.d/homeport-trixie.sources >/dev/null <<SOURCES
Types: deb
URIs: $uri
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
    as_root tee /etc/apt/preferences.d/homeport-trixie >/dev/null <<PIN
Package: *
Pin: release n=trixie
Pin-Priority: 100
PIN
    apt_fresh=
}

# --- python -----------------------------------------------------------------------------------------------------

python_ready() {
    python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

get_python() {
    python_ready && return 0
    need_root "install Python's venv" "scripts/machine.sh"
    say "python3 with venv is missing or too old: installing it"
    apt_install python3 python3-venv
    python_ready || die "$(python3 --version 2>&1) is too old: homeport needs Python 3.11 or later" "Use Debian 12 or later, or Ubuntu 24.04 or later."
}

# --- engine -----------------------------------------------------------------------------------------------------

engine_answers() { docker info >/dev/null 2>&1; }
engine_runs() { as_root docker info >/dev/null 2>&1; }

install_engine() {
    read_os
    case "$os_id:$os_codename" in
        debian:bookworm)
            add_trixie
            apt_install docker.io/trixie docker-cli/trixie containerd/trixie docker-compose/trixie docker-buildx/trixie iptables ca-certificates ;;
        debian:*)
            apt_install docker.io docker-cli containerd docker-compose docker-buildx iptables ca-certificates ;;
        ubuntu:*)
            apt_install docker.io containerd docker-compose-v2 docker-buildx iptables ca-certificates ;;
        *)
            die "no known way to install a Docker engine on $os_name" "Install a Docker engine >= 24 with compose and buildx yourself, then run again." ;;
    esac
}

start_engine() {
    if [ -d /run/systemd/system ]; then
        say "starting the engine with systemd"
        as_root systemctl enable --now docker >/dev/null 2>&1 || true
    elif ! engine_runs; then
        say "no systemd here: starting dockerd in a session of its own (log: $LOG, pid file: $PID)"
        as_root sh -c "setsid dockerd --pidfile $PID >>$LOG 2>&1 </dev/null &"
    fi
}

last_log_lines() {
    if [ -d /run/systemd/system ]; then as_root journalctl -u docker -n 15 --no-pager >&2 || true
    else as_root tail -n 15 "$LOG" >&2 || true
    fi
}

# Without systemd: is the daemon that was started here gone again? It writes its pid file within the first seconds.
died() {
    [ ! -d /run/systemd/system ] && [ "$waited" -ge 5 ] && ! { [ -r "$PID" ] && [ -d "/proc/$(cat "$PID")" ]; }
}

wait_for_engine() {
    waited=0
    until engine_runs; do
        ! died || { last_log_lines; die "dockerd ended at once" "Its last log lines are above (all of them: $LOG)."; }
        [ "$waited" -lt "$DEADLINE" ] || { last_log_lines; die "the engine did not answer within $DEADLINE s" "Its last log lines are above."; }
        sleep 1
        waited=$((waited + 1))
    done
    say "engine $(as_root docker info --format '{{.ServerVersion}}') answers after $waited s"
}

# Being in this group is as good as being root: said aloud, and done for the one user who asked only.
let_user_in() {
    user=$(id -un)
    if [ "$user" = root ]; then user=${SUDO_USER:-root}; fi
    [ "$user" != root ] || return 0
    case " $(id -nG "$user") " in *" docker "*) return 0 ;; esac
    say "adding $user to the group docker (which is as good as root on this machine)"
    as_root usermod -aG docker "$user"
    say "the group takes effect at the next login of $user; until then: sg docker -c './run up'"
}

plugins_ready() { docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1; }

check_plugins() {
    plugins_ready || die "the docker client $(command -v docker) has no 'compose' or no 'buildx'" \
        "Debian 13: apt-get install docker-compose docker-buildx. Debian 12: stop docker, then run scripts/machine.sh."
}

# Debian 12's own docker.io, installed but stopped, is replaced: it is of 2020 and has no compose.
engine_is_missing() {
    ! command -v dockerd >/dev/null 2>&1 || { ! plugins_ready && dpkg -s docker.io >/dev/null 2>&1; }
}

get_engine() {
    if engine_answers; then check_plugins; return 0; fi
    if [ -n "${DOCKER_HOST:-}" ]; then
        die "DOCKER_HOST is $DOCKER_HOST and no engine answers there" "Start it, or unset DOCKER_HOST to use an engine of this machine."
    fi
    if [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ]; then
        say "a Docker engine runs here, but $(id -un) may not use it"
        need_root "join the group docker" "usermod -aG docker $(id -un)"
        let_user_in
        engine_runs && return 0
    fi
    say "no Docker engine answers on this machine"
    need_root "install and start a Docker engine" "scripts/machine.sh"
    if engine_runs; then let_user_in; return 0; fi
    ! engine_is_missing || install_engine
    start_engine
    wait_for_engine
    let_user_in
    check_plugins
}

# --- tools for building the local image set ---------------------------------------------------------------------

get_image_tools() {
    command -v mmdebstrap >/dev/null 2>&1 && return 0
    need_root "install mmdebstrap" "scripts/machine.sh image-tools"
    say "mmdebstrap makes the base of the local image set: installing it"
    read_os
    if [ "$os_id" = debian ]; then apt_install mmdebstrap; else apt_install mmdebstrap debian-archive-keyring uidmap; fi
}

case "${1:-all}" in
    python) get_python ;;
    engine) get_engine ;;
    image-tools) get_image_tools ;;
    all) get_python; get_engine ;;
    *) die "usage: machine.sh [python|engine|image-tools|all]" ;;
esac
