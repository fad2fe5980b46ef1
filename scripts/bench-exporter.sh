#!/bin/sh
# Measures the exporter over TENANTS (default 1000) on the embedded cluster, with answers for their API servers on
# loopback: with its cache, and without. SCRAPES (default 100) of each kind; SECONDS_EACH (default 60) to warm up and to
# look at it at rest. A line of JSON for each measurement.
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh

say "building for release (the first time takes some minutes)"
swift build -c release --product kamaji-manager >&2
swift build -c release --product kamaji-exporter >&2
programs=$(swift build -c release --show-bin-path)
exec python3 scripts/exporter-bench.py --manager "$programs/kamaji-manager" --exporter "$programs/kamaji-exporter" \
    --tenants "${TENANTS:-1000}" --scrapes "${SCRAPES:-100}" --seconds "${SECONDS_EACH:-60}"
