"""The keys of a compose service whose fate is the same whatever they say, each with its reason."""

from __future__ import annotations

from homeport.importer.draft import DraftService, Work
from homeport.importer.finding import Fate
from homeport.importer.value import Value

_BUILD_IT = "say it in the Dockerfile"
OWN_NETWORKS = (
    "homeport lays out its own networks: app, data for those with a database, egress for those who call out"
)
_ROOT = "it would give the container rights over the host; homeport drops every capability"

_SAME = {
    "restart": "every container is restarted unless it was stopped",
    "init": "homeport's containers end on SIGTERM, within stop_grace",
    "cap_drop": "homeport drops all capabilities",
    "logging": "every container logs to json-file, rotated at 10 MB, 3 files",
    "pull_policy": "images are fetched when they are not there",
}

_CHANGED = {
    "container_name": (
        "two containers of a service run side by side during a release, so none has a fixed name",
        "others reach it by the service's name",
    ),
    "hostname": ("its name on the network is the service's name", ""),
    "networks": (OWN_NETWORKS, ""),
    "links": ("services reach each other by name", ""),
    "pids_limit": ("at most 200 processes", ""),
    "develop": ("for development only; nothing is watched in production", ""),
    "attach": ("all logs are kept", ""),
}

_REFUSED = {
    "privileged": (
        f"privileged is root of the host: {_ROOT}",
        "find out which single right it needs, and do without",
    ),
    "cap_add": (
        _ROOT,
        "a port above 1024 needs no NET_BIND_SERVICE; a program that needs more is not for homeport",
    ),
    "devices": (
        "homeport gives no device of the host to a container",
        "run this program outside of homeport",
    ),
    "device_cgroup_rules": ("homeport gives no device of the host to a container", ""),
    "gpus": ("homeport gives no device of the host to a container", "run this program outside of homeport"),
    "security_opt": ("homeport always sets no-new-privileges and Docker's own profiles", ""),
    "sysctls": ("kernel settings are the host's", "set them on the host if the program insists"),
    "pid": (
        "it would see, and could signal, the processes of others",
        "run this program outside of homeport",
    ),
    "ipc": ("memory is not shared with others or the host", ""),
    "uts": ("the host's name is not a container's to change", ""),
    "cgroup": ("the host's control groups are not shared", ""),
    "cgroup_parent": ("limits are set per container: memory and cpus", ""),
    "userns_mode": ("user namespaces are the engine's to choose", ""),
    "group_add": ("a container has one group", "set user: UID:GID"),
    "runtime": ("the engine's own runtime is used", ""),
    "use_api_socket": ("it hands the Docker socket to the container, which makes it root of the host", ""),
    "credential_spec": ("for Windows containers", ""),
    "isolation": ("for Windows containers", ""),
}

_DROPPED = {
    "domainname": ("containers have no domain", ""),
    "platform": ("images are built for the server they run on", ""),
    "stdin_open": ("nobody types into a container in production", ""),
    "tty": ("nobody types into a container in production", ""),
    "working_dir": ("homeport uses the image's own folder", "say WORKDIR in the Dockerfile"),
    "stop_signal": (
        "homeport sends what the image says, SIGTERM by default",
        "say STOPSIGNAL in the Dockerfile",
    ),
    "ulimits": (
        "the engine's own limits hold",
        "raise them in the engine's daemon.json if the program insists",
    ),
    "shm_size": ("shared memory keeps its 64 MB", ""),
    "dns": ("names are asked of the engine", ""),
    "dns_search": ("names are asked of the engine", ""),
    "dns_opt": ("names are asked of the engine", ""),
    "mac_address": ("addresses are the engine's", ""),
    "external_links": (
        "containers of other stacks are not reachable",
        "give their address in env, with egress: true",
    ),
    "volumes_from": ("volumes are named one by one", "write volumes: [NAME:/PATH]"),
    "label_file": ("labels are homeport's own", ""),
    "annotations": ("annotations are not used", ""),
    "post_start": ("no program runs beside the service's own", _BUILD_IT),
    "pre_stop": ("the program gets SIGTERM and stop_grace", "do it on SIGTERM"),
    "models": ("homeport runs no models", "give the address of the provider in env, with egress: true"),
    "provider": ("homeport runs containers only", ""),
    "mem_reservation": ("only the limit counts", ""),
    "memswap_limit": ("containers have no swap of their own", ""),
    "mem_swappiness": ("containers have no swap of their own", ""),
    "oom_kill_disable": ("a program over its limit is ended and started again", ""),
    "oom_score_adj": ("a program over its limit is ended and started again", ""),
    "cpu_count": ("write cpus", ""),
    "cpu_percent": ("write cpus", ""),
    "cpu_shares": ("only the limit counts: cpus", ""),
    "cpu_period": ("write cpus", ""),
    "cpu_quota": ("write cpus", ""),
    "cpu_rt_runtime": ("write cpus", ""),
    "cpu_rt_period": ("write cpus", ""),
    "cpuset": ("the engine chooses the cores", ""),
    "blkio_config": ("disk speed is not limited", ""),
    "storage_opt": ("disk space is not limited per container", ""),
}

TABLE: dict[str, tuple[Fate, str, str]] = {
    **{key: (Fate.CARRIED, why, "") for key, why in _SAME.items()},
    **{key: (Fate.CHANGED, *words) for key, words in _CHANGED.items()},
    **{key: (Fate.DROPPED, *words) for key, words in {**_REFUSED, **_DROPPED}.items()},
}


def note(work: Work, service: DraftService, key: str, value: Value) -> bool:
    """Note the fate of a key of this table. False: the key is not one of them."""
    path = service.at(key)
    if key in TABLE:
        fate, why, cure = TABLE[key]
        record = {
            Fate.CARRIED: work.findings.carried,
            Fate.CHANGED: work.findings.changed,
            Fate.DROPPED: work.findings.dropped,
        }
        record[fate](value.place, path, why, cure)
        return True
    if key.startswith("x-"):
        work.findings.dropped(value.place, path, "an extension: only its author's tools read it")
        return True
    return False


def network_mode(work: Work, service: DraftService, value: Value) -> None:
    """`host` and its kin give up the isolation that everything else rests on."""
    mode = value.text or ""
    path = service.at("network_mode")
    if mode in ("bridge", "default", ""):
        work.findings.changed(value.place, path, OWN_NETWORKS)
    elif mode == "host":
        why = (
            "the host's network shows every port of the program to the world and every port of the host to it"
        )
        work.findings.dropped(
            value.place, path, why, "let it listen on 0.0.0.0, and give others its name and port"
        )
    elif mode == "none":
        work.findings.dropped(value.place, path, "every service is in the app network, which has no way out")
    else:
        why = f"{mode}: a service has a network of its own"
        work.findings.dropped(value.place, path, why, "let the others reach it by its name and port")


def extra_hosts(work: Work, service: DraftService, value: Value) -> None:
    """Names for addresses; the host itself cannot be reached."""
    for name, target in value.pairs():
        shown = name if target.text is None else f"{name}={target.text}"
        if "host-gateway" in shown:
            why = "services cannot reach the host itself"
            cure = "run what they need as a service, or give its public address in env, with egress: true"
        else:
            why, cure = "names are asked of the engine", "give the address in env"
        work.findings.dropped(value.place, service.at("extra_hosts"), f"{shown}: {why}", cure)
