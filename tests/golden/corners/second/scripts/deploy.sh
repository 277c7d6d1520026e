#!/bin/sh
# A new release of services without homeport: `docker compose` and a shell, no request lost.
#   sh scripts/deploy.sh gateway=shop/gateway:1.2.0 user=shop/user:1.2.0
#   sh scripts/deploy.sh             what this folder was rendered with, where something else runs
#   sh scripts/deploy.sh --all       every service, from the image it has
#   sh scripts/deploy.sh --no-migrate ...    code only
#   sh scripts/deploy.sh gateway=shop/gateway@sha256:...=1.2.0    where the image's name does not say the version
# An image that is not on the machine is pulled, and runs by its digest (`docker login` first, where it needs one).
# The new containers start beside those that serve; when all are healthy, one link turns and the edge sends the next
# request to them; then the old ones are drained and stopped. Until the link turns nothing that serves was touched,
# and any fault ends here. scripts/rollback.sh goes back.
#
# NOTIFY_URL in the environment, a webhook as Slack has them, is told how it went.
# Exit code: 0 it is done; 1 it failed; 2 it is done, but requests failed while it was (they are counted).
#
# What it writes: slots/ (which slot serves, what ran before), logs/ (what each run said), and in .env what runs now:
# the slots, images and versions, so that a plain `docker compose up -d` starts these and changes nothing.
set -eu
cd "$(dirname "$0")/.."

# NAME PORT HEALTHY-WITHIN STOP-GRACE MIGRATE CONTAINERS-OF-BLUE CONTAINERS-OF-GREEN IMAGE VERSION    (port 0: a worker)
services() {
  cat <<'END'
web 8000 60 90 yes web-blue,web-blue-2 web-green,web-green-2 homeport/python:3.13-slim v1.0.0
api-v2 9000 60 10 no api-v2-blue api-v2-green homeport/python:3.13-slim v1.0.0
worker 0 60 10 no worker-blue worker-green homeport/python:3.13-slim v1.0.0
trial 8000 60 10 no trial-blue trial-green homeport/python:3.13-slim v1.0.0
END
}
# What the edge must answer: words for people, then HOST PATH SECONDS STATUSES TEXT-IN-THE-BODY, and more for curl.
# shellcheck disable=SC2016 # nothing in it is to be expanded
repeatable() {
  visit 'GET /' "$domain" / 5 200 '' || return 1
}
# shellcheck disable=SC2016
once() {
  :
}
domain='second.localhost' address='127.0.0.1' https='8444' environment='second'

DRAIN=30 # seconds at most; WebSockets end when the service is told to stop
KEEP=50  # logs
migrate=yes all=no wanted='' pulled='' rolled='' done_word='is done'
log='' stage='' prober='' locked=no reason='it ended early' began=$(date +%s)
notify_url=$(printf %s "${NOTIFY_URL:-}" | tr -d '\r\n')
unset NOTIFY_URL

record() { [ -z "$log" ] || echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $*" >>"$log"; }
say() { record "$*"; echo "deploy: $*"; }
fail() { reason=$*; record "$*"; echo "deploy: $*" >&2; exit 1; }
# What another program said (stdin), on the screen and in the log.
shown() { if [ -n "$log" ]; then tee -a "$log"; else cat; fi >&2; }
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
  if [ "$(field "$1" 2)" = 0 ] && [ -n "$(running "$1" green)" ] && [ -z "$(running "$1" blue)" ]; then echo green
  else echo blue; fi; fi; }
other() { if [ "$1" = green ]; then echo blue; else echo green; fi; }
# chosen new|old NAME: the slot, as it was decided before anything was started.
chosen() { eval "echo \"\${$1_$(echo "$2" | tr - _):-}\""; }
slot() { if [ "$2" = blue ]; then field "$1" 6; else field "$1" 7; fi | tr ',' ' '; }
# shellcheck disable=SC2046 # names of containers have no spaces
running() { for id in $(ids $(slot "$1" "$2")); do docker ps -q --no-trunc --filter "id=$id"; done; }

# asked_of NAME: IMAGE or IMAGE=VERSION from the command line; nothing where it says nothing of it.
asked_of() { for pair in $wanted; do [ "${pair%%=*}" != "$1" ] || echo "${pair#*=}"; done | tail -n 1; }

# The image that a service is to have: by its digest when it was pulled, as named on the command line, or as rendered.
image_of() {
  for pair in $pulled; do if [ "${pair%%=*}" = "$1" ]; then echo "${pair#*=}"; return; fi; done
  asked=$(asked_of "$1")
  if [ -n "$asked" ]; then echo "${asked%%=*}"; else field "$1" 8; fi
}
image_id() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null || true; }

# Its version: as given, the image's tag, or the beginning of its digest.
version_of() {
  asked=$(asked_of "$1")
  case $asked in '') field "$1" 9; return ;; *=*) echo "${asked#*=}"; return ;; esac
  named=${asked%%@*}
  case ${named##*/} in sha256:*) ;; *:*) echo "${named##*:}"; return ;; esac
  case $asked in *@* | sha256:*) echo "${asked##*:}" | cut -c 1-12 ;; *) echo latest ;; esac
}

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

version_that_runs() {
  docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$1" | sed -n 's/^SERVICE_VERSION=//p' | head -n 1
}

# A name may move to another image, a digest does not: what is pulled runs by its digest.
pull() {
  image=$(image_of "$1")
  [ -z "$(image_id "$image")" ] || return 0
  say "$1: pulls $image"
  docker pull -q "$image" >logs/pull.out 2>&1 || {
    shown <logs/pull.out
    fail "$image is not on this machine and cannot be pulled: docker login, or docker load it; nothing was changed"
  }
  case $image in *@*) return 0 ;; esac
  repository=$image
  case ${image##*/} in *:*) repository=${image%:*} ;; esac
  digest=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$image" |
    awk -v begin="$repository@" 'index($0, begin) == 1 { print; exit }')
  [ -z "$digest" ] || { pulled="$pulled $1=$digest"; say "$1: runs as $digest"; }
}

variable() { echo "$1_$(echo "$2" | tr 'a-z-' 'A-Z_')"; }
compose() { docker compose -f docker-compose.prod.yml "$@"; }

# homeport asks a migration first what it would do, as a role that may only read; killed there, it leaves the role so.
migrators_may_write() {
  while read -r _ role; do
    echo "ALTER ROLE \"${role}_migrate\" RESET default_transaction_read_only;"
  done <postgres/databases | compose exec -T postgres psql -qU postgres >/dev/null
}

# At most a second is waited for a lock (see postgres/entry.sh), so that others wait no longer; then it is tried again.
migrate_one() {
  attempt=1
  until compose run --rm -T --no-deps "$1-migrate" >logs/migrate.out 2>&1; do
    shown <logs/migrate.out
    grep -qiE '55P03|lock timeout|LockNotAvailable|lock_not_available|40P01|deadlock detected' logs/migrate.out || return 1
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
        docker logs --tail 15 "$id" 2>&1 | shown
        say "$name is $state; the lines above are its last" >&2
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

# Asks as visitors do, for as long as this script lives; a line a round in slots/asked.
probe() {
  while kill -0 $$ 2>/dev/null; do
    if smoke_again >/dev/null 2>&1; then echo good; else echo bad; fi >>slots/asked
    sleep 0.2
  done
}

begin_to_count() {
  : >slots/asked
  if command -v curl >/dev/null && smoke_again >/dev/null 2>&1; then
    probe >/dev/null 2>&1 9>&- &
    prober=$!
  else
    say "requests are not counted: nothing answers through the edge before it begins, or there is no curl here"
  fi
}

# tell WORDS: to NOTIFY_URL. The address is no argument of a program, so that no list of processes shows it.
tell() {
  [ -n "$notify_url" ] || return 0
  text=$(printf '%s\n' "$1" | tr -d '\001-\011\013-\037' |
    sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's/[\\"]/\\&/g' | awk '{ printf "%s%s", (NR > 1 ? "\\n" : ""), $0 }')
  answered=$(printf 'url = "%s"\n' "$(printf %s "$notify_url" | sed 's/[\\"]/\\&/g')" |
    curl -s -m 10 -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d "{\"text\": \"$text\"}" -K -) || true
  case $answered in 2??) ;; *) say "NOTIFY_URL could not be told (${answered:-there is no curl here}); the release goes on" ;; esac
}

# The last words, however it ends: what was counted, and who is told.
finish() {
  code=$? counted=''
  set +e
  trap - EXIT
  trap '' INT HUP TERM
  [ "$code" = 0 ] || go_back
  if [ -n "$prober" ]; then
    kill "$prober" 2>/dev/null || true
    wait "$prober" 2>/dev/null || true
    bad=$(grep -c bad slots/asked || true)
    counted="$(wc -l <slots/asked | tr -d ' ') asked, $bad failed"
    [ "$code" != 0 ] || [ "$bad" = 0 ] || code=2
  fi
  if [ "$locked" = yes ] && { [ -n "$rolled" ] || [ "$code" != 0 ]; }; then
    title="$project in $environment: scripts/deploy.sh" took="by $(id -un)@$(uname -n), $(($(date +%s) - began)) s"
    changes=$(for name in $rolled; do echo "- $name: $(image_of "$name") ($(version_of "$name"))"; done)
    case $code in 0 | 2) what=$done_word ;; *) what="failed: $reason" ;; esac
    tell "$title $what
$took
$changes
${counted:-requests were not counted}
log: $(pwd)/$log"
  fi
  [ -z "$counted" ] || say "$counted"
  record "exit code $code"
  exit "$code"
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
# However it was ended before the new ones were proved: what served before serves on, and nothing else runs.
go_back() {
  case $stage in
    turned)
      switch_to old
      [ ! -e slots/env.before ] || mv slots/env.before .env
      sleep 0.3
      remove_new ;;
    started) remove_new ;;
  esac
  stage=
}
give_up() { remove_new; fail "$*; what served before serves on"; }

# Lines of .env for what serves: what is rolled, and what goes on as it is.
env_lines() {
  profiles=
  for name in $(services | awk '{ print $1 }'); do
    now=$(chosen new "$name") image='' version=''
    if [ -n "$now" ]; then
      image=$(image_of "$name") version=$(version_of "$name")
    else
      now=$(serving "$name")
      id=$(running "$name" "$now" | head -n 1)
      [ -z "$id" ] || { image=$(docker inspect --format '{{.Config.Image}}' "$id") version=$(version_that_runs "$id"); }
    fi
    profiles="$profiles,$name-$now"
    [ -z "$image" ] || echo "$(variable IMAGE "$name")=$image"
    [ -z "$version" ] || echo "$(variable VERSION "$name")='$version'"
  done
  echo "COMPOSE_PROFILES=${profiles#,}"
}

# A plain `docker compose up -d` starts what serves now, as it runs now.
write_env() {
  env_lines >slots/env.lines
  cp -p .env .env.new
  awk 'function key(line) { return substr(line, 1, index(line, "=") - 1) }
    NR == FNR { order[++n] = key($0); new[key($0)] = $0; next }
    key($0) in new { print new[key($0)]; delete new[key($0)]; next }
    { print }
    END { for (i = 1; i <= n; i++) if (order[i] in new) print new[order[i]] }' slots/env.lines .env >.env.new
  mv .env.new .env
}

# -- what is asked for ------------------------------------------------------------------------------
for word; do
  case $word in
    --no-migrate) migrate=no ;;
    --back) migrate=no done_word='went back' ;; # as rollback.sh says it
    --all) all=yes ;;
    *[!A-Za-z0-9_.:/@+=-]*) fail "$word: no image and no version has such a letter" ;;
    *=*) wanted="$wanted $word" ;;
    *) fail "$word: write NAME=IMAGE, --all or --no-migrate" ;;
  esac
done
for pair in $wanted; do
  [ -n "$(field "${pair%%=*}" 1)" ] || fail "${pair%%=*} is no service that is rolled; there are: $(services | awk '{ print $1 }' | xargs)"
done

mkdir -p slots logs
chmod 700 logs
log=logs/deploy-$(date -u +%Y%m%d-%H%M%S)-$$.log
(umask 077 && : >"$log")
find logs -name 'deploy-*.log' | sort -r | tail -n +$((KEEP + 1)) | xargs -r rm -f
record "$(id -un)@$(uname -n): scripts/deploy.sh $*"
trap finish EXIT
trap 'reason="it was interrupted"; exit 130' INT HUP TERM

# One change at a time, together with homeport's own lock where it has one. It is gone when this process is.
lock=slots/.lock
[ ! -d ../state ] || lock=../state/lock
exec 9>>"$lock"
flock -n 9 || fail "another release is under way ($lock)"
if [ "$lock" != slots/.lock ]; then # commands of a homeport that was cut off may still run; one that sleeps must not wake up
  exec 8>>"$lock.acts"
  flock -w 120 8 || fail "commands of a release that was cut off still run"
  exec 8>&-
  echo "deploy.sh, process $$" >"$lock"
fi

locked=yes
project=$(setting COMPOSE_PROJECT_NAME)
for name in $(services | awk '{ print $1 }'); do
  case " $wanted" in *" $name="*) ;; *) [ -z "$wanted" ] || continue ;; esac
  pull "$name"
  if differs "$name"; then rolled="$rolled $name"; fi
done
[ -n "$rolled" ] || { write_env; say "nothing to change"; exit 0; }
say "rolls$rolled"
begin_to_count

# -- beside what serves -----------------------------------------------------------------------------
: >slots/previous.new
old_containers=
for name in $rolled; do
  now=$(serving "$name") var=$(echo "$name" | tr - _)
  eval "old_$var=$now new_$var=$(other "$now")"
  # The shell's variables come before those of .env, which says what serves until the link has turned.
  export "$(variable IMAGE "$name")=$(image_of "$name")" "$(variable VERSION "$name")=$(version_of "$name")"
  for id in $(running "$name" "$now"); do
    old_containers="$old_containers $name:$id"
    version=$(version_that_runs "$id")
    case $version in *[!A-Za-z0-9_.:/@+-]*) version='' ;; esac
    echo "$name=$(image_that_runs "$id")${version:+=$version}" >>slots/previous.new
  done
done
remove_new # what a roll that was killed has left there
stage=started

for name in $rolled; do
  if [ "$migrate" = yes ] && [ "$(field "$name" 5)" = yes ]; then
    say "$name: migration"
    migrators_may_write || give_up "PostgreSQL does not answer"
    migrate_one "$name" || give_up "the migration of $name failed"
  fi
done
for name in $rolled; do
  # shellcheck disable=SC2046 # names have no spaces
  compose up -d --no-recreate --no-build --pull never --quiet-pull $(slot "$name" "$(chosen new "$name")") >/dev/null 2>logs/up.out ||
    { shown <logs/up.out; give_up "$name did not start"; }
done
for name in $rolled; do
  # shellcheck disable=SC2046
  wait_healthy "$name" "$(field "$name" 3)" $(ids $(slot "$name" "$(chosen new "$name")")) || give_up "$name did not become healthy"
done

# -- the new ones serve -----------------------------------------------------------------------------
say "healthy; they serve from now on"
cp -p .env slots/env.before
stage=turned
switch_to new
write_env
if ! smoke; then
  switch_to old
  mv slots/env.before .env
  sleep 0.3
  give_up "the smoke test failed"
fi
stage=
sort -u slots/previous.new >slots/previous
rm -f slots/previous.new slots/env.before slots/env.lines

# -- the old ones end -------------------------------------------------------------------------------
sleep 0.3 # requests that read the old flag arrive
for pair in $old_containers; do retire "${pair%%:*}" "${pair#*:}"; done
say "done:$rolled. Back: sh scripts/rollback.sh"
