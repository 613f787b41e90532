# kpi-stream: what a developer and CI call. `make` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test quick check lint types imports generated tree packages audit bench faults soak fuzz images lock wheels image clean compiled

BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
ARGS ?=

# What writes committed files. Each knows --check: it writes nothing, names what is out of date, and exits 1.
GENERATORS := schemas/generate.py docs/generate.py deploy/prometheus/reference.py deploy/prometheus/recording.py deploy/grafana/generate.py deploy/kubernetes/generate.py

help: ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: .venv/.installed compiled .kafka/.installed ## virtual environment from hash-locked requirements, compiled core, Apache Kafka for local use
	@echo "setup: ready"

demo: setup ## broker, topics, worker, simulator and wallboard in one command; Ctrl-C ends all of it
	@exec $(BIN)/python -m deploy.local.demo $(ARGS)

test: setup ## the whole test suite, on a real broker; ARGS="-k promise -x" goes to pytest; KPI_STREAM_PURE=1 compiles nothing
	@$(BIN)/python -m pytest $(ARGS)
	@[ -n "$(ARGS)" ] || KPI_STREAM_PURE=1 $(BIN)/python -m pytest tests/ledger tests/engine

quick: .venv/.installed ## the tests that need no broker, browser or Prometheus, laws on a sixth of their examples: for every commit
	@KPI_STREAM_TESTS=quick $(BIN)/python -m pytest -q -n 2 -m "not broker and not prometheus and not browser and not faults" $(ARGS)

check: lint types imports generated tree packages ## lint, format, types, imports, generated files, the tree's own rules, licences, known vulnerabilities

lint: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

types: .venv/.installed
	$(BIN)/mypy .

imports: .venv/.installed
	PYTHONPATH=. $(BIN)/lint-imports

generated: .venv/.installed
	$(foreach generator,$(GENERATORS),$(BIN)/python $(generator) --check &&) echo "generated: up to date"

tree: .venv/.installed
	$(BIN)/python -m deploy.checks.tree
	$(BIN)/python -m deploy.checks.citations
	$(BIN)/python -m deploy.checks.locks
	$(BIN)/python -m deploy.checks.images

packages: .venv/.installed
	$(BIN)/python -m deploy.checks.licences
	$(BIN)/python -m deploy.checks.audit

audit: .venv/.installed ## known vulnerabilities of the locked packages; fails where one could not be looked up: for a release
	@$(BIN)/python -m deploy.checks.audit --required

bench: setup ## events a second, latency and memory, on this machine
	@$(BIN)/python -m bench $(ARGS)

faults: setup ## seeded schedules of kills, pauses and bad networks, each compared with replay; ARGS="--schedules N --seed S"
	@$(BIN)/python -m tests.faults $(ARGS)

soak: setup ## the demo's world for two hours with restarts and a hand-over: does anything grow or differ? ARGS="--for 60m --keep"
	@$(BIN)/python -m tests.soak $(ARGS)

fuzz: setup ## 100,000 drawn requests to the HTTP server, 10,000,000 values to the decoder; ARGS="--requests N --values N --seed S"
	@$(BIN)/python -m tests.fuzz $(ARGS)

images: setup ## the pictures of the board for README and docs, in docs/images: simulated events, replayed, in a headless Chromium
	@$(BIN)/python -m deploy.local.screenshots $(ARGS)

lock: setup ## writes the hash-locked requirements anew from pyproject.toml
	$(LOCK) --output-file=requirements.txt pyproject.toml
	$(LOCK) --extra=dev --constraint=requirements.txt --output-file=requirements-dev.txt pyproject.toml

wheels: .venv/.installed ## every locked package as a file in build/wheels, for an image that is built without a network
	@rm -rf build/wheels
	@$(PIP) download --require-hashes --only-binary :all: --dest build/wheels --requirement requirements.txt --requirement requirements-dev.txt
	@echo "wheels: $$(ls build/wheels | wc -l) in build/wheels"

image: ## what the image's build stage does, from build/wheels, without containers and without a network
	@$(BIN)/python -m deploy.local.image $(ARGS)

clean: ## removes all that setup, demo and the tools made
	@[ ! -x $(BIN)/python ] || $(BIN)/python deploy/local/broker.py stop >/dev/null
	rm -rf .venv .kafka .demo .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
	rm -f stream/core.sha256
	find stream -name '*.so' -delete

.venv/.installed: requirements-dev.txt pyproject.toml
	@echo "setup: Python environment in .venv"
	@[ -x $(BIN)/python ] || { python=$$(deploy/local/needs.sh python) && "$$python" -m venv .venv; }
	@$(PIP) install --require-hashes --requirement requirements-dev.txt
	@PYTHONWARNINGS=ignore $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# stream/core.py knows what is compiled, and whether what is there was made of these sources (docs/adr/0034).
compiled: .venv/.installed
	@$(BIN)/python -c 'import sys, stream.core as core; sys.exit(not (core.COMPILED or core.wants_pure()))' || { \
	  echo "setup: compiled core in stream/, about a minute"; \
	  $(BIN)/python setup.py --quiet build_ext --inplace 2>&1 | { grep -v 'Treating generator comprehension' || true; }; }

.kafka/.installed: deploy/local/pom.xml
	@deploy/local/needs.sh java
	@echo "setup: Apache Kafka in .kafka/libs"
	@rm -rf .kafka/libs
	@mvn --quiet --batch-mode -Dstyle.color=never --file $< dependency:copy-dependencies -DoutputDirectory="$(CURDIR)/.kafka/libs"
	@touch $@
