#!/bin/sh
# Makes the base image of the local set with mmdebstrap and imports it: base.sh TAG RECIPE SUITE [MIRROR [SECURITY_MIRROR]]
# The mirrors serve the bootstrap only; the image is left with Debian's own addresses.
set -eu

tag=$1 recipe=$2 suite=$3 mirror=${4:-} security=${5:-}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
chmod 755 "$work"

command -v mmdebstrap >/dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }

cat >"$work/default.list" <<SOURCES
deb http://deb.debian.org/debian $suite main
deb http://deb.debian.org/debian $suite-updates main
deb http://deb.debian.org/debian-security $suite-security main
SOURCES
sed -e "s|http://deb.debian.org/debian-security|${security:-http://deb.debian.org/debian-security}|" \
    -e "s|http://deb.debian.org/debian |${mirror:-http://deb.debian.org/debian} |" "$work/default.list" >"$work/build.list"

# A pipe would hide a failed bootstrap from the import, so the archive lies on disk in between.
mmdebstrap --quiet --variant=minbase --include=ca-certificates,netbase,tzdata \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/lintian/*' \
    --customize-hook="upload $here/base/inst /usr/local/sbin/inst" \
    --customize-hook="upload $here/base/90container /etc/apt/apt.conf.d/90container" \
    --customize-hook="upload $work/default.list /etc/apt/sources.list" \
    --customize-hook='chmod 755 "$1/usr/local/sbin/inst"' \
    --customize-hook='chmod 644 "$1/etc/apt/apt.conf.d/90container" "$1/etc/apt/sources.list"' \
    --customize-hook='rm -f "$1"/etc/resolv.conf "$1"/etc/hostname "$1"/etc/apt/sources.list.d/*' \
    "$suite" "$work/base.tar" "$work/build.list"
docker import --change "LABEL homeport.recipe=$recipe" --change 'CMD ["bash"]' \
    --message "mmdebstrap --variant=minbase $suite" "$work/base.tar" "$tag"
