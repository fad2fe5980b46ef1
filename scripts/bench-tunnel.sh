#!/bin/sh
# Measures the tunnel's agent against upstream's proxy-server, side by side with upstream's agent where it is present.
# ROUNDS (default 1): the agents take turns so many times, and the best of each figure counts.
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh

binaries=${KUBEBUILDER_ASSETS:-/usr/local/kubebuilder/bin}
[ -x "$binaries/proxy-server" ] || {
    say "the load needs upstream's proxy-server; put it into $binaries, or its folder's name into KUBEBUILDER_ASSETS"
    exit 1
}
say "building for release (the first time takes some minutes)"
swift build -c release --package-path Benchmarks --product tunnel-bench >&2
exec "$(swift build -c release --package-path Benchmarks --show-bin-path)/tunnel-bench" \
    --binaries "$binaries" --rounds "${ROUNDS:-1}"
