#!/bin/sh
# A new release of services without homeport: `docker compose` and a shell, no request lost.
#   sh scripts/deploy.sh gateway=shop/gateway:1.2.0 user=shop/user:1.2.0
#   sh scripts/deploy.sh             what docker-compose.prod.yml says, where something else runs
#   sh scripts/deploy.sh --all       every service, from the image it has
#   sh scripts/deploy.sh --no-migrate ...    code only (rollback.sh does this)
# The images must be on the machine (docker load). The new containers start beside those that serve; when all are
# healthy, one link turns and the edge sends the next request to them; then the old ones are drained and stopped.
# Until the link turns nothing that serves was touched, and any fault ends here. scripts/rollback.sh goes back.
#
# What it writes: slots/ (which slot serves, which images, what ran before) and two lines of .env.
set -eu
cd "$(dirname "$0")/.."

# NAME PORT HEALTHY-WITHIN STOP-GRACE MIGRATE CONTAINERS-OF-BLUE CONTAINERS-OF-GREEN IMAGE    (port 0: a worker)
services() {
  cat <<'END'
gateway 8000 60 10 yes gateway-blue gateway-green budgetcoach/gateway:v1.0.0
user 8000 60 10 yes user-blue user-green budgetcoach/user:v1.0.0
transaction 8000 60 10 yes transaction-blue transaction-green budgetcoach/transaction:v1.0.0
budget 8000 60 10 yes budget-blue budget-green budgetcoach/budget:v1.0.0
notification 8000 60 10 yes notification-blue notification-green budgetcoach/notification:v1.0.0
ai 8000 60 10 yes ai-blue ai-green budgetcoach/ai:v1.0.0
END
}
# What the edge must answer: words for people, then HOST PATH SECONDS STATUSES TEXT-IN-THE-BODY, and more for curl.
# shellcheck disable=SC2016 # nothing in it is to be expanded
repeatable() {
  visit 'GET /' "$domain" / 5 200 'AI Budget Coach' || return 1
  visit 'GET /api/v1/me' "$domain" /api/v1/me 5 401 '' || return 1
  json_field error.code unauthorized || return 1
}
# shellcheck disable=SC2016
once() {
  visit 'POST /api/v1/auth/login' "$domain" /api/v1/auth/login 5 422 '' -X POST -H 'Content-Type: application/json' --data-raw '{}' || return 1
  json_field error.code validation || return 1
}
domain='budgetcoach.localhost' address='127.0.0.1' https='443'

DRAIN=30 # seconds at most; WebSockets end when the service is told to stop
migrate=yes all=no wanted=

say() { echo "deploy: $*"; }
fail() { echo "deploy: $*" >&2; exit 1; }
setting() { sed -n "s/^$1=//p" .env; }
field() { services | awk -v name="$1" -v n="$2" '$1 == name { print $n }'; }

# Ids of the containers of compose services, running or not.
ids() {
  for one; do
    docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project" \
      --filter "label=com.docker.compose.service=$one"
  done
}

serving() { if [ -e "slots/current/$1.green" ]; then echo green; else
  # A worker has no flag: it serves where it runs.
  if [ "$(field "$1" 2)" = 0 ] && [ -n "$(running "$1" green)" ]; then echo green; else echo blue; fi; fi; }
other() { if [ "$1" = green ]; then echo blue; else echo green; fi; }
# chosen new|old NAME: the slot, as it was decided before anything was started.
chosen() { eval "echo \"\${$1_$(echo "$2" | tr - _):-}\""; }
slot() { if [ "$2" = blue ]; then field "$1" 6; else field "$1" 7; fi | tr ',' ' '; }
# shellcheck disable=SC2046 # names of containers have no spaces
running() { for id in $(ids $(slot "$1" "$2")); do docker ps -q --no-trunc --filter "id=$id"; done; }

# The image that a service is to have: as named on the command line, else as the stack was rendered.
image_of() {
  for pair in $wanted; do if [ "${pair%%=*}" = "$1" ]; then echo "${pair#*=}"; return; fi; done
  field "$1" 8
}
image_id() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null || true; }

# Its name, or its id where the name has gone to another image since.
image_that_runs() {
  named=$(docker inspect --format '{{.Config.Image}}' "$1") is=$(docker inspect --format '{{.Image}}' "$1")
  if [ "$(image_id "$named")" = "$is" ]; then echo "$named"; else echo "$is"; fi
}

# Another image or nothing runs where it serves.
differs() {
  new=$(image_id "$(image_of "$1")") old=$(running "$1" "$(serving "$1")" | head -n 1)
  [ "$all" = yes ] || [ -z "$old" ] || [ "$(docker inspect --format '{{.Image}}' "$old")" != "$new" ]
}

# One line a compose service: its name and the image it has instead of docker-compose.prod.yml's.
write_images() {
  [ "$(setting COMPOSE_FILE)" = docker-compose.prod.yml ] || [ ! -f slots/images ] || cat slots/images
  for name in $rolled; do
    for one in $(slot "$name" "$(chosen new "$name")"); do echo "$one $(image_of "$name")"; done
    [ "$(field "$name" 5)" = no ] || echo "$name-migrate $(image_of "$name")"
  done
}
last_of_each() { awk '{ image[$1] = $2 } END { for (one in image) print one, image[one] }' | sort; }
as_compose() {
  echo "# Written by scripts/deploy.sh: images that are newer than docker-compose.prod.yml."
  echo "services:"
  while read -r one image; do
    tag=${image##*:}
    printf '  %s:\n    image: "%s"\n    environment: {SERVICE_VERSION: "%s"}\n' "$one" "$image" "$tag"
  done
}

compose() { docker compose -f docker-compose.prod.yml -f slots/images.yml "$@"; }

# homeport asks a migration first what it would do, as a role that may only read; killed there, it leaves the role so.
migrators_may_write() {
  while read -r _ role; do
    echo "ALTER ROLE \"${role}_migrate\" RESET default_transaction_read_only;"
  done <postgres/databases | compose exec -T postgres psql -qU postgres >/dev/null
}

# At most a second is waited for a lock (see postgres/entry.sh), so that others wait no longer; then it is tried again.
migrate_one() {
  attempt=1
  until compose run --rm -T --no-deps "$1-migrate" >slots/migrate.log 2>&1; do
    cat slots/migrate.log >&2
    grep -qiE '55P03|lock timeout|LockNotAvailable|deadlock detected' slots/migrate.log || return 1
    [ "$attempt" -lt 40 ] || return 1
    attempt=$((attempt + 1))
    say "$1: its migration waits for a lock, attempt $attempt"
    sleep 3
  done
}

# Until every container is healthy; 1 and its last words when one is not, in time.
wait_healthy() {
  name=$1 ends=$(($(date +%s) + $2))
  shift 2
  for id; do
    while :; do
      state=$(docker inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' "$id")
      case $state in healthy | running) break ;; esac
      up=$(docker inspect --format '{{.State.Running}} {{.RestartCount}}' "$id")
      if [ "$(date +%s)" -ge "$ends" ] || [ "$up" != "true 0" ]; then
        docker logs --tail 15 "$id" >&2
        echo "deploy: $name is $state; the lines above are its last" >&2
        return 1
      fi
      sleep 0.2
    done
  done
}

# switch_to SLOT: all that is rolled, from the same moment on. nginx looks at the flags at each request.
switch_to() {
  last=$(find slots -maxdepth 1 -name 'set-*' | sed 's/.*set-//' | sort -n | tail -n 1)
  place=slots/set-$((${last:-0} + 1)) before=$(readlink slots/current || true)
  mkdir "$place"
  if [ -d slots/current ]; then cp -p slots/current/* "$place/" 2>/dev/null || true; fi
  for name in $rolled; do
    [ "$(field "$name" 2)" != 0 ] || continue
    if [ "$(chosen "$1" "$name")" = green ]; then : >"$place/$name.green"; else rm -f "$place/$name.green"; fi
  done
  sync "$place"
  [ -L slots/current ] || [ ! -e slots/current ] || mv slots/current slots/set-0
  ln -sfn "${place#slots/}" slots/current.new
  mv -fT slots/current.new slots/current
  # The one before stays: a request may be reading it.
  for old in slots/set-*; do
    case ${old#slots/} in "${place#slots/}" | "$before") ;; *) rm -rf "$old" ;; esac
  done
}

# smoke: all that the edge must answer. smoke_again: what may be asked again and again.
smoke() { smoke_again && ask_all once; }
smoke_again() { ask_all repeatable; }

ask_all() {
  if ! command -v curl >/dev/null; then say "no curl here: not asked through the edge"; return 0; fi
  answer=$(mktemp slots/answer.XXXXXX)
  as_expected=0
  "$1" || as_expected=1
  rm -f "$answer" "$answer.head"
  return "$as_expected"
}

# Ask once; 1, and what was seen, where it is not as expected. No statuses: anything but a server's error.
visit() {
  what=$1 host=$2 path=$3 seconds=$4 statuses=$5 text=$6
  shift 6
  status=$(curl -sk -o "$answer" -D "$answer.head" -m "$seconds" -w '%{http_code}' \
    --resolve "$host:$https:$address" "$@" "https://$host:$https$path") || status=000
  case "$statuses" in
    '') case $status in [1234]??) ;; *) say "$what: HTTP $status" >&2; return 1 ;; esac ;;
    *) case ",$statuses," in *",$status,"*) ;; *) say "$what: HTTP $status, expected $statuses" >&2; return 1 ;; esac ;;
  esac
  [ -z "$text" ] || grep -qF -e "$text" "$answer" || { say "$what: no \"$text\" in the body" >&2; return 1; }
}
# header NAME TEXT, and json_field PATH VALUE, of the last answer.
header() {
  grep -i "^$1:" "$answer.head" | grep -qF -e "$2" || { say "$what: no \"$2\" in the header $1" >&2; return 1; }
}
json_field() {
  command -v jq >/dev/null || { say "no jq here: the field $1 is not looked at"; return 0; }
  found=$(jq -r --arg path "$1" 'getpath([$path | split(".")[] | tonumber? // .]) | tostring' "$answer" 2>/dev/null) || found=
  [ "$found" = "$2" ] || { say "$what: $1 is not \"$2\"" >&2; return 1; }
}

# Connections from outside on the port of a container's process, ESTABLISHED or CLOSE_WAIT, from the kernel's own table.
open_requests() {
  cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null | awk -v port="$(printf '%04X' "$2")" '
    function here(far) {
      return index(far, "0100007F") == 1 || index(far, "00000000000000000000000001000000") == 1 ||
        index(far, "0000000000000000FFFF00000100007F") == 1
    }
    $2 ~ ":" port "$" && ($4 == "01" || $4 == "08") && !here($3) { n++ }
    END { print n + 0 }'
}

drain() {
  pid=$(docker inspect --format '{{.State.Pid}}' "$1") ends=$(($(date +%s) + DRAIN)) quiet=0
  [ -r "/proc/$pid/net/tcp" ] || { sleep 5; return 0; }
  while [ "$quiet" -lt 3 ] && [ "$(date +%s)" -lt "$ends" ]; do
    if [ "$(open_requests "$pid" "$2")" = 0 ]; then quiet=$((quiet + 1)); else quiet=0; fi
    sleep 0.05
  done
}

# retire NAME ID...: requests that began end, then it is told to stop, and has its own time for that.
retire() {
  name=$1 port=$(field "$1" 2) grace=$(field "$1" 4)
  shift
  for id; do [ "$port" = 0 ] || drain "$id" "$port"; done
  [ $# -eq 0 ] || docker stop -t "$grace" "$@" >/dev/null
  [ $# -eq 0 ] || docker rm -fv "$@" >/dev/null
}

# shellcheck disable=SC2046 # ids have no spaces
remove_new() { for name in $rolled; do retire "$name" $(ids $(slot "$name" "$(chosen new "$name")")); done; }
give_up() {
  remove_new
  if [ -f slots/images.before ]; then mv slots/images.before slots/images; as_compose <slots/images >slots/images.yml; fi
  fail "$*; what served before serves on"
}

# A plain `docker compose up -d` starts what serves now.
write_env() {
  profiles=$(services | while read -r name _; do
    now=$(chosen new "$name")
    echo "$name-${now:-$(serving "$name")}"
  done | sort | paste -sd, -)
  sed -e "s|^COMPOSE_PROFILES=.*|COMPOSE_PROFILES=$profiles|" \
    -e 's|^COMPOSE_FILE=.*|COMPOSE_FILE=docker-compose.prod.yml:slots/images.yml|' .env >.env.new
  mv .env.new .env
}

# -- what is asked for ------------------------------------------------------------------------------
for word; do
  case $word in
    --no-migrate) migrate=no ;;
    --all) all=yes ;;
    *=*) wanted="$wanted $word" ;;
    *) fail "$word: write NAME=IMAGE, --all or --no-migrate" ;;
  esac
done
for pair in $wanted; do
  [ -n "$(field "${pair%%=*}" 1)" ] || fail "${pair%%=*} is no service that is rolled; there are: $(services | awk '{ print $1 }' | xargs)"
  [ -n "$(image_id "${pair#*=}")" ] || fail "${pair#*=} is not on this machine: docker load it first"
done

# One change at a time, together with homeport's own lock where it has one. It is gone when this process is.
mkdir -p slots
lock=slots/.lock
[ ! -d ../state ] || lock=../state/lock
exec 9>>"$lock"
flock -n 9 || fail "another release is under way ($lock)"

project=$(setting COMPOSE_PROJECT_NAME)
rolled=
for name in $(services | awk '{ print $1 }'); do
  case " $wanted" in *" $name="*) ;; *) [ -z "$wanted" ] || continue ;; esac
  if differs "$name"; then rolled="$rolled $name"; fi
done
[ -n "$rolled" ] || { say "nothing to change"; exit 0; }
say "rolls$rolled"

# -- beside what serves -----------------------------------------------------------------------------
: >slots/previous.new
old_containers=
for name in $rolled; do
  now=$(serving "$name") var=$(echo "$name" | tr - _)
  eval "old_$var=$now new_$var=$(other "$now")"
  for id in $(running "$name" "$now"); do
    old_containers="$old_containers $name:$id"
    echo "$name=$(image_that_runs "$id")" >>slots/previous.new
  done
done
remove_new # what a roll that was killed has left there
write_images | last_of_each >slots/images.new
[ ! -f slots/images ] || cp slots/images slots/images.before
[ -f slots/images ] || : >slots/images.before
mv slots/images.new slots/images
as_compose <slots/images >slots/images.yml

for name in $rolled; do
  if [ "$migrate" = yes ] && [ "$(field "$name" 5)" = yes ]; then
    say "$name: migration"
    migrators_may_write || give_up "PostgreSQL does not answer"
    migrate_one "$name" || give_up "the migration of $name failed"
  fi
done
for name in $rolled; do
  # shellcheck disable=SC2046 # names have no spaces
  compose up -d --no-recreate --no-build --pull never --quiet-pull $(slot "$name" "$(chosen new "$name")") >/dev/null 2>slots/up.log ||
    { cat slots/up.log >&2; give_up "$name did not start"; }
done
for name in $rolled; do
  # shellcheck disable=SC2046
  wait_healthy "$name" "$(field "$name" 3)" $(ids $(slot "$name" "$(chosen new "$name")")) || give_up "$name did not become healthy"
done

# -- the new ones serve -----------------------------------------------------------------------------
say "healthy; they serve from now on"
switch_to new
if ! smoke; then
  switch_to old
  sleep 0.3
  give_up "the smoke test failed"
fi
sort -u slots/previous.new >slots/previous
rm -f slots/previous.new slots/images.before
write_env

# -- the old ones end -------------------------------------------------------------------------------
sleep 0.3 # requests that read the old flag arrive
for pair in $old_containers; do retire "${pair%%:*}" "${pair#*:}"; done
say "done:$rolled. Back: sh scripts/rollback.sh"
