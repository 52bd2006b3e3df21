# One verb each; every verb makes what it needs from a bare clone. Needs make and Python 3.11 or newer.
PYTHON ?= $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11,$(shell $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
PY := .venv/bin/python
INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --no-deps
PYTEST := $(PY) -m pytest -n $(shell $(PYTHON) -c 'import os; print(max(1, min(8, os.cpu_count() or 1)))')

.PHONY: help up test test-long check bench lock
.DEFAULT_GOAL := help

help: ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

up: .venv/runtime ## run everything here, with its own PostgreSQL; Ctrl-C stops it
	@exec .venv/bin/niyat up

test: .venv/dev ## the tests, on real PostgreSQL; about half an hour on two cores
	$(PYTEST) -m "not long"

test-long: .venv/dev ## the long tier
	$(PYTEST) -m long

check: .venv/dev ## formatting, types, walls between modules, dependencies, SQL
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy src tests tools $(if $(wildcard bench/*.py),bench)
	.venv/bin/lint-imports --no-logo
	.venv/bin/deptry src
	.venv/bin/squawk src/niyat/*/migrations/*.sql
	$(PY) tools/check_sql_time.py src
	$(PY) tools/check_anatomy.py src/niyat

bench: .venv/dev ## the benchmarks; bench/README.md explains them
	$(PY) -m bench
	$(PY) -m bench --doctors $(or $(DOCTORS),1000)

LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock" pyproject.toml --group build
lock: .venv/dev ## pin the dependencies anew, within what pyproject.toml allows (UPGRADE=1: to the newest)
	@command -v uv >/dev/null || $(PY) -m pip install --quiet --disable-pip-version-check uv
	PATH="$(CURDIR)/.venv/bin:$$PATH" $(LOCK) $(if $(UPGRADE),--upgrade) -o requirements.lock
	PATH="$(CURDIR)/.venv/bin:$$PATH" $(LOCK) $(if $(UPGRADE),--upgrade) --group dev -o requirements-dev.lock

# Empty files that say what .venv was last filled from. Every package is checked by hash.
.venv/python:
	@test -n "$(PYTHON)" || { echo "Niyat needs Python 3.11 or newer; none was found. Try: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv || { echo "Python's venv is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@touch $@

.venv/runtime: requirements.lock pyproject.toml | .venv/python
	@echo "Installing Niyat's packages"
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-build-isolation -e .
	@touch $@

.venv/dev: requirements-dev.lock .venv/runtime
	@echo "Installing the tools for tests and checks"
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@
