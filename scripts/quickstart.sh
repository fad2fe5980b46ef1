#!/bin/sh
# Builds the manager and runs a cluster on this machine in the foreground; Ctrl-C ends it. With --check it does what
# its banner tells a newcomer to do, in a directory of its own, and stops again.
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh

say "building kamaji-manager (the first time takes some minutes)"
build --product kamaji-manager
manager=$(swift build --show-bin-path)/kamaji-manager

if [ "${1:-}" != --check ]; then
    exec "$manager" standalone
fi

state=$(mktemp -d)
log=$state/standalone.log
pid=
finish() {
    code=$?
    if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then kill -KILL "$pid"; fi
    if [ "$code" -ne 0 ]; then
        say "the check failed; the cluster wrote:"
        tail -n 60 "$log" >&2
    fi
    rm -rf "$state"
    exit "$code"
}
trap finish EXIT

say "starting a cluster in $state"
"$manager" standalone --state-dir "$state/cluster" --port 0 ${ENGINE:+--engine "$ENGINE"} >"$log" 2>&1 &
pid=$!

# Waits for as long as the cluster lives, up to a limit that only a broken one reaches.
until_true() {
    tries=600
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        if [ "$tries" = 0 ] || ! kill -0 "$pid" 2>/dev/null; then
            say "waited in vain for: $*"
            return 1
        fi
        sleep 0.2
    done
}
until_true grep -q 'The cluster is up' "$log"
grep -A 2 'Tenants run' "$log" >&2

export KUBECONFIG=$state/cluster/admin.conf
admin() { "$KUBECTL_NEW" "$@"; }
say "creating a tenant from deploy/samples/tenant.yaml"
admin apply -f deploy/samples/tenant.yaml
admin wait tcp/dev --for=jsonpath='{.status.kubernetesResources.version.status}'=Ready --timeout=180s
admin get tcp
admin get pods

say "using it"
"$manager" kubeconfig dev --state-dir "$state/cluster" >"$state/dev.conf"
tenant() { "$KUBECTL_NEW" --kubeconfig "$state/dev.conf" "$@"; }
tenant get --raw /readyz
echo
tenant create namespace quickstart
tenant get namespaces
until_true tenant -n quickstart get serviceaccount default
test -n "$(tenant -n quickstart create token default)"

say "deleting it"
admin delete -f deploy/samples/tenant.yaml --wait --timeout=120s
remaining=$(admin get deployments,services,secrets -A -l kamaji.clastix.io/name=dev -o name)
[ -z "$remaining" ] || { say "left behind: $remaining"; exit 1; }

say "stopping the cluster"
kill -TERM "$pid"
wait "$pid"
pid=
left=$(pgrep -f -- "$state" || true)
[ -z "$left" ] || { say "still running: $(ps -o pid=,args= -p $left)"; exit 1; }
say "it works"
