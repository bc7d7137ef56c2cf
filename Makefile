# Everything one does here. Set-up happens by itself, and again when what it rests on has changed.

PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest -q
NODE_FOLDERS := $(patsubst %/package-lock.json,%,$(wildcard tests/contract/node/package-lock.json web/package-lock.json))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR: # a build that failed half-way is not up to date
.PHONY: help setup web web-dev run cloud func test test-unit test-web test-faults bench check format clean

STORIES := web/client/tests/stories.json
WEB := web/shop/dist/index.html
WEB_SOURCES := $(shell find web -type d \( -name node_modules -o -name dist -o -name tests -o -name gallery \) -prune \
	-o -type f -name '[!.]*' -print)

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: .venv/ready $(NODE_FOLDERS:=/node_modules/.package-lock.json) ## install everything into this folder
	@scripts/setup-browser

web: $(WEB) ## build the web client
	@:

web-dev: web/node_modules/.package-lock.json ## serve the shop from its sources, on the services of `make cloud`
	@npm run --silent --prefix web/shop dev

run: .venv/ready $(WEB) ## show the whole system at work on this machine; options: ARGS="--help"
	@$(PYTHON) -m demo $(ARGS)

cloud: .venv/ready $(WEB) ## run all local services until Ctrl-C; options: ARGS="--help"
	@$(PYTHON) -m emulators $(ARGS)

func: .venv/ready ## run the functions in Azure Functions Core Tools, on the local services
	@$(PYTHON) -m emulators.core_tools $(ARGS)

test: setup $(WEB) ## run the unit, contract, end-to-end and browser tests, and those of the web client
	@$(PYTEST) -n 2 --dist worksteal tests/unit tests/contract tests/e2e tests/browser $(ARGS)
	@$(MAKE) --no-print-directory test-web

test-unit: .venv/ready ## run the unit tests alone, in seconds
	@$(PYTEST) tests/unit $(ARGS)

test-web: setup $(STORIES) ## run the tests of the web client alone
	@cd web && CHROMIUM="$$(../scripts/find-browser)" npx --no-install vitest run

test-faults: .venv/ready ## run the tests that kill and cut off services
	@$(PYTEST) -n 2 --dist worksteal tests/faults $(ARGS)

bench: .venv/ready $(WEB) ## measure throughput and latency; options: ARGS="--help"
	@$(PYTHON) -m benchmarks $(ARGS)

check: .venv/ready web/node_modules/.package-lock.json ## check format, style and types
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy
	@npm run --silent --prefix web check

format: .venv/ready web/node_modules/.package-lock.json ## format the code and mend what can be mended
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .
	@npm run --silent --prefix web format

clean: ## remove all that was installed, cached or stored in this folder
	rm -rf .venv .belfry build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf $(NODE_FOLDERS:=/node_modules) web/*/node_modules web/*/dist $(STORIES) tests/browser/failures
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/ready: requirements.txt requirements-dev.txt constraints.txt
	@scripts/setup-python
	@touch $@

$(WEB): web/node_modules/.package-lock.json $(WEB_SOURCES)
	@echo "Building the web client"
	@said=$$(npm run --silent --prefix web build 2>&1) || { echo "$$said" >&2; exit 1; }

# What clients in all languages have to get right is what the rule in Python is tested with.
$(STORIES): scripts/write_client_stories.py $(wildcard tests/unit/belfry/*.py belfry/*.py) $(shell find shared -name '*.py') | .venv/ready
	@echo "Writing the stories of the client rule"
	@$(PYTHON) -m scripts.write_client_stories $@

# npm writes this file when it is done.
%/node_modules/.package-lock.json: %/package-lock.json
	@scripts/setup-node $*
