# What a newcomer types. Every target installs what it needs when it is missing, and can be repeated.
#   make quickstart          build, start the cluster in the foreground, say what to try
#   make quickstart CHECK=1  the same, tried out by itself, stopped again
#   make test                build and run every test
.PHONY: quickstart test lint format crds bench parity clean

quickstart:
	@scripts/quickstart.sh $(if $(CHECK),--check)

test:
	@scripts/test.sh $(TESTS)

# Format, rules of the house, and deploy/crds against the code that prints them.
lint:
	@scripts/lint.sh

format:
	@swift format --in-place --parallel --recursive Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources/tenant-bench

bench:
	@TENANTS="$(TENANTS)" UPSTREAM="$(UPSTREAM)" scripts/bench.sh

# What we make of a tenant against what upstream was recorded to make: KAMAJI_GOLDEN names the records, CASES some.
parity:
	@scripts/parity.sh $(CASES)

crds:
	@scripts/crds.sh

clean:
	@rm -rf .build .cache
