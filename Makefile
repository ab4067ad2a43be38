# Everything that is done to this project by command. `make` alone explains it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first Python that is new enough; `make PYTHON=/path/to/python3.12 setup` chooses another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

BIN := .venv/bin
UV := $(BIN)/uv
READY := .venv/ready
SAM := .venv-sam/bin/sam
SAM_READY := .venv-sam/ready
NODE_READY := node_modules/.package-lock.json

SOURCES := $(wildcard bench functions layers local tests)
MACHINES := $(wildcard statemachines/*.asl.yaml)

export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= eu-central-1

##@ To use it: Python 3.11 or later is all it needs
.PHONY: demo test setup
demo: $(READY) ## Run the sample shop for 120 days of virtual time and name the report to open
	$(BIN)/homing demo

test: $(READY) ## Run the whole test suite, on all cores
	$(BIN)/python -m pytest -n auto --dist loadfile

setup: $(READY) ## Set up .venv with the locked dependencies; the others do it by themselves
	@:

$(READY): requirements/uv.txt requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Homing needs Python 3.11 or later and found none; name one: make setup PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Homing needs Python 3.11 or later, and $(PYTHON) is $$($(PYTHON) --version 2>&1)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Setting up .venv with $$($(BIN)/python --version); the first time, this may take a minute"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/uv.txt
	@$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes --only-binary :all: requirements/dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

##@ The gate
.PHONY: check lint types validate statemachines asl-validator build browser torture dynamodb-local record-histories format
check: lint types validate statemachines test build ## All of it, in the order of what fails soonest; needs npm as well
	@echo "All is well."

lint: $(READY) ## Check format and lint
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)

types: $(READY) ## Check types, strictly
	$(BIN)/mypy $(SOURCES)

validate: $(SAM_READY) ## Check template.yaml as SAM and cfn-lint see it
	$(SAM) validate --lint

# The validator takes YAML and JSONata, but wants a number where CloudFormation will put one.
statemachines: $(READY) ## Check the state machines: by the local cloud's own rules, and by asl-validator
	$(BIN)/python -m local.asl $(MACHINES)
	@if command -v npm >/dev/null; then $(MAKE) -s asl-validator; \
	elif test -n "$${CI:-}"; then echo "the gate needs npm, for asl-validator" >&2; exit 1; \
	else echo "note: without npm, asl-validator was left out; install Node.js 18 or later to have the whole gate" >&2; \
	fi

asl-validator: $(NODE_READY)
	mkdir -p .aws-sam/statemachines
	for machine in $(MACHINES); do sed -E 's/\$$\{\w+\}/60/g' $$machine > .aws-sam/$$machine; done
	node_modules/.bin/asl-validator --no-arn-check $(addprefix --yaml-path .aws-sam/,$(MACHINES))

build: $(READY) $(SAM_READY) ## Build what is deployed, into .aws-sam/build
	find functions -name __pycache__ -prune -exec rm -rf {} +
	$(SAM) build

browser: $(READY) $(NODE_READY) ## The tests that drive the pages in Chromium; needs npm
	$(BIN)/python -m pytest -m browser

torture: $(READY) ## The simulator of faults: 100 seeds, a kill at each call, and each planted bug found
	$(BIN)/python -m pytest -m torture

dynamodb-local: $(READY) $(NODE_READY) ## The tests that run on the real DynamoDB Local; needs Java 17 and npm
	$(BIN)/python -m pytest -m dynamodb_local

record-histories: $(READY) ## Record a run of every journey, where a state machine has changed: tests/histories
	$(BIN)/python -m tests.histories.recording

format: $(READY) ## Format, and mend what lint can mend
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

# In an environment of its own, since it pins what it needs closely.
$(SAM_READY): requirements/sam.txt $(READY)
	@echo "Setting up .venv-sam with the SAM CLI"
	@test -x .venv-sam/bin/python || $(UV) venv --quiet --python $(BIN)/python .venv-sam
	@$(UV) pip sync --quiet --python .venv-sam/bin/python --require-hashes --only-binary :all: requirements/sam.txt
	@touch $@

$(NODE_READY): package.json package-lock.json
	npm ci --no-progress --loglevel error
	@touch $@

##@ Dependencies
.PHONY: lock upgrade
COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock"
lock: $(READY) ## Lock requirements/*.in anew; what is locked keeps its version
	cd requirements && for name in uv sam dev; do ../$(COMPILE) $(UPGRADE) $$name.in -o $$name.txt; done
	cd requirements && ../$(COMPILE) $(UPGRADE) runtime.in -c dev.txt -o runtime.txt

upgrade: ## Lock the newest versions
	$(MAKE) lock UPGRADE=--upgrade

##@ Besides
.PHONY: clean help
clean: ## Remove all that was made
	rm -rf .venv .venv-sam node_modules .aws-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

help: ## Show this
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
