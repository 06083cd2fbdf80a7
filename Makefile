# shanzhi. Only Python >= 3.11 is needed; everything else is installed from the locks.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
export SHANZHI_VAR ?= var
export HOST ?= 127.0.0.1
export PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help run test check faults bench lock format clean-demo

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.run: requirements.lock scripts/venv.sh
	@sh scripts/venv.sh "$(PYTHON)" $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: $(VENV)/.run ## install, migrate, load a demonstration community and serve it on HOST:PORT
	@$(BIN)/flask --app webapp run-demo

test: $(VENV)/.dev ## install what the tests need and run them all, browser and PostgreSQL included
	@sh scripts/system_packages.sh
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

check: $(VENV)/.dev ## style, types, ranks of the house, templates
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint --lint --quiet templates

faults: $(VENV)/.dev ## prove that it holds: the routine faults and attacks, each with its figure
	@sh scripts/system_packages.sh
	@$(BIN)/python -m tests.faults

bench: $(VENV)/.dev ## the figures, each a ratio taken in one run; exit 1 below a floor
	@$(BIN)/python -m bench

format: $(VENV)/.dev ## bring code into its one form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: $(VENV)/.run ## make the locks anew from the .in files
	@sh scripts/lock.sh

clean-demo: ## forget the demonstration's data below var/
	@rm -rf var
