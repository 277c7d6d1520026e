#!/bin/sh
# Starts RabbitMQ with the users that ./users names: their passwords, from /run/secrets/USER, become hashes in a file
# of definitions in memory, which the node imports at every start. So a changed password file is a changed
# password after a restart, and a password is in no argument, no variable of the environment and no log.
set -eu
umask 077

conf=$(dirname "$0")
secrets=/run/secrets
definitions=/run/rabbitmq/definitions.d

fail() { echo "entry: $*" >&2; exit 1; }

# Hex digits on stdin become bytes; octal is all that a POSIX printf knows.
bytes() { while read -r byte; do printf '%b' "\\0$(printf '%o' "0x$byte")"; done; }
hex() { sha256sum | cut -c1-64; }
pairs() { fold -w2; echo; }

# rabbit_password_hashing_sha256: base64(salt, 4 bytes, then sha256(salt then password)). The salt comes from the
# password, so that the same password gives the same definitions and an unchanged file is not imported again.
password_hash() {
  salt=$({ printf 'salt:'; tr -d '\r\n' <"$1"; } | hex | cut -c1-8)
  sum=$({ printf '%s' "$salt" | pairs | bytes; tr -d '\r\n' <"$1"; } | hex)
  printf '%s%s' "$salt" "$sum" | pairs | bytes | base64 | tr -d '\n'
}

users() {
  comma=
  printf '{"users": ['
  while read -r user tag; do
    if [ ! -s "$secrets/$user" ] || [ ! -r "$secrets/$user" ]; then fail "$secrets/$user: the password file is missing, empty or unreadable"; fi
    printf '%s\n{"name": "%s", "tags": [%s], "hashing_algorithm": "rabbit_password_hashing_sha256", "password_hash": "%s"}' \
      "$comma" "$user" "${tag:+\"$tag\"}" "$(password_hash "$secrets/$user")"
    comma=,
  done <"$conf/users"
  printf ']}\n'
}

# An image may ask for plain text by this variable, which beats rabbitmq.conf.
unset RABBITMQ_LOGS
mkdir -p "$definitions"
users >"$definitions/10-users.json"
cp "$conf/definitions.json" "$definitions/20-stack.json"

# Debian's wrapper in /usr/sbin sends the log to a file and does not replace itself: call what it calls.
for server in /usr/lib/rabbitmq/bin/rabbitmq-server /opt/rabbitmq/sbin/rabbitmq-server; do
  [ -x "$server" ] && exec "$server"
done
exec rabbitmq-server
