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

secret demo_password generated secrets/gateway/demo_password secrets/gateway-migrate/demo_password
file secrets/gateway/demo_password 10001 0400 %s
file secrets/gateway-migrate/demo_password 10001 0400 %s

secret identity_ai generated secrets/gateway/identity_ai secrets/gateway-migrate/identity_ai secrets/ai/identity_ai secrets/ai-migrate/identity_ai
file secrets/gateway/identity_ai 10001 0400 %s
file secrets/gateway-migrate/identity_ai 10001 0400 %s
file secrets/ai/identity_ai 10001 0400 %s
file secrets/ai-migrate/identity_ai 10001 0400 %s

secret identity_budget generated secrets/gateway/identity_budget secrets/gateway-migrate/identity_budget secrets/budget/identity_budget secrets/budget-migrate/identity_budget
file secrets/gateway/identity_budget 10001 0400 %s
file secrets/gateway-migrate/identity_budget 10001 0400 %s
file secrets/budget/identity_budget 10001 0400 %s
file secrets/budget-migrate/identity_budget 10001 0400 %s

secret identity_notification generated secrets/gateway/identity_notification secrets/gateway-migrate/identity_notification secrets/notification/identity_notification secrets/notification-migrate/identity_notification
file secrets/gateway/identity_notification 10001 0400 %s
file secrets/gateway-migrate/identity_notification 10001 0400 %s
file secrets/notification/identity_notification 10001 0400 %s
file secrets/notification-migrate/identity_notification 10001 0400 %s

secret identity_transaction generated secrets/gateway/identity_transaction secrets/gateway-migrate/identity_transaction secrets/transaction/identity_transaction secrets/transaction-migrate/identity_transaction
file secrets/gateway/identity_transaction 10001 0400 %s
file secrets/gateway-migrate/identity_transaction 10001 0400 %s
file secrets/transaction/identity_transaction 10001 0400 %s
file secrets/transaction-migrate/identity_transaction 10001 0400 %s

secret identity_user generated secrets/gateway/identity_user secrets/gateway-migrate/identity_user secrets/user/identity_user secrets/user-migrate/identity_user
file secrets/gateway/identity_user 10001 0400 %s
file secrets/gateway-migrate/identity_user 10001 0400 %s
file secrets/user/identity_user 10001 0400 %s
file secrets/user-migrate/identity_user 10001 0400 %s

secret jwt_key generated secrets/gateway/jwt_key secrets/gateway-migrate/jwt_key secrets/user/jwt_key secrets/user-migrate/jwt_key
file secrets/gateway/jwt_key 10001 0400 %s
file secrets/gateway-migrate/jwt_key 10001 0400 %s
file secrets/user/jwt_key 10001 0400 %s
file secrets/user-migrate/jwt_key 10001 0400 %s

secret openai_api_key optional secrets/ai/openai_api_key secrets/ai-migrate/openai_api_key
file secrets/ai/openai_api_key 10001 0400 %s
file secrets/ai-migrate/openai_api_key 10001 0400 %s

secret postgres_ai_db generated secrets/postgres/ai_db
file secrets/ai/pgpass 10001 0400 'postgres:5432:ai_db:ai_db:%s\n'
file secrets/ai/database_url 10001 0400 postgresql://ai_db:%s@postgres:5432/ai_db
file secrets/ai-migrate/pgpass 10001 0400 'postgres:5432:ai_db:ai_db_migrate:%s\n'
file secrets/ai-migrate/database_url 10001 0400 postgresql://ai_db_migrate:%s@postgres:5432/ai_db
file secrets/postgres/ai_db 999 0400 %s

secret postgres_budget_db generated secrets/postgres/budget_db
file secrets/budget/pgpass 10001 0400 'postgres:5432:budget_db:budget_db:%s\n'
file secrets/budget/database_url 10001 0400 postgresql://budget_db:%s@postgres:5432/budget_db
file secrets/budget-migrate/pgpass 10001 0400 'postgres:5432:budget_db:budget_db_migrate:%s\n'
file secrets/budget-migrate/database_url 10001 0400 postgresql://budget_db_migrate:%s@postgres:5432/budget_db
file secrets/postgres/budget_db 999 0400 %s

secret postgres_gateway_db generated secrets/postgres/gateway_db
file secrets/gateway/pgpass 10001 0400 'postgres:5432:gateway_db:gateway_db:%s\n'
file secrets/gateway/database_url 10001 0400 postgresql://gateway_db:%s@postgres:5432/gateway_db
file secrets/gateway-migrate/pgpass 10001 0400 'postgres:5432:gateway_db:gateway_db_migrate:%s\n'
file secrets/gateway-migrate/database_url 10001 0400 postgresql://gateway_db_migrate:%s@postgres:5432/gateway_db
file secrets/postgres/gateway_db 999 0400 %s

secret postgres_monitor generated secrets/postgres/monitor
file secrets/postgres/monitor 999 0400 %s

secret postgres_notification_db generated secrets/postgres/notification_db
file secrets/notification/pgpass 10001 0400 'postgres:5432:notification_db:notification_db:%s\n'
file secrets/notification/database_url 10001 0400 postgresql://notification_db:%s@postgres:5432/notification_db
file secrets/notification-migrate/pgpass 10001 0400 'postgres:5432:notification_db:notification_db_migrate:%s\n'
file secrets/notification-migrate/database_url 10001 0400 postgresql://notification_db_migrate:%s@postgres:5432/notification_db
file secrets/postgres/notification_db 999 0400 %s

secret postgres_transaction_db generated secrets/postgres/transaction_db
file secrets/transaction/pgpass 10001 0400 'postgres:5432:transaction_db:transaction_db:%s\n'
file secrets/transaction/database_url 10001 0400 postgresql://transaction_db:%s@postgres:5432/transaction_db
file secrets/transaction-migrate/pgpass 10001 0400 'postgres:5432:transaction_db:transaction_db_migrate:%s\n'
file secrets/transaction-migrate/database_url 10001 0400 postgresql://transaction_db_migrate:%s@postgres:5432/transaction_db
file secrets/postgres/transaction_db 999 0400 %s

secret postgres_user_db generated secrets/postgres/user_db
file secrets/user/pgpass 10001 0400 'postgres:5432:user_db:user_db:%s\n'
file secrets/user/database_url 10001 0400 postgresql://user_db:%s@postgres:5432/user_db
file secrets/user-migrate/pgpass 10001 0400 'postgres:5432:user_db:user_db_migrate:%s\n'
file secrets/user-migrate/database_url 10001 0400 postgresql://user_db_migrate:%s@postgres:5432/user_db
file secrets/postgres/user_db 999 0400 %s

secret rabbitmq_admin generated secrets/rabbitmq/admin
file secrets/rabbitmq/admin 999 0400 %s

secret rabbitmq_ai generated secrets/rabbitmq/ai
file secrets/ai/rabbitmq_url 10001 0400 amqp://ai:%s@rabbitmq:5672/budgetcoach
file secrets/ai-migrate/rabbitmq_url 10001 0400 amqp://ai:%s@rabbitmq:5672/budgetcoach
file secrets/rabbitmq/ai 999 0400 %s

secret rabbitmq_budget generated secrets/rabbitmq/budget
file secrets/budget/rabbitmq_url 10001 0400 amqp://budget:%s@rabbitmq:5672/budgetcoach
file secrets/budget-migrate/rabbitmq_url 10001 0400 amqp://budget:%s@rabbitmq:5672/budgetcoach
file secrets/rabbitmq/budget 999 0400 %s

secret rabbitmq_gateway generated secrets/rabbitmq/gateway
file secrets/gateway/rabbitmq_url 10001 0400 amqp://gateway:%s@rabbitmq:5672/budgetcoach
file secrets/gateway-migrate/rabbitmq_url 10001 0400 amqp://gateway:%s@rabbitmq:5672/budgetcoach
file secrets/rabbitmq/gateway 999 0400 %s

secret rabbitmq_mailbox generated secrets/rabbitmq/mailbox
file secrets/mailbox/rabbitmq_url 10001 0400 amqp://mailbox:%s@rabbitmq:5672/budgetcoach
file secrets/rabbitmq/mailbox 999 0400 %s

secret rabbitmq_notification generated secrets/rabbitmq/notification
file secrets/notification/rabbitmq_url 10001 0400 amqp://notification:%s@rabbitmq:5672/budgetcoach
file secrets/notification-migrate/rabbitmq_url 10001 0400 amqp://notification:%s@rabbitmq:5672/budgetcoach
file secrets/rabbitmq/notification 999 0400 %s

secret rabbitmq_transaction generated secrets/rabbitmq/transaction
file secrets/transaction/rabbitmq_url 10001 0400 amqp://transaction:%s@rabbitmq:5672/budgetcoach
file secrets/transaction-migrate/rabbitmq_url 10001 0400 amqp://transaction:%s@rabbitmq:5672/budgetcoach
file secrets/rabbitmq/transaction 999 0400 %s

secret rabbitmq_user generated secrets/rabbitmq/user
file secrets/user/rabbitmq_url 10001 0400 amqp://user:%s@rabbitmq:5672/budgetcoach
file secrets/user-migrate/rabbitmq_url 10001 0400 amqp://user:%s@rabbitmq:5672/budgetcoach
file secrets/rabbitmq/user 999 0400 %s

secret smtp_password optional secrets/notification/smtp_password secrets/notification-migrate/smtp_password
file secrets/notification/smtp_password 10001 0400 %s
file secrets/notification-migrate/smtp_password 10001 0400 %s
# Only root looks in; a container is given its own folder, and needs no way through this one.
find secrets -type d -exec chmod 0755 {} +
chmod 0700 secrets
echo "secrets.sh: $made files made"
[ -z "$missing" ] || { printf 'secrets.sh: a person must give these:\n%s' "$missing" >&2; exit 1; }
