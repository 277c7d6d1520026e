#!/bin/sh
# Makes the base image of the local set with mmdebstrap and imports it: base.sh TAG RECIPE SUITE [MIRROR [SECURITY_MIRROR]]
# The mirrors are those of the machine that makes it; the image is left with them.
set -eu

tag=$1 recipe=$2 suite=$3 mirror=${4:-} security=${5:-}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
chmod 755 "$work"

command -v mmdebstrap >/dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }

# Without a mirror mmdebstrap takes Debian's own, and the image is left with them.
sources=
if [ -n "$mirror" ]; then
    sources=$work/build.list
    printf 'deb %s %s main\n' "$mirror" "$suite" "$mirror" "$suite-updates" >"$sources"
    [ -z "$security" ] || printf 'deb %s %s main\n' "$security" "$suite-security" >>"$sources"
fi

# A pipe would hide a failed bootstrap from the import, so the archive lies on disk in between.
mmdebstrap --quiet --variant=minbase --include=ca-certificates,netbase,tzdata \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/lintian/*' \
    --customize-hook="upload $here/base/inst /usr/local/sbin/inst" \
    --customize-hook="upload $here/base/90container /etc/apt/apt.conf.d/90container" \
    --customize-hook='chmod 755 "$1/usr/local/sbin/inst"' \
    --customize-hook='chmod 644 "$1/etc/apt/apt.conf.d/90container"' \
    --customize-hook='cd "$1/etc/apt"; [ -s sources.list ] || mv sources.list.d/*.list sources.list; chmod 644 sources.list' \
    --customize-hook='rm -f "$1"/etc/resolv.conf "$1"/etc/hostname' \
    "$suite" "$work/base.tar" ${sources:+"$sources"}
docker import --change "LABEL homeport.recipe=$recipe" --change 'CMD ["bash"]' \
    --message "mmdebstrap --variant=minbase $suite" "$work/base.tar" "$tag"
