# Everything that is done to this project by command. `make` alone explains it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first Python that is new enough; `make PYTHON=/path/to/python3.12 …` chooses another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

BIN := .venv/bin
UV := $(BIN)/uv
READY := .venv/ready

##@ To use it
.PHONY: setup demo test
setup: $(READY) ## Set up .venv with the locked dependencies (the others do it by themselves)

demo: $(READY) ## Run the sample shop for 120 days of virtual time and name the report to open
	$(BIN)/homing demo

test: $(READY) ## Run the whole test suite
	$(BIN)/python -m pytest

$(READY): requirements/uv.txt requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Homing needs Python 3.11 or later, and found none; name one: make PYTHON=/path/to/python3.12 setup" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Homing needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/uv.txt
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes --only-binary :all: requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

##@ Dependencies
.PHONY: lock upgrade
COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock"
lock: $(READY) ## Lock requirements/*.in again; what is locked already keeps its version
	cd requirements && for name in uv sam dev; do ../$(COMPILE) $(UPGRADE) $$name.in -o $$name.txt; done
	cd requirements && ../$(COMPILE) $(UPGRADE) runtime.in -c dev.txt -o runtime.txt

upgrade: ## Lock the newest versions
	$(MAKE) lock UPGRADE=--upgrade

help: ## Show this
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
.PHONY: help
