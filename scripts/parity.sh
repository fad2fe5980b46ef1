#!/bin/sh
# Compares our tenants with the records of upstream's: all, or the cases that the arguments name. ETCD names another
# etcd than Debian's, MANAGER a manager that is built already, KAMAJI_GOLDEN another directory than ../shared/golden.
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh
python3 -c 'import yaml' 2>/dev/null || install_from_debian python3-yaml
[ -n "${ETCD:-}" ] || command -v etcd >/dev/null || install_from_debian etcd-server

if [ -z "${MANAGER:-}" ]; then
    say "building kamaji-manager (the first time takes some minutes)"
    swift build --product kamaji-manager >&2
    MANAGER=$(swift build --show-bin-path)/kamaji-manager
fi
exec python3 scripts/parity.py --manager "$MANAGER" "$@"
