#!/bin/sh
# Builds and runs every test, or those that the arguments name (a regular expression, as swift test --filter has it).
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh
install_from_debian etcd-server
install_helm

say "building"
build --build-tests
say "testing"
if [ $# -gt 0 ]; then
    swift test --skip-build --filter "$1"
else
    swift test --skip-build
fi
