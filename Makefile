# Everything a developer or an operator types. `make` alone lists it.
SHELL := /bin/bash
UV := $(or $(shell command -v uv),.tools/bin/uv)
RUN := $(UV) run --frozen
RUN_LEAN := $(UV) run --frozen --no-dev

.DEFAULT_GOAL := help
.PHONY: help install run test check format migrate rollback seed bench charts

help: ## List these targets
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "make %-18s %s\n", $$1, $$2}'

install: .venv/installed ## Install what running needs (the other targets do it by themselves)

run: .venv/installed ## Start everything: http://127.0.0.1:8050
	@exec .venv/bin/python launch.py

test: $(UV) ## Run all tests, on real servers, in two processes
	$(RUN) pytest -n 2 --dist loadfile $(ARGS)

check: $(UV) ## Format, lint, types, import layers, documents, migrations
	$(UV) lock --check
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) pytest -q tests/test_architecture.py tests/test_bound_values.py tests/test_documents.py
	$(RUN) python -m data.migrations check

format: $(UV) ## Format the code and fix what can be fixed
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

migrate: $(UV) ## Bring the database to the newest schema
	$(RUN_LEAN) python -m data.migrations upgrade

rollback: $(UV) ## Take the newest migration back (TO=<revision> for more)
	$(RUN_LEAN) python -m data.migrations downgrade $(TO)

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
