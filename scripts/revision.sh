#!/bin/sh
# Prints the commit that stands here, with "-dirty" where files differ from it; outside of a repository nothing.
set -eu
cd "$(dirname "$0")/.."
commit=$(git rev-parse --short=12 HEAD 2>/dev/null) || exit 0
[ -z "$(git status --porcelain 2>/dev/null | head -n 1)" ] || commit=$commit-dirty
echo "$commit"
