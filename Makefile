# Two commands do everything, set-up included:
#   make run     build and start the whole platform with demo data
#   make test    formatting, lints and all tests, with every service they need
.PHONY: run test schema bench setup-run setup-test

run: setup-run
	cargo build --release --package souk
	exec target/release/souk serve $(ARGS)

test: setup-test
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo build --package souk
	cargo test --workspace --no-fail-fast

# The checked-in schemas: each subgraph's, and the supergraph composed from them.
schema:
	cargo run --package souk -- schema export --output schema
	cargo run --package souk -- compose --config supergraph.yaml --output schema/supergraph.graphql

# By hand, see bench/README.md.
bench: setup-run
	cargo build --release --workspace
	bench/run

setup-run:
	scripts/setup run

setup-test:
	scripts/setup test
