# What a newcomer types. Every target installs what it needs when it is missing, and can be repeated.
#   make quickstart          build, start the cluster in the foreground, say what to try
#   make quickstart CHECK=1  the same, tried out by itself, stopped again
#   make test                build and run every test
.PHONY: quickstart test joins lint format crds metrics-docs manifests image packages bench bench-tenants bench-exporter bench-tunnel \
	parity clean

quickstart:
	@scripts/quickstart.sh $(if $(CHECK),--check)

test:
	@scripts/test.sh $(TESTS)

# JOINS machines (default 100) join through lost packets, thin links, kills, ended tokens and dying servers, from SEED.
joins:
	@KAMAJI_JOINS="$(or $(JOINS),100)" KAMAJI_TEST_SEED="$(or $(SEED),1)" scripts/test.sh FaultyJoinTests

# Format, rules of the house, and generated files against what they are made from.
lint:
	@scripts/lint.sh

format:
	@swift format --in-place --parallel --recursive Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources/tenant-bench Benchmarks/Sources/tunnel-bench

# All that is measured. UPSTREAM, RUNNING and FLEET choose among the measurements of tenants, and leave out the rest.
bench: bench-tenants $(if $(UPSTREAM)$(RUNNING)$(FLEET),,bench-exporter bench-tunnel)

bench-tenants:
	@TENANTS="$(TENANTS)" UPSTREAM="$(UPSTREAM)" RUNNING="$(RUNNING)" FLEET="$(FLEET)" ENGINE="$(ENGINE)" scripts/bench.sh

# The tunnel's agent beside upstream's.
bench-tunnel:
	@ROUNDS="$(ROUNDS)" scripts/bench-tunnel.sh

# The exporter over TENANTS made for it, with its cache and without.
bench-exporter:
	@TENANTS="$(TENANTS)" SCRAPES="$(SCRAPES)" SECONDS_EACH="$(SECONDS_EACH)" scripts/bench-exporter.sh

# What we make of a tenant against what upstream was recorded to make: KAMAJI_GOLDEN names the records, CASES some.
parity:
	@scripts/parity.sh $(CASES)

crds:
	@scripts/crds.sh

# docs/metrics.md, from the catalogue in the code.
metrics-docs:
	@swift build --product kamaji-exporter >/dev/null && "$$(swift build --show-bin-path)/kamaji-exporter" metrics-docs >docs/metrics.md

# deploy/manifests, from the charts.
manifests:
	@scripts/manifests.sh

# A container image of the manager, or of PROGRAM=kamaji-exporter: IMAGE names it, IMAGE_BASE what it is put on,
# SWIFT_IMAGE what it is built in.
image:
	@PROGRAM="$(PROGRAM)" IMAGE="$(IMAGE)" IMAGE_BASE="$(IMAGE_BASE)" SWIFT_IMAGE="$(SWIFT_IMAGE)" scripts/image.sh

# .deb and .rpm of kamaji-agent and kamaji-exporter for this distribution, into .build/packages; CHECK=1 has them judged.
packages:
	@scripts/packages.sh $(if $(CHECK),--check)

clean:
	@rm -rf .build .cache
