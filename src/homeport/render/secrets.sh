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
{table}
# Only root looks in; a container is given its own folder, and needs no way through this one.
find secrets -type d -exec chmod 0755 {} +
chmod 0700 secrets
echo "secrets.sh: $made files made"
[ -z "$missing" ] || { printf 'secrets.sh: a person must give these:\n%s' "$missing" >&2; exit 1; }
