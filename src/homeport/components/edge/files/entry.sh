#!/bin/sh
# entry.sh          starts nginx, and reloads it when the certificate or the configuration has changed
# entry.sh reload   the same check at once, for who has changed something: exit 1 when nginx refuses it
# The slots' flags are read at each request and need no reload, which would cut idle connections: they are not watched.
set -u

config=/etc/nginx/nginx.conf
loaded=/tmp/loaded # signature of what nginx runs with

say() { printf '{"timestamp":"%s","level":"%s","service":"edge","message":"%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$2"; }

# known NAME DIRECTIVE: keep the directive if this nginx, with its OpenSSL, takes it.
known() {
    cat > /tmp/try/nginx.conf << CONFIG
pid /tmp/try/pid;
events {}
http {
    access_log off;
    client_body_temp_path /tmp/try;
    proxy_temp_path /tmp/try;
    fastcgi_temp_path /tmp/try;
    uwsgi_temp_path /tmp/try;
    scgi_temp_path /tmp/try;
    $2
    server {
        listen unix:/tmp/try/socket ssl;
        ssl_reject_handshake on;
    }
}
CONFIG
    rm -f "/tmp/tuned/$1.conf"
    if nginx -t -q -e /dev/null -c /tmp/try/nginx.conf 2> /dev/null; then printf '%s\n' "$2" > "/tmp/tuned/$1.conf"; fi
    rm -f /tmp/try/socket
}

# By content, so that a file that is written again with the same text changes nothing.
signature() {
    find -L /certs/live /etc/nginx -path /etc/nginx/slots -prune -o -type f -exec cksum {} + 2> /dev/null | sort | cksum
}

reload() {
    now=$(signature)
    [ "$now" != "$(cat "$loaded")" ] || return 0
    if nginx -t -q -e stderr -c "$config"; then
        printf '%s\n' "$now" > "$loaded"
        say info "configuration or certificate changed, reloading"
        nginx -s reload -e stderr -c "$config"
    else
        say error "the new configuration is refused, the old one stays in service"
        return 1
    fi
}

watch() {
    refused=
    while sleep "${WATCH_SECONDS:-5}"; do
        now=$(signature)
        if [ "$now" = "$(cat "$loaded")" ] || [ "$now" = "$refused" ]; then continue; fi
        sleep 1
        [ "$(signature)" = "$now" ] || continue # still being written: wait for the next round
        reload || refused=$now
    done
}

start() {
    mkdir -p /tmp/tuned /tmp/try
    # Mozilla's groups; the hybrid needs OpenSSL 3.5.
    known groups 'ssl_ecdh_curve X25519MLKEM768:X25519:prime256v1:secp384r1;'
    [ -e /tmp/tuned/groups.conf ] || known groups 'ssl_ecdh_curve X25519:prime256v1:secp384r1;'
    # nginx 1.27.4: a reload leaves idle connections open for a while, so that fewer clients lose a request.
    known keepalive 'keepalive_min_timeout 5s;'
    signature > "$loaded"
    watch &
    exec nginx -e stderr -c "$config" -g 'daemon off;'
}

case ${1:-start} in
    start) start ;;
    reload) reload ;;
    *) echo "usage: entry.sh [reload]" >&2; exit 64 ;;
esac
