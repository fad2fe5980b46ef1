# Images of kamaji-manager and kamaji-exporter: a program, and the libraries that it is linked to. make image builds one with
# buildah: --target is the program.
#   SWIFT_IMAGE   Debian 12 with Swift 6.2 or newer, where the program is built
#   IMAGE_BASE    Debian 12, where it runs
#   PROGRAM       the one that is built
ARG SWIFT_IMAGE=docker.io/library/swift:6.3-bookworm
ARG IMAGE_BASE=docker.io/library/debian:bookworm-slim

FROM ${SWIFT_IMAGE} AS build
ARG PROGRAM=kamaji-manager
# The commit, for kamaji_exporter_build_info.
ARG KAMAJI_REVISION=
WORKDIR /src
COPY . .
# make image can bring the program along, as built outside; then nothing is needed here.
RUN if [ ! -x "$PROGRAM" ]; then \
        apt-get update -qq \
        && apt-get install -qq -y --no-install-recommends \
            libcrypt-dev libcurl4-openssl-dev libnghttp2-dev libsqlite3-dev libssl-dev libsystemd-dev libyaml-dev \
            zlib1g-dev pkg-config \
        && export KAMAJI_REVISION \
        && swift build -c release --static-swift-stdlib --product "$PROGRAM" \
        && cp "$(swift build -c release --static-swift-stdlib --show-bin-path)/$PROGRAM" "$PROGRAM"; \
    fi

FROM ${IMAGE_BASE} AS runtime
RUN export DEBIAN_FRONTEND=noninteractive \
    && apt-get update -qq \
    && apt-get install -qq -y --no-install-recommends \
        ca-certificates libcrypt1 libcurl4 libnghttp2-14 libsqlite3-0 libssl3 libstdc++6 libyaml-0-2 zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
USER 65532:65532

FROM runtime AS kamaji-exporter
COPY --from=build /src/kamaji-exporter /usr/local/bin/kamaji-exporter
EXPOSE 9823
ENTRYPOINT ["/usr/local/bin/kamaji-exporter"]
CMD ["serve"]

FROM runtime AS kamaji-manager
COPY --from=build /src/kamaji-manager /usr/local/bin/kamaji-manager
ENTRYPOINT ["/usr/local/bin/kamaji-manager"]
CMD ["run"]
