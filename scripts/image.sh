#!/bin/sh
# Builds a container image of kamaji-manager with buildah, into its local storage.
#   IMAGE         its name; localhost/kamaji and the chart's appVersion when empty, which is what the chart runs
#   IMAGE_BASE    what it is put on instead of debian:bookworm-slim
#   SWIFT_IMAGE   an image to build the program in; without it this machine's Swift does, which has to be on Debian 12
# What buildah reads from the environment works too: BUILDAH_ISOLATION, STORAGE_DRIVER.
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh
install_from_debian buildah

version=$(sed -n 's/^appVersion: *//p' deploy/charts/kamaji/Chart.yaml)
image=${IMAGE:-localhost/kamaji:$version}
base=${IMAGE_BASE:-docker.io/library/debian:bookworm-slim}
context=.
if [ -z "${SWIFT_IMAGE:-}" ]; then
    say "building for release (the first time takes some minutes)"
    swift build -c release --static-swift-stdlib --product kamaji-manager >&2
    context=$(mktemp -d)
    trap 'rm -rf "$context"' EXIT
    cp "$(swift build -c release --static-swift-stdlib --show-bin-path)/kamaji-manager" "$context/"
    strip "$context/kamaji-manager"
    SWIFT_IMAGE=$base
fi
say "building $image"
buildah build --file Dockerfile --tag "$image" \
    --build-arg "SWIFT_IMAGE=$SWIFT_IMAGE" --build-arg "IMAGE_BASE=$base" "$context"
say "built $image; push it with: buildah push $image docker://YOUR.REGISTRY/kamaji:$version"
