#!/bin/sh
# Format, the rules that a compiler does not know, and generated files against what generates them.
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh
install_helm
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
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

# Benchmarks links our modules; what they depend on is said there once more.
for package in . Benchmarks; do
    swift package --package-path "$package" dump-package | python3 -c '
import json, sys
for target in sorted(json.load(sys.stdin)["targets"], key=lambda target: target["name"]):
    if target["type"] == "regular":
        print(target["name"], *sorted(list(d.values())[0][0] for d in target["dependencies"]))'
done | sort | uniq -u | cut -d" " -f1 | sort -u | while read -r module; do
    [ ! -e "Benchmarks/Sources/$module" ] || echo "$module"
done >"$fresh/unlike"
[ ! -s "$fresh/unlike" ] || complain "Package.swift and Benchmarks/Package.swift differ about: $(cat "$fresh/unlike")"

scripts/acceptance.sh >&2 || failed=1

swift build --product kamaji-manager >/dev/null
"$(swift build --show-bin-path)/kamaji-manager" crds --directory "$fresh/crds"
swift build --product kamaji-exporter >/dev/null
"$(swift build --show-bin-path)/kamaji-exporter" metrics-docs | diff -u docs/metrics.md - ||
    complain "docs/metrics.md is not what kamaji-exporter prints: run make metrics-docs"
diff -ru deploy/crds "$fresh/crds" || complain "deploy/crds is not what kamaji-manager prints: run make crds"

for chart in deploy/charts/*; do
    "$HELM" lint --strict --quiet "$chart" >&2 || complain "$chart is not sound"
done
scripts/manifests.sh "$fresh/manifests"
diff -ru deploy/manifests "$fresh/manifests" || complain "deploy/manifests is not what the charts make: run make manifests"

exit "$failed"
