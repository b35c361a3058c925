# Sluice: everything starts here. `make help` lists the targets; every target sets up what it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-azure test-azure-sdk test-faults test-models bench bench-scoring bench-control up down status check declare lock package

# The environment's own Python starts fastest once it exists; before that, the first one that runs at all.
BOOT := $(shell for p in .venv/bin/python python3 /usr/bin/python3 /usr/local/bin/python3; do \
	$$p -I -S -c 'import sys; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1 && echo $$p && break; done)
PYTHON := .venv/bin/python
# Isolated but for this folder: neither the environment nor anybody's own packages change what set-up does.
SET_UP := $(or $(BOOT),python3) -E -s -S -m infra.set_up
LOCAL := $(PYTHON) -m infra.local
# Runs a command and leaves none of its processes behind, also after Ctrl-C; KEEP=1 leaves them.
SESSION := $(PYTHON) -m infra.local.session --
ARGS ?=

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)$$/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'
	@echo '  ARGS="..." is passed on to test, test-azure, test-azure-sdk, test-faults, test-models, bench, up, down, status, lock; KEEP=1 leaves the system up'

setup: ## install Python packages and Azurite into this folder, once (AGAIN=1: also what is there already)
	@test -n "$(BOOT)" || { echo 'setup: python3 (3.9 or newer) is missing. Install it with: sudo apt install python3 python3-venv' >&2; exit 1; }
	@$(SET_UP) $(if $(AGAIN),--again)

demo: setup ## a model's whole life on real data, in a fresh system (MANUAL=1: you approve in the browser)
	@$(SESSION) $(PYTHON) -m infra.demo $(ARGS)

test: setup ## all tests (ARGS="-k ledger" for some)
	@$(SESSION) $(PYTHON) -m pytest -n 3 $(ARGS)

test-azure: setup ## the contract suites on Azure resources of yours (docs/testing-on-azure.md; ARGS=--local: try it without)
	@$(SESSION) $(PYTHON) -m tests.azure_live $(ARGS)

test-azure-sdk: setup ## Microsoft's live tests (hubs, tables, blobs) and its JavaScript client judge the local servers (ARGS="-k websocket", "--javascript")
	@$(SESSION) $(PYTHON) -m tests.azure_sdk $(ARGS)

test-faults: setup ## only the tests that kill, cut off, double and fuzz, and those of what the real host was observed to do
	@$(SESSION) $(PYTHON) -m pytest -m faults $(ARGS)

test-models: setup ## models of scikit-learn, LightGBM, XGBoost and CatBoost become packages that answer as the models do
	@$(SESSION) $(PYTHON) -m pytest -m models tests/models $(ARGS)

bench: setup bench-scoring ## measure, and fail where a ratio is worse than recorded (ARGS=--record: record them)
	@$(PYTHON) -m tests.benchmarks.scoring.guard $(ARGS)

bench-scoring: setup ## scoring beside its peers, as a table and in .local/bench/scoring.json (ROUNDS=9 SECONDS=1)
	@$(SESSION) $(PYTHON) -m tests.benchmarks.scoring --rounds $(or $(ROUNDS),9) --seconds $(or $(SECONDS),1)

bench-control: setup ## what a decision costs and how fast it is, as a table and in .local/bench/control.json
	@$(SESSION) $(PYTHON) -m tests.benchmarks.control --rounds $(or $(ROUNDS),5)

up: setup ## start the local system and stay in the foreground (ARGS="--detach --fresh")
	@$(LOCAL) up $(ARGS)

# Neither installs anything. 3: nothing runs; 4: something is starting.
down: ## stop the local system, and whatever a crash left of it
	@{ $(SET_UP) check && $(LOCAL) down $(ARGS); } || test $$? -eq 3

status: ## show processes, since when they run, and endpoints
	@{ $(SET_UP) check && $(LOCAL) status $(ARGS); } || { code=$$?; test $$code -eq 3 -o $$code -eq 4; }

check: setup ## lint, format, types, architecture contracts
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy shared services infra tests function_app
	PYTHONPATH=. .venv/bin/lint-imports

declare: setup ## write what follows from declarations: docs/services.md, docs/policy.*, infra/streams.json and functions.json
	@$(PYTHON) -m tests.architecture.declarations
	@$(PYTHON) -m tests.architecture.policy_page
	@$(PYTHON) -m infra.declared

lock: ## compile requirements.in into requirements.txt (ARGS=--upgrade)
	@$(SET_UP) lock $(ARGS)

package: setup ## build dist/<app>/ for every app and print the sizes
	@$(PYTHON) -m infra.package $(ARGS)
