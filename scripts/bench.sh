#!/bin/sh
# Measures the manager: TENANTS at once (default 100), on the embedded cluster, or on the API server that KUBECONFIG
# names. UPSTREAM=1 makes one: a tenant of a standalone cluster, run by upstream's own programs on a real etcd.
# RUNNING=1 gives each tenant a control plane of the embedded engine, waits until all are Ready, and looks into each
# of them, object by object; what is measured is a manager of its own, beside the cluster.
# FLEET=8 runs so many tenants on the ENGINE that is named, upstream or embedded, and looks into each one at the moment
# when it says Ready; with upstream's a line for one tenant beside a bare kube-apiserver comes first.
# One line of JSON on standard output for each measurement.
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh

say "building for release (the first time takes some minutes)"
swift build -c release --product kamaji-manager >&2
manager=$(swift build -c release --show-bin-path)/kamaji-manager
if [ -n "${FLEET:-}" ]; then
    exec python3 scripts/fleet.py --manager "$manager" --kubectl "$KUBECTL_NEW" --tenants "$FLEET" \
        --engine "${ENGINE:-embedded}"
fi
swift build -c release --package-path Benchmarks --product tenant-bench >&2
bench=$(swift build -c release --package-path Benchmarks --show-bin-path)/tenant-bench
tenants=${TENANTS:-100}

if [ -z "${UPSTREAM:-}${RUNNING:-}" ]; then
    exec "$bench" --tenants "$tenants" --manager "$manager" ${KUBECONFIG:+--kubeconfig "$KUBECONFIG"}
fi

state=$(mktemp -d)
pid=
finish() {
    code=$?
    if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
        kill -TERM "$pid"
        wait "$pid" || true
    fi
    rm -rf "$state"
    exit "$code"
}
trap finish EXIT
if [ -n "${RUNNING:-}" ]; then
    "$manager" standalone --state-dir "$state/cluster" --port 0 --engine embedded --without-manager \
        >"$state/log" 2>&1 &
else
    "$manager" standalone --state-dir "$state/cluster" --port 0 --engine upstream >"$state/log" 2>&1 &
fi
pid=$!
until grep -q 'The cluster is up' "$state/log"; do
    kill -0 "$pid" 2>/dev/null || { cat "$state/log" >&2; exit 1; }
    sleep 0.2
done
if [ -n "${RUNNING:-}" ]; then
    "$bench" --tenants "$tenants" --manager "$manager" --kubeconfig "$state/cluster/admin.conf" --running
    exit
fi
admin() { "$KUBECTL_NEW" --kubeconfig "$state/cluster/admin.conf" "$@"; }
admin apply -f deploy/samples/tenant.yaml >&2
admin wait tcp/dev --for=jsonpath='{.status.kubernetesResources.version.status}'=Ready --timeout=180s >&2
"$manager" kubeconfig dev --state-dir "$state/cluster" >"$state/real.conf"
real() { "$KUBECTL_NEW" --kubeconfig "$state/real.conf" "$@"; }
"$manager" crds | real apply --server-side -f - >&2
real create namespace kamaji-system >&2
for object in secret/default-datastore-certificates datastore/default; do
    admin -n kamaji-system get "$object" -o json |
        python3 -c '
import json, sys
o = json.load(sys.stdin)
m = o["metadata"]
o["metadata"] = {k: m[k] for k in ("name", "namespace") if k in m}
o.pop("status", None)
json.dump(o, sys.stdout)' |
        real apply -f - >&2
done
real wait --for=condition=Established crd --all --timeout=60s >&2
"$bench" --tenants "$tenants" --manager "$manager" --kubeconfig "$state/real.conf"
