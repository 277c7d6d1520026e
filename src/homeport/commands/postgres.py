"""PostgreSQL's own programs, run inside a container that has them; and a throwaway server to try migrations on."""

from __future__ import annotations

import re

from homeport.commands.command import Command, acts, asks
from homeport.components.contribution import Container

# In Debian's packages the programs are in a folder of their own, not on the PATH.
_PATH = "PATH=$(echo /usr/lib/postgresql/*/bin):$PATH"
_PSQL = f"{_PATH}; exec psql -XqAt -v ON_ERROR_STOP=1 -U postgres -d"
BOOKS = (
    "(alembic_version|migration|schema_version|schema_history|schema_revision|databasechangelog|db_version"
    "|sequelizemeta|ar_internal_metadata|django_content_type)"
)  # what migration tools call the table in which they keep what they have done
_IS_BOOKS = f"""tablename ~* '{BOOKS}' AND schemaname !~ '^(pg_|information_schema)'
   AND pg_table_size(format('%I.%I', schemaname, tablename)::regclass) < {16 * 1024**2}"""
_DATA = "/var/lib/postgresql/data"
_LIVES = 1800  # seconds that the throwaway server lives, should nobody be left to remove it

_SERVE = f"""set -e
{_PATH}
initdb -D {_DATA}/db -U postgres -A trust -N -E UTF8 --locale=C >/dev/null
echo 'host all all all trust' >>{_DATA}/db/pg_hba.conf
exec timeout {_LIVES} postgres -D {_DATA}/db -c listen_addresses='*' \\
  -c fsync=off -c full_page_writes=off -c shared_buffers=32MB \\
  -c max_connections=100 -c logging_collector=on -c log_destination=jsonlog -c log_directory={_DATA}/log \\
  -c log_rotation_age=0 -c log_rotation_size=0 -c log_statement=mod -c autovacuum=off \\
  -c unix_socket_directories=/run/postgresql
"""

# Names go in as arguments of the shell, and into SQL only where they match the language's identifiers.
_COPY = f"""set -e
in_live() {{ docker exec -i "$1" sh -c '{_PATH}; export PGUSER=postgres; '"$2" sh "$database"; }}
in_copy() {{ docker exec -i "$1" sh -c '{_PATH}; exec psql -Xq -o /dev/null -U postgres -d '"$2" 2>&1; }}
live=$0 copy=$1 database=$2
echo "CREATE DATABASE \\"$database\\" OWNER \\"$database\\"" | in_copy "$copy" 'postgres -v ON_ERROR_STOP=1'
schema=$(in_live "$live" 'pg_dump --schema-only "$1"' </dev/null)
printf '%s\n' "$schema" | in_copy "$copy" "$database -v ON_ERROR_STOP=1"
books=$(in_live "$live" 'psql -XAtq -d "$1"' <<'SQL'
SELECT format('include table %I.%I', schemaname, tablename) FROM pg_tables WHERE {_IS_BOOKS};
SQL
)
[ -n "$books" ] || exit 0
rows=$(echo "$books" | in_live "$live" 'pg_dump --data-only --filter=- "$1"')
printf '%s\n' "$rows" | in_copy "$copy" "$database -v ON_ERROR_STOP=1"
"""  # noqa: S608 (no input in it)


def psql(container: str, sql: str, database: str = "postgres", timeout: float = 30) -> Command:
    """SQL as the superuser, over the socket; prints rows with `|` between values, and nothing else."""
    words = ("docker", "exec", "-i", container, "sh", "-c", f'{_PSQL} "$0"', database)
    return acts(*words, stdin=sql.encode(), timeout=timeout)


def dump(container: str, database: str, path: str) -> Command:
    """A database in pg_dump's custom format into a file of the host, whole or not at all."""
    script = (
        'set -e; umask 077; mkdir -p "$(dirname "$2")"; '
        f'docker exec "$0" sh -c \'{_PATH}; exec pg_dump -U postgres -Fc "$0"\' "$1" >"$2.part"; '
        'sync "$2.part"; mv "$2.part" "$2"'
    )
    return acts("sh", "-c", script, container, database, path, timeout=3600)


def roles(live: str, copy: str) -> Command:
    """All roles with their settings, without passwords, from one server into the other."""
    script = (
        f"docker exec \"$0\" sh -c '{_PATH}; exec pg_dumpall -U postgres --roles-only --no-role-passwords' "
        f"| docker exec -i \"$1\" sh -c '{_PATH}; exec psql -Xq -U postgres -d postgres'"
    )
    return acts("sh", "-c", script, live, copy)


def copy_schema(live: str, copy: str, database: str) -> Command:
    """A database without its data, but with what migration tools write down, from one server into the other."""
    return acts("sh", "-c", _COPY, live, copy, database, timeout=120)


def network(name: str) -> Command:
    """A network without a way out."""
    return acts("docker", "network", "create", "--internal", name)


def remove_network(name: str) -> Command:
    return acts("docker", "network", "rm", name)


def serve(image: str, name: str, memory: str = "512m") -> Command:
    """A PostgreSQL that lives in memory, lets everyone in, and is alone in the network that has its name."""
    owner = "uid=999,gid=999,mode=0700"
    return acts(
        "docker", "run", "-d", "--name", name, "--network", name, "--network-alias", "postgres",
        "--user", "999:999", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
        "--memory", memory, "--pids-limit", "200", "--pull", "never", "--init",
        "--tmpfs", f"{_DATA}:{owner},size=400m", "--tmpfs", f"/run/postgresql:{owner},size=1m",
        "--tmpfs", f"/tmp:{owner},size=16m", "--log-opt", "max-size=1m",  # noqa: S108
        "--entrypoint", "sh", image, "-c", _SERVE,
    )  # fmt: skip


def ready(container: str) -> Command:
    return asks("docker", "exec", container, "sh", "-c", f"{_PATH}; exec pg_isready -q -h 127.0.0.1")


def statements(container: str) -> Command:
    """What the throwaway server logged: a JSON object a line, oldest first."""
    return asks("docker", "exec", container, "sh", "-c", f"cat {_DATA}/log/*.json", timeout=60)


def task(container: Container, network: str, root: str, env: dict[str, str], name: str) -> Command:
    """A container of the stack that runs once, in another network: same image, program, variables and limits.

    `root`: the folder that its mounts are relative to. A named volume is replaced by memory: it holds live data.
    """
    words = ["docker", "run", "--rm", "-i", "--name", name, "--network", network, "--pull", "never", "--init"]
    words += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--pids-limit", str(container.pids)]
    words += ["--memory", str(container.memory), "--cpus", str(container.cpus)]
    words += [] if container.writable else ["--read-only"]
    words += ["--user", container.user] if container.user else []
    for key, value in {**env, **dict(container.environment)}.items():
        words += ["-e", f"{key}={value}"]
    for mount in container.mounts:
        if mount.source.startswith("./"):
            words += ["-v", f"{root}/{mount.source[2:]}:{mount.target}:ro"]
        else:
            words += ["--tmpfs", mount.target]
    for tmpfs in container.tmpfs:
        words += ["--tmpfs", tmpfs]
    words += ["--entrypoint", container.entrypoint[0], container.image, *container.entrypoint[1:]]
    return acts(*words, *container.command, timeout=600)


def identifier(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def read_only(roles_: list[str], on: bool) -> str:
    """SQL that lets sessions of these roles, from now on, only read; or write again."""
    act = "SET default_transaction_read_only = on" if on else "RESET default_transaction_read_only"
    return "".join(f"ALTER ROLE {identifier(role)} {act};\n" for role in roles_)


TABLES = """
SELECT n.nspname || '.' || c.relname, greatest(c.reltuples, 0)::bigint, pg_table_size(c.oid)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^(pg_|information_schema)';
"""
INVALID_INDEXES = """
SELECT format('%I.%I', n.nspname, c.relname)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT i.indisvalid AND n.nspname !~ '^pg_';
"""
HOLDERS = """
SELECT pid, usename, application_name, round(extract(epoch FROM now() - xact_start)) || ' s', state,
       left(regexp_replace(query, '\\s+', ' ', 'g'), 80)
  FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < now() - interval '1 second'
   AND backend_type = 'client backend'
 ORDER BY xact_start LIMIT 3;
"""
_BOOKS_DIGEST = f"""
SELECT current_database() || '|' || coalesce(md5(string_agg(name || query_to_xml(
       format('SELECT t.* FROM %s t ORDER BY t::text', name), true, true, '')::text, '' ORDER BY name)), '')
  FROM (SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
         WHERE {_IS_BOOKS}) AS books;
"""  # noqa: S608 (no input in it)
_BOOK_ROWS = f"""
SELECT 'writes|' || relname || '|' || n_tup_ins + n_tup_upd FROM pg_stat_all_tables
 WHERE relid IN (SELECT format('%I.%I', schemaname, tablename)::regclass FROM pg_tables WHERE {_IS_BOOKS})
 ORDER BY 1;
SELECT format('SELECT %L || t::text FROM %I.%I t ORDER BY 1', 'row|' || tablename || '|', schemaname, tablename)
  FROM pg_tables WHERE {_IS_BOOKS} ORDER BY 1 \\gexec
"""  # noqa: S608 (no input in it)
LOCK_TIMEOUT = re.compile(
    r"55P03|lock timeout|LockNotAvailable|lock_not_available|40P01|deadlock detected", re.I
)
READ_ONLY = re.compile(r"25006|read-only transaction", re.I)


def tool_tables(container: str, databases: list[str]) -> Command:
    """`DATABASE|DIGEST` a line: what migration tools have written down there; no digest where they have no table."""
    sql = "".join(f"\\connect {identifier(database)}\n{_BOOKS_DIGEST}" for database in databases)
    words = ("docker", "exec", "-i", container, "sh", "-c", f"{_PSQL} postgres")
    return Command(words, stdin=sql.encode(), acts=False)


def book_rows(container: str, database: str) -> Command:
    """What migration tools have written down in a database: `writes|TABLE|TIMES` and `row|TABLE|(VALUES)` a line."""
    words = ("docker", "exec", "-i", container, "sh", "-c", f'{_PSQL} "$0"', database)
    return Command(words, stdin=_BOOK_ROWS.encode(), acts=False)


def log_since(container: str, since: str) -> Command:
    """What a server has logged since then (RFC 3339)."""
    return asks("docker", "logs", "--since", since, container)
