#!/bin/sh
# Writes deploy/crds from the schema in the code.
set -eu
cd "$(dirname "$0")/.."
swift build --product kamaji-manager
"$(swift build --show-bin-path)/kamaji-manager" crds --directory deploy/crds
