# Everything a developer or an operator types. `make` alone lists it.
SHELL := /bin/bash
UV := $(or $(shell command -v uv),.tools/bin/uv)
RUN := $(UV) run --frozen
RUN_LEAN := $(UV) run --frozen --no-dev

.DEFAULT_GOAL := help
.PHONY: help install run test check contract audit-dependencies format migrate rollback audit-verify seed bench charts

help: ## List these targets
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "make %-18s %s\n", $$1, $$2}'

install: .venv/installed ## Install what running needs (the other targets do it by themselves)

run: .venv/installed ## Start everything: http://127.0.0.1:8050
	@exec .venv/bin/python launch.py

test: $(UV) ## Run all tests, on real servers, in two processes
	$(RUN) pytest -n 2 --dist loadfile $(ARGS)

check: $(UV) ## Format, lint, types, import layers, documents, licences, secrets, migrations
	$(UV) lock --check
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) pytest -q tests/test_architecture.py tests/test_bound_values.py tests/test_documents.py \
	    tests/test_dependencies.py tests/test_source_safety.py
	$(RUN) python -m data.migrations check

contract: $(UV) ## Ask the whole API many strange things (CONTRACT_EXAMPLES of each)
	CONTRACT_EXAMPLES=$(or $(CONTRACT_EXAMPLES),60) $(RUN) pytest -n 2 tests/api/test_contract.py

audit-dependencies: $(UV) ## Ask PyPI (SERVICE=osv: OSV) for known weaknesses of what running needs (online)
	@$(UV) export --frozen --no-dev --no-emit-project --quiet --output-file .housecount-requirements.txt
	@$(RUN) python .ci/known_weaknesses.py $(or $(SERVICE),pypi) .housecount-requirements.txt $(UV); \
	    found=$$?; rm -f .housecount-requirements.txt; exit $$found

format: $(UV) ## Format the code and fix what can be fixed
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

migrate: $(UV) ## Bring the database to the newest schema
	$(RUN_LEAN) python -m data.migrations upgrade

rollback: $(UV) ## Take the newest migration back (TO=<revision> for more)
	$(RUN_LEAN) python -m data.migrations downgrade $(TO)

audit-verify: $(UV) ## Find entries of the audit log that were changed, moved, removed or put in
	@$(RUN_LEAN) python -m jobs audit verify $(ARGS)

seed: $(UV) ## Fill the demo venue (does nothing when it is there)
	$(RUN_LEAN) python -m jobs seed

bench: bench-footprint bench-ingest bench-live bench-first-load bench-dashboard ## Run every benchmark

bench-%: $(UV) ## Run one benchmark, e.g. bench-footprint
	$(RUN) python -m bench.$(subst -,_,$*)

charts: ## Write the charts' script again from npm, after raising plotly (needs Node.js)
	npm ci --prefix vendor/plotly --ignore-scripts --no-audit --no-fund
	node vendor/plotly/bundle.mjs

# Compiled at once, so that the first start does not have to.
.venv/installed: uv.lock | $(UV)
	$(UV) sync --frozen --no-dev --inexact --compile-bytecode
	@touch $@

# Without uv on this machine, it comes into the project's own folder and nowhere else.
.tools/bin/uv:
	python3 -m venv .tools && .tools/bin/pip install --quiet --disable-pip-version-check uv
