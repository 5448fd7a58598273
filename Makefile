# Everything a person or a machine does with this checkout; `make` alone lists it.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-test demo demo-federation test check lint bench drill lock clean

# more words for pytest, for example: make check PYTEST_ARGS="-x -k ticket"
PYTEST_ARGS ?=
# for the drill, for example: make drill DRILL_ARGS="--database postgresql --kills 50"
DRILL_ARGS ?=
BIN := .venv/bin

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what running needs into .venv (no root, no compiler)
	@scripts/setup.sh runtime

setup-test: ## install what testing needs, system packages too (apt, with root or sudo)
	@scripts/system-packages.sh
	@scripts/setup.sh test
	@scripts/setup.sh native
	@scripts/audit-packages.sh
	@scripts/peer-packages.sh

demo: setup ## start everything with a demo world, until Ctrl-C
	@exec $(BIN)/postroom demo

demo-federation: setup ## start three list servers that ask each other, until Ctrl-C
	@exec $(BIN)/postroom demo-federation

test: setup-test lint ## the whole suite, with real servers and a browser
	REQUIRE_EVERY_TEST=1 $(BIN)/pytest -n auto --dist loadfile $(PYTEST_ARGS)

check: ## the quick half: no system packages, under two minutes
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory lint
	$(BIN)/pytest -m "not system" --ignore=tests/wire -n auto --dist loadfile $(PYTEST_ARGS)

lint:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: ## run the benchmarks; each prints ratios against a named reference
	@scripts/setup.sh test
	@scripts/bench.sh

drill: ## kill workers in the middle of a distribution and count every recipient
	@scripts/setup.sh test
	$(BIN)/python -m scripts.drill $(DRILL_ARGS)

lock: ## resolve the dependencies anew and write the lock files
	@scripts/lock.sh

clean: ## remove what make can make again (never var/, where the data is)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info \
	  tests/wire/audit/node_modules tests/wire/axe/node_modules tests/wire/oidc_op/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
