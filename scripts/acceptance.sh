#!/bin/sh
# Holds docs/acceptance.md to what is there: every fault has its row, and every test that a row names is where it says.
set -eu
cd "$(dirname "$0")/.."
table=docs/acceptance.md
faults=71
found=$(mktemp)
trap 'rm -f "$found"' EXIT

number=0
while [ "$number" -lt "$faults" ]; do
    number=$((number + 1))
    grep -q "^| $number | " "$table" || echo "$table: fault $number has no row" >>"$found"
done

# [the test's name](../path/to/its/file.swift)
links=$(grep -oE '\[[^]]+\]\(\.\./Tests/[^)]+\)' "$table" | sort -u)
[ -n "$links" ] || echo "$table: no test is named" >>"$found"
printf '%s\n' "$links" | while IFS= read -r link; do
    name=${link#[}
    name=${name%%](*}
    file=${link##*](../}
    file=${file%)}
    if [ ! -f "$file" ]; then
        echo "$table: there is no $file"
    elif ! grep -qF -- "\`$name\`" "$file" && ! grep -qF -- "\"$name\"" "$file"; then
        echo "$table: $file has no test \"$name\""
    fi
done >>"$found"

cat "$found"
[ ! -s "$found" ]
