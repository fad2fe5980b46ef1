#!/bin/sh
# Measures the tunnel's agent against upstream's proxy-server, side by side with upstream's agent where that is present;
# without proxy-server against the tests' own server.
# ROUNDS (default 1): the agents take turns so many times, and the best of each figure counts.
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh

binaries=${KUBEBUILDER_ASSETS:-/usr/local/kubebuilder/bin}
[ -x "$binaries/proxy-server" ] ||
    say "upstream's proxy-server is not in $binaries (KUBEBUILDER_ASSETS names another folder): the tests' own serves"
say "building for release (the first time takes some minutes)"
swift build -c release --package-path Benchmarks --product tunnel-bench >&2
exec "$(swift build -c release --package-path Benchmarks --show-bin-path)/tunnel-bench" \
    --binaries "$binaries" --rounds "${ROUNDS:-1}"
