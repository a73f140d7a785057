# Every target sets up what it needs: a virtual environment in .venv, from requirements/dev.txt, with uv or with pip.
# Kept to POSIX sh and to make's common ground, so that it runs with the make and the tools that macOS ships.

VENV  = .venv
BIN   = $(VENV)/bin
STAMP = $(VENV)/.set-up
DIR   = hanse-demo
TESTS = -n auto --dist loadfile --no-loadscope-reorder

.PHONY: help setup demo test quick lint types format docs lock bench bench-contracts soak clean
.DEFAULT_GOAL = help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## make the virtual environment in .venv (every target below does it when needed)

$(STAMP): pyproject.toml requirements/dev.txt scripts/setup
	@scripts/setup $(VENV)
	@touch $(STAMP)

demo: $(STAMP) ## build the example mesh on real data in ./hanse-demo (another folder: DIR=...)
	@$(BIN)/hanse demo $(DIR)

$(VENV)/mariadb: scripts/mariadb $(STAMP)
	@scripts/mariadb $(VENV)/mariadb

test: lint types $(VENV)/mariadb ## everything: lint, types, all tests
	@$(BIN)/python -m pytest $(TESTS)

quick: $(STAMP) $(VENV)/mariadb ## the tests that take no longer than a moment
	@$(BIN)/python -m pytest $(TESTS) -q -m "not slow"

lint: $(STAMP) ## ruff, its formatting, and which room may import which
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports >$(VENV)/lint-imports.log 2>&1 || { cat $(VENV)/lint-imports.log; exit 1; }

types: $(STAMP) ## mypy --strict
	@$(BIN)/mypy --no-error-summary

format: $(STAMP) ## rewrite the code in the house's format
	@$(BIN)/ruff check --quiet --fix . && $(BIN)/ruff format .

docs: $(STAMP) ## write docs/reference and docs/architecture.md anew from the code
	@$(BIN)/python docs/reference_pages.py

lock: ## resolve the dependencies anew (needs uv); writes hashes, and no address of any index
	@uv pip compile --quiet --universal --python-version 3.11 --group dev --all-extras --generate-hashes \
	  --no-emit-index-url --no-annotate --upgrade --custom-compile-command "make lock" \
	  --output-file requirements/dev.txt pyproject.toml

bench: $(STAMP) ## measure, as ratios against peers and limits
	@$(BIN)/python -m benchmarks

bench-contracts: $(STAMP) ## measure contracts on their own beside other tools, and sizes of environments
	@$(BIN)/python -m benchmarks contracts

soak: $(STAMP) ## let thousands of faults happen (bounds: SOAK_SECONDS=3600 SOAK_FAULTS=5000); Linux
	@PYTHONPATH=tests $(BIN)/python -m faults.soak

clean: ## remove everything that make has made
	@rm -rf $(VENV) hanse-demo build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find src tests docs benchmarks -type d -name __pycache__ -prune -exec rm -rf {} +
