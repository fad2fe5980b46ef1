#!/bin/sh
# Builds and runs every test, or those that the arguments name (a regular expression, as swift test --filter has it).
# What failed is said once more at the end: a failure in the middle of ten minutes of lines is not found again.
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh
install_from_debian etcd-server mariadb-server-core prometheus chromium-headless-shell nghttp2-server
# Packages are built, and installed on a machine with a systemd of its own.
install_from_debian binutils debootstrap dpkg-dev iproute2 systemd-container
# Machines in namespaces join on bad links, and come back after years.
install_from_debian curl iptables perl
install_helm

say "building"
build --build-tests
# What the build has left to be written would hold up every server that waits for its disk.
sync
say "testing"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{
    status=0
    # More at once than the machine can carry only makes every deadline a bet.
    export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$(($(nproc) * 3))
    swift test --skip-build ${1:+--filter "$1"} 2>&1 || status=$?
    echo "$status" >"$folder/status"
} | tee "$folder/log"
status=$(cat "$folder/status")
if [ "$status" -ne 0 ]; then
    say "what failed"
    # Each line of an issue with what follows it, up to the next event.
    awk '/^[◇✔↳]/ { shown = 0 } /^✘/ { shown = 12 } shown > 0 { print; shown -= 1 }' "$folder/log" | tail -n 150
fi
exit "$status"
