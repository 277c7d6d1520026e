#!/bin/sh
# Starts PostgreSQL, and before that brings roles, passwords and databases to what ./databases says: at the first
# start and at every later one, so a database that is added later appears, and a password file that was changed
# is a changed password. Runs in any image that has PostgreSQL's programs; nothing here deletes data.
#
#   databases   one line each: DATABASE ROLE
#   /run/secrets/ROLE, /run/secrets/monitor   the passwords
set -eu
umask 077

conf=$(dirname "$0")
secrets=/run/secrets
PATH=/usr/lib/postgresql/${PGDATA##*/}/bin:$PATH
start_log=/tmp/start.log

say() { echo "entry: $*" >&2; }
fail() { say "$*"; exit 1; }

# All of them, before anything is changed.
check_secrets() {
  check_secret monitor
  while read -r _ role; do check_secret "$role"; done <"$conf/databases"
}

check_secret() {
  if [ ! -s "$secrets/$1" ] || [ ! -r "$secrets/$1" ]; then fail "$secrets/$1: the password file is missing, empty or unreadable"; fi
}

# A cluster gets its name only when it is whole, so a half-made one is never taken for one.
create_cluster() {
  [ -e "$PGDATA" ] && fail "$PGDATA is there but holds no cluster; it is left as it is"
  rm -rf "$PGDATA.init"
  initdb --pgdata="$PGDATA.init" --username=postgres --auth-local=peer --auth-host=scram-sha-256 --data-checksums \
    --encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8 --no-instructions >/dev/null
  mv "$PGDATA.init" "$PGDATA"
  say "cluster created"
}

# A server that only this script can reach, and that logs no statement: the passwords pass through it.
start_private() {
  pg_ctl --pgdata="$PGDATA" --wait --silent --timeout=86400 --log="$start_log" --options="$(
    for setting in listen_addresses= log_min_error_statement=panic log_min_duration_statement=-1 log_statement=none \
      shared_preload_libraries= logging_collector=off; do
      printf -- "-c %s " "$setting"
    done
  ) -c config_file=$conf/postgresql.conf" start || { cat "$start_log" >&2; fail "PostgreSQL does not start"; }
}

stop_private() { pg_ctl --pgdata="$PGDATA" --wait --silent --mode=fast stop; }

sql() { psql --no-psqlrc --quiet --tuples-only --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres "$@"; }

# psql reads the password itself: it is in no argument and in no variable of the environment.
set_role() {
  SECRET=$secrets/$1 sql --set=role="$1" <<'SQL'
\set password `cat "$SECRET"`
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
SQL
}

# A role for migrations: it logs in with the owner's password, acts as the owner, so that all it makes is the owner's,
# and does not wait for a lock for long: who waits for an exclusive lock stops everyone behind it. As settings of
# a role these hold for every driver, without the program knowing.
set_migrator() {
  SECRET=$secrets/$1 sql --set=owner="$1" --set=role="$1_migrate" <<'SQL'
\set password `cat "$SECRET"`
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
GRANT :"owner" TO :"role";
ALTER ROLE :"role" SET role = :'owner';
ALTER ROLE :"role" SET lock_timeout = '1s';
ALTER ROLE :"role" RESET default_transaction_read_only;
ALTER ROLE :"role" SET idle_in_transaction_session_timeout = '1min';
SQL
}

# Reads statistics of every database and the data of none.
set_monitor() {
  set_role monitor
  sql <<'SQL'
ALTER ROLE monitor CONNECTION LIMIT 10;
GRANT pg_monitor TO monitor;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
-- By default every role may connect to every database; that is what keeps the services' roles apart.
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO monitor;
SQL
}

set_database() {
  sql --set=db="$1" --set=role="$2" <<'SQL'
SELECT format('CREATE DATABASE %I OWNER %I', :'db', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'db') \gexec
ALTER DATABASE :"db" OWNER TO :"role";
REVOKE ALL ON DATABASE :"db" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"db" TO monitor;
\connect :"db"
ALTER SCHEMA public OWNER TO :"role";
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SQL
}

reconcile() {
  set_monitor
  while read -r database role; do
    set_role "$role" </dev/null
    set_database "$database" "$role" </dev/null
    set_migrator "$role" </dev/null
  done <"$conf/databases"
}

check_secrets
[ -s "$PGDATA/PG_VERSION" ] || create_cluster
trap 'stop_private; exit 1' INT TERM
start_private
reconcile || { stop_private; fail "roles and databases could not be brought up to date"; }
stop_private
trap - INT TERM
say "roles and databases are up to date: $(while read -r database _; do printf '%s ' "$database"; done <"$conf/databases")"
exec postgres -D "$PGDATA" -c config_file="$conf/postgresql.conf"
