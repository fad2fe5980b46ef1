#!/bin/sh
# Builds a container image with buildah, into its local storage.
#   PROGRAM       kamaji-manager, when empty, or kamaji-exporter
#   IMAGE         its name; what the program's chart runs when empty: localhost/kamaji or localhost/kamaji-exporter, and the
#                 chart's appVersion
#   IMAGE_BASE    what it is put on instead of debian:bookworm-slim
#   SWIFT_IMAGE   an image to build the program in; without it this machine's Swift does, which has to be on Debian 12
# What buildah reads from the environment works too: BUILDAH_ISOLATION, STORAGE_DRIVER.
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh
install_from_debian buildah

program=${PROGRAM:-kamaji-manager}
case $program in
    kamaji-manager) name=kamaji ;;
    kamaji-exporter) name=kamaji-exporter ;;
    *)
        say "PROGRAM is \"$program\"; there are images of kamaji-manager and kamaji-exporter"
        exit 1
        ;;
esac
version=$(sed -n 's/^appVersion: *//p' "deploy/charts/$name/Chart.yaml")
image=${IMAGE:-localhost/$name:$version}
base=${IMAGE_BASE:-docker.io/library/debian:bookworm-slim}
KAMAJI_REVISION=${KAMAJI_REVISION:-$(scripts/revision.sh)}
export KAMAJI_REVISION
context=.
if [ -z "${SWIFT_IMAGE:-}" ]; then
    say "building for release (the first time takes some minutes)"
    swift build -c release --static-swift-stdlib --product "$program" >&2
    context=$(mktemp -d)
    trap 'rm -rf "$context"' EXIT
    cp "$(swift build -c release --static-swift-stdlib --show-bin-path)/$program" "$context/"
    strip "$context/$program"
    SWIFT_IMAGE=$base
fi
say "building $image"
buildah build --file Dockerfile --target "$program" --tag "$image" --build-arg "PROGRAM=$program" \
    --build-arg "KAMAJI_REVISION=$KAMAJI_REVISION" --build-arg "SWIFT_IMAGE=$SWIFT_IMAGE" --build-arg "IMAGE_BASE=$base" "$context"
say "built $image; push it with: buildah push $image docker://YOUR.REGISTRY/$name:$version"
