# An image of kamaji-manager: the program, and the libraries that it is linked to. make image builds it with buildah.
#   SWIFT_IMAGE   Debian 12 with Swift 6.2 or newer, where the program is built
#   IMAGE_BASE    Debian 12, where it runs
ARG SWIFT_IMAGE=docker.io/library/swift:6.3-bookworm
ARG IMAGE_BASE=docker.io/library/debian:bookworm-slim

FROM ${SWIFT_IMAGE} AS build
WORKDIR /src
COPY . .
# make image can bring the program along, as built outside; then nothing is needed here.
RUN if [ ! -x kamaji-manager ]; then \
        apt-get update -qq \
        && apt-get install -qq -y --no-install-recommends \
            libcurl4-openssl-dev libsqlite3-dev libssl-dev libyaml-dev zlib1g-dev pkg-config \
        && swift build -c release --static-swift-stdlib --product kamaji-manager \
        && cp "$(swift build -c release --show-bin-path)/kamaji-manager" kamaji-manager; \
    fi

FROM ${IMAGE_BASE}
RUN export DEBIAN_FRONTEND=noninteractive \
    && apt-get update -qq \
    && apt-get install -qq -y --no-install-recommends \
        ca-certificates libcurl4 libsqlite3-0 libssl3 libstdc++6 libyaml-0-2 zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
COPY --from=build /src/kamaji-manager /usr/local/bin/kamaji-manager
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/kamaji-manager"]
CMD ["run"]
