# The commands of the README. Every step is done once, and again only when what it depends on has changed.
#
# PYTHON=python3.12 names the interpreter for a new .venv; OCS_PURE=1 leaves the compiler out.

DATA ?= data/default
DEMO_SECONDS ?= 60
# One more than there are cores: many tests wait for a server.
WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))
BIN := .venv/bin

# Without bytecode every process compiles the sources and the libraries again, and the tests start hundreds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install compile demo demo-billing run test soak bench lint format lock clean

help:
	@echo "make demo     set everything up, then a minute of gateway traffic against a server"
	@echo "make demo-billing  customers, a month of usage, invoices, statements of partners, the books: in a minute"
	@echo "make run      serve on 127.0.0.1:3868 with the example operator, data in $(DATA)"
	@echo "make install  only set up: .venv/bin/ocs"
	@echo "make test     all tests, interpreted and, where a C compiler is, compiled"
	@echo "make lint     ruff, mypy, import contracts, tidiness"
	@echo "make soak     long simulations and fuzzing"
	@echo "make bench    measure: parts, servers beside each other, curves (5 minutes); docs/performance.md"
	@echo "make compile  build the hot modules after an edit"
	@echo "make format   let ruff lay the sources out"
	@echo "make lock     choose new versions of the libraries (needs uv)"
	@echo "make clean    remove what was built; .venv and data stay"

.venv/core.stamp: requirements/core.txt requirements/build.txt scripts/install
	@scripts/install core
	@touch $@

.venv/dev.stamp: .venv/core.stamp requirements/dev.txt
	@scripts/install dev
	@touch $@

install: .venv/core.stamp
	@scripts/compile

compile: .venv/core.stamp
	@scripts/compile --strict

demo: install
	@$(BIN)/ocs demo --seconds $(DEMO_SECONDS)

demo-billing: install
	@$(BIN)/ocs demo billing

run: install
	@$(BIN)/ocs serve --data $(DATA)

COMPILED := $(BIN)/python -P -c 'import sys; from ocs import hotpath; sys.exit(not hotpath.compiled())'

PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test: .venv/dev.stamp
	@scripts/compile
	@if $(COMPILED); then \
		echo "interpreted: what the compiler changes"; \
		OCS_PURE=1 $(PYTEST) -m "not soak and not one_form" && echo "compiled: everything" && $(PYTEST); \
	else \
		OCS_PURE=1 $(PYTEST) && echo "no C compiler: the tests ran interpreted only"; \
	fi

soak: .venv/dev.stamp
	@scripts/compile
	$(BIN)/python -m pytest -m soak --timeout 3600

bench: .venv/dev.stamp
	@scripts/compile
	@$(BIN)/python -m bench.suite

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	OCS_PURE=1 $(BIN)/python -m pytest tests/test_tidy.py tests/test_docs.py

format: .venv/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:
	for name in core build dev; do \
		uv pip compile requirements/$$name.in --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-annotate --no-header -q -o requirements/$$name.txt || exit 1; \
	done

clean:
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find balance config ocs protocol rating tests bench -name __pycache__ -prune -exec rm -rf {} +
	find . -path ./.venv -prune -o -name '*.so' -exec rm -f {} +
