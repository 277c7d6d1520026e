"""Real PostgreSQL and RabbitMQ from Debian's packages, in a temporary folder, on free ports."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

RABBIT_BIN = Path("/usr/lib/rabbitmq/bin")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, good: Callable[[], bool], seconds: float = 60) -> None:
    """Ask every 50 ms until `good`; raises TimeoutError naming `what`."""
    deadline = time.monotonic() + seconds
    while not good():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def listens(port: int) -> bool:
    """True when something accepts connections on `port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _postgres_bin() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found:
        return found[-1].parent
    program = shutil.which("postgres")
    assert program, "PostgreSQL is missing: apt-get install postgresql"
    return Path(program).parent


def _other_user() -> str | None:
    # PostgreSQL refuses to run as root.
    return "postgres" if os.geteuid() == 0 else None


def _own(folder: Path) -> None:
    user = _other_user()
    if user:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)


class PostgresServer:
    """A cluster of its own; `database(name)` makes a database with an owner of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.password = secrets.token_urlsafe(16)
        self._folder = folder
        self._bin = _postgres_bin()
        self._process: subprocess.Popen[bytes] | None = None
        self._initialise()
        self.start()

    def _initialise(self) -> None:
        self._folder.mkdir(mode=0o700)
        _own(self._folder)
        password_file = self._folder.with_suffix(".pw")
        password_file.write_text(self.password)
        _own(password_file)
        command = [str(self._bin / "initdb"), "-D", str(self._folder), "-U", "admin", "--auth=scram-sha-256"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", f"--pwfile={password_file}"]
        subprocess.run(command, check=True, user=_other_user(), cwd="/", stdout=subprocess.DEVNULL)

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        command = [str(self._bin / "postgres"), "-D", str(self._folder), "-p", str(self.port), "-k", ""]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200"]
        log = self._folder.with_suffix(".log").open("ab")
        self._process = subprocess.Popen(command, user=_other_user(), cwd="/", stdout=log, stderr=log)
        wait_for("PostgreSQL", self._is_ready)

    def _is_ready(self) -> bool:
        # It listens before it has recovered from a crash; only pg_isready knows the difference.
        command = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it (SIGINT: fast shutdown; SIGQUIT: as in a crash)."""
        assert self._process
        self._process.send_signal(how)
        self._process.wait(30)

    def url(self, database: str = "postgres") -> str:
        """As the administrator."""
        return f"postgresql://admin:{self.password}@127.0.0.1:{self.port}/{database}"


class RabbitServer:
    """A broker node of its own, which can be killed and started again on the same data."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.password = secrets.token_urlsafe(16)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._epmd_port = free_port()
        # Erlang's port mapper would stay behind as a daemon if the node started it.
        self._epmd = subprocess.Popen(["epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"])
        assert (RABBIT_BIN / "rabbitmq-server").exists(), (
            "RabbitMQ is missing: apt-get install rabbitmq-server"
        )
        self._configure()
        self.start()

    @property
    def url(self) -> str:
        """For AMQP clients, with the default virtual host."""
        return f"amqp://coach:{self.password}@127.0.0.1:{self.port}/%2F"

    def _configure(self) -> None:
        self._folder.mkdir(mode=0o700)
        lines = [
            f"listeners.tcp.default = 127.0.0.1:{self.port}",
            "default_user = coach",
            f"default_pass = {self.password}",
            "loopback_users = none",
            "log.console = true",
            "log.console.level = warning",
            "log.file = false",
        ]
        (self._folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (self._folder / "enabled_plugins").write_text("[].\n")

    def _env(self) -> dict[str, str]:
        folder = str(self._folder)
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": folder,
            "RABBITMQ_HOME": "/usr/lib/rabbitmq",
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        self._dist_port = free_port()
        log = (self._folder / "console.log").open("ab")
        self._process = subprocess.Popen(
            [RABBIT_BIN / "rabbitmq-server"], env=self._env(), stdout=log, stderr=log, start_new_session=True
        )
        wait_for("RabbitMQ", lambda: listens(self.port))

    def kill(self) -> None:
        """As a power cut: SIGKILL to all processes of the node."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)
        wait_for("the broker's end", lambda: not listens(self.port))

    def close(self) -> None:
        """End everything."""
        self.kill()
        self._epmd.kill()
        self._epmd.wait(10)
