# Everything one does here. Set-up happens by itself, and again when what it rests on has changed.

PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest -q
NODE_FOLDERS := $(patsubst %/package-lock.json,%,$(wildcard tests/contract/node/package-lock.json web/package-lock.json))

.DEFAULT_GOAL := help
.PHONY: help setup run cloud func test test-unit test-faults bench check format clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: .venv/ready $(NODE_FOLDERS:=/node_modules/.package-lock.json) ## install everything into this folder
	@:

run: .venv/ready ## show the whole system at work on this machine; options: ARGS="--help"
	@$(PYTHON) -m demo $(ARGS)

cloud: .venv/ready ## run all local services until Ctrl-C; options: ARGS="--help"
	@$(PYTHON) -m emulators $(ARGS)

func: .venv/ready ## run the functions in Azure Functions Core Tools, on the local services
	@$(PYTHON) -m emulators.core_tools $(ARGS)

test: setup ## run the unit, contract and end-to-end tests
	@$(PYTEST) -n 2 --dist worksteal tests/unit tests/contract tests/e2e $(ARGS)

test-unit: .venv/ready ## run the unit tests alone, in seconds
	@$(PYTEST) tests/unit $(ARGS)

test-faults: .venv/ready ## run the tests that kill and cut off services
	@$(PYTEST) -n 2 --dist worksteal tests/faults $(ARGS)

bench: .venv/ready ## measure throughput and latency; options: ARGS="--help"
	@$(PYTHON) -m benchmarks $(ARGS)

check: .venv/ready ## check format, style and types
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy

format: .venv/ready ## format the code and mend what can be mended
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

clean: ## remove all that was installed, cached or stored in this folder
	rm -rf .venv .belfry .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf $(NODE_FOLDERS:=/node_modules)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/ready: requirements.txt requirements-dev.txt constraints.txt
	@scripts/setup-python
	@touch $@

# npm writes this file when it is done.
%/node_modules/.package-lock.json: %/package-lock.json
	@scripts/setup-node $*
