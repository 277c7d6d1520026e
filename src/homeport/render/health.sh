#!/bin/sh
# Health probe for images of any kind: no tool of its own is needed in them but sh.
#   health.sh http PORT PATH [SECONDS]   healthy: the answer's status is 200-299
#   health.sh tcp PORT                   healthy: something listens on PORT
#   health.sh alive                      healthy: a process can be started in the container
# The program that makes the request is the cheapest the image has: bash 2 ms, wget and curl about 10 ms, Python and
# Node about 50 ms. Each reads the answer to its end: a server logs a broken pipe otherwise, every few seconds.
set -u

has() { command -v "$1" >/dev/null 2>&1; }

good() {
  case $1 in
    2[0-9][0-9]) exit 0 ;;
    *) echo "http://127.0.0.1:$port$path answered ${1:-nothing}"; exit 1 ;;
  esac
}

by_bash() {
  # shellcheck disable=SC2016 # bash expands it, not this shell
  bash -c '
    exec 3<>"/dev/tcp/127.0.0.1/$0" || exit 1
    printf "GET %s HTTP/1.0\r\nHost: localhost\r\nUser-Agent: health\r\nConnection: close\r\n\r\n" "$1" >&3
    IFS=" " read -r -t "$2" _ status _ <&3 || exit 1
    while IFS= read -r -t "$2" -n 65536 _ <&3; do :; done
    printf "%s\n" "$status"' "$port" "$path" "$limit" 2>/dev/null
}

by_wget() {
  # BusyBox and GNU print the status lines with -S; the first is the answer, were there a redirect.
  wget -S -q -t 1 -T "$limit" -O /dev/null "http://127.0.0.1:$port$path" 2>&1 |
    sed -n 's/^ *HTTP\/[0-9.]* \([0-9]*\).*/\1/p' | sed -n 1p
}

by_curl() { curl -s -m "$limit" -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port$path"; }

by_python() {
  python3 -c '
import http.client, sys
port, path, limit = sys.argv[1:]
connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=float(limit))
connection.request("GET", path, headers={"Host": "localhost", "User-Agent": "health", "Connection": "close"})
answer = connection.getresponse()
answer.read()
print(answer.status)' "$port" "$path" "$limit" 2>/dev/null
}

by_node() {
  node -e '
const [port, path, limit] = process.argv.slice(1);
const options = { host: "127.0.0.1", port, path, timeout: limit * 1000, agent: false, headers: { Host: "localhost" } };
const request = require("http").get(options, (answer) => { answer.resume(); answer.on("end", () => console.log(answer.statusCode)); });
request.on("timeout", () => request.destroy());
request.on("error", () => process.exit(1));' "$port" "$path" "$limit" 2>/dev/null
}

http() {
  if has bash; then good "$(by_bash)"; fi
  if has wget; then good "$(by_wget)"; fi
  if has curl; then good "$(by_curl)"; fi
  if has python3; then good "$(by_python)"; fi
  if has node; then good "$(by_node)"; fi
  echo "no program in this image can make an HTTP request; give the service health: {command: [...]}"
  exit 1
}

listens() {
  # From the kernel's own table (state 0A: listening), so that the server sees no connection that says nothing.
  want=$(printf ':%04X' "$1")
  for table in /proc/net/tcp /proc/net/tcp6; do
    [ -r "$table" ] || continue
    while read -r _ local _ state _; do
      [ "$state" = 0A ] && [ "${local%"$want"}" != "$local" ] && exit 0
    done <"$table"
  done
  echo "nothing listens on port $1"
  exit 1
}

case ${1:-} in
  http) port=$2 path=$3 limit=${4:-3}; http ;;
  tcp) listens "$2" ;;
  alive) exit 0 ;;
  *) echo "usage: health.sh http PORT PATH [SECONDS] | tcp PORT | alive" >&2; exit 64 ;;
esac
