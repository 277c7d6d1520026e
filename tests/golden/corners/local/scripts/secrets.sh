#!/bin/sh
# Makes the files in ./secrets that are missing. For people without homeport, which does the same from its store.
#   sudo sh scripts/secrets.sh
# Nothing that is there is overwritten: run it as often as you like. A secret that only a person can give is listed;
# write it to the file that is named, run this again, and it comes to every file that needs it.
set -eu
umask 077
cd "$(dirname "$0")/.."

[ "$(id -u)" = 0 ] || { echo "secrets.sh: run it as root; each file belongs to the user of its container" >&2; exit 1; }

made=0
missing=

# 32 bytes, of letters, digits, - and _ only: they need no quoting in a URL, a file of libpq or a shell.
random() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

# secret NAME KIND FILE...: finds the value in the first of the files that exists, or makes one when KIND is generated.
secret() {
  name=$1 kind=$2
  shift 2
  value=
  for file; do
    if [ -s "$file" ]; then value=$(cat "$file"); break; fi
  done
  if [ -z "$value" ] && [ "$kind" = generated ]; then value=$(random); fi
  if [ -z "$value" ] && [ "$kind" = given ]; then missing="$missing  $1 ($name)
"; fi
}

# file PATH UID MODE FORMAT: the value, as the container wants to read it.
file() {
  [ -n "$value" ] || return 0
  if [ ! -s "$1" ]; then
    mkdir -p "${1%/*}"
    # shellcheck disable=SC2059 # the format is ours, from the table below
    printf "$4" "$value" >"$1.new"
    mv "$1.new" "$1"
    made=$((made + 1))
  fi
  chown "$2" "$1"
  chmod "$3" "$1"
}

mkdir -p secrets

secret mail_password optional secrets/web/mail_password secrets/web-migrate/mail_password
file secrets/web/mail_password 10001 0400 %s
file secrets/web-migrate/mail_password 10001 0400 %s

secret postgres_api_db generated secrets/postgres/api_db
file secrets/api-v2/pgpass 0 0400 'postgres:5432:api_db:api_db:%s\n'
file secrets/api-v2/database_url 0 0444 postgresql://api_db:%s@postgres:5432/api_db
file secrets/postgres/api_db 999 0400 %s

secret postgres_monitor generated secrets/postgres/monitor
file secrets/postgres/monitor 999 0400 %s

secret postgres_web_db generated secrets/postgres/web_db
file secrets/web/pgpass 10001 0400 'postgres:5432:web_db:web_db:%s\n'
file secrets/web/database_url 10001 0400 postgresql://web_db:%s@postgres:5432/web_db
file secrets/web-migrate/pgpass 10001 0400 'postgres:5432:web_db:web_db_migrate:%s\n'
file secrets/web-migrate/database_url 10001 0400 postgresql://web_db_migrate:%s@postgres:5432/web_db
file secrets/worker/pgpass 10001 0400 'postgres:5432:web_db:web_db:%s\n'
file secrets/worker/database_url 10001 0400 postgresql://web_db:%s@postgres:5432/web_db
file secrets/postgres/web_db 999 0400 %s

secret rabbitmq_admin generated secrets/rabbitmq/admin
file secrets/rabbitmq/admin 999 0400 %s

secret rabbitmq_api_v2 generated secrets/rabbitmq/api-v2
file secrets/api-v2/rabbitmq_url 0 0444 amqp://api-v2:%s@rabbitmq:5672/corners
file secrets/rabbitmq/api-v2 999 0400 %s

secret rabbitmq_store generated secrets/rabbitmq/store
file secrets/store/rabbitmq_url 1000 0400 amqp://store:%s@rabbitmq:5672/corners
file secrets/rabbitmq/store 999 0400 %s

secret rabbitmq_web generated secrets/rabbitmq/web
file secrets/web/rabbitmq_url 10001 0400 amqp://web:%s@rabbitmq:5672/corners
file secrets/web-migrate/rabbitmq_url 10001 0400 amqp://web:%s@rabbitmq:5672/corners
file secrets/rabbitmq/web 999 0400 %s

secret rabbitmq_worker generated secrets/rabbitmq/worker
file secrets/worker/rabbitmq_url 10001 0400 amqp://worker:%s@rabbitmq:5672/corners
file secrets/rabbitmq/worker 999 0400 %s

secret session_key generated secrets/web/session_key secrets/web-migrate/session_key secrets/api-v2/session_key
file secrets/web/session_key 10001 0400 %s
file secrets/web-migrate/session_key 10001 0400 %s
file secrets/api-v2/session_key 0 0444 %s
# Only root looks in; a container is given its own folder, and needs no way through this one.
find secrets -type d -exec chmod 0755 {} +
chmod 0700 secrets
echo "secrets.sh: $made files made"
[ -z "$missing" ] || { printf 'secrets.sh: a person must give these:\n%s' "$missing" >&2; exit 1; }
