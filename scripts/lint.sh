#!/bin/sh
# Format, the rules that a compiler does not know, and generated files against what generates them.
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh
install_helm
failed=0
complain() {
    printf '%s\n' "$*" >&2
    failed=1
}

swift format lint --strict --parallel --recursive Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources/tenant-bench Benchmarks/Sources/tunnel-bench || failed=1

# ICU comes with the whole of Foundation: forty megabytes for each program.
found=$(grep -rnE '^import Foundation$|@preconcurrency import Foundation$' Sources || true)
[ -z "$found" ] || complain "FoundationEssentials is to be imported instead of Foundation:
$found"

scripts/acceptance.sh >&2 || failed=1

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
swift build --product kamaji-manager >/dev/null
"$(swift build --show-bin-path)/kamaji-manager" crds --directory "$fresh"
swift build --product kamaji-exporter >/dev/null
"$(swift build --show-bin-path)/kamaji-exporter" metrics-docs | diff -u docs/metrics.md - ||
    complain "docs/metrics.md is not what kamaji-exporter prints: run make metrics-docs"
diff -ru deploy/crds "$fresh" || complain "deploy/crds is not what kamaji-manager prints: run make crds"

for chart in deploy/charts/*; do
    "$HELM" lint --strict --quiet "$chart" >&2 || complain "$chart is not sound"
done
rendered=$(mktemp -d)
trap 'rm -rf "$fresh" "$rendered"' EXIT
scripts/manifests.sh "$rendered"
diff -ru deploy/manifests "$rendered" || complain "deploy/manifests is not what the charts make: run make manifests"

exit "$failed"
