# Two commands do everything: `make demo` and `make test`. `make help` lists the rest.

PORT ?=

# Every Python from 3.11 to 3.14 that is here, newest first. Tried, not just found: a version manager's stand-in on PATH may
# have no Python behind it, and the manager's own Pythons are then beside it.
MANAGERS := $(sort $(patsubst %/shims,%,$(filter %/shims,$(subst :, ,$(PATH)))) $(PYENV_ROOT) $(HOME)/.pyenv)
PYTHONS := $(shell for minor in 14 13 12 11; do \
	for python in python3.$$minor $(MANAGERS:%=%/versions/3.$$minor*/bin/python3.$$minor); do \
	$$python -c 'import ensurepip, venv' 2>/dev/null && echo $$python && break; done; done; \
	true) # what ends with "not found" gives nothing at all
# The environment of each has a folder of its own, so that none is taken for another's.
PYTHON = $(firstword $(PYTHONS))
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
VENV := .venv/$(or $(VERSION),none)
STAMP := $(VENV)/.installed
LOWEST_PYTHON = $(lastword $(PYTHONS))
LOWEST := .venv/lowest
NPM := $(VENV)/bin/python js/hatch_build.py
MODULES := js/node_modules/.package-lock.json
BUNDLE := velowidget/widget/static/widget.js
PARAMETERS := js/src/state/parameters.ts
SOURCES := $(shell find js -type f -not -path '*/node_modules/*')

# How many processes share the tests of Python, each with about 1.5 GB; one that is done takes of what others have left.
WORKERS ?= 2
PYTEST = -m pytest --numprocesses=$(WORKERS) --dist=worksteal
# What takes long by its kind; single tests that do have the mark "slow".
LONG := browser examples files napari packaging

.PHONY: demo test test-fast test-lowest bench picture lint bundle clean help

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13
	@echo 'PYTHON= chooses the Python, by default the newest that is here; each has its environment in .venv.'

demo: $(STAMP) $(BUNDLE) ## JupyterLab on the first notebook; PORT= chooses the port
	@$(VENV)/bin/velowidget demo --directory examples $(if $(PORT),--port $(PORT))

test: $(STAMP) $(BUNDLE) lint ## everything that must hold
	$(VENV)/bin/python tests/browser/chromium.py
	$(VENV)/bin/python tests/napari/display.py
	$(NPM) test
	$(VENV)/bin/python $(PYTEST)

test-fast: $(STAMP) $(BUNDLE) ## what takes no browser, window, notebook or package: minutes
	$(NPM) test
	$(VENV)/bin/python $(PYTEST) -m 'not slow' $(LONG:%=--ignore=tests/%)

test-lowest: $(LOWEST)/.installed $(BUNDLE) ## what needs no browser, with the lowest dependencies on the lowest Python
	$(LOWEST)/bin/python tests/napari/display.py
	$(LOWEST)/bin/python $(PYTEST) --ignore=tests/browser

lint: $(STAMP) $(MODULES) ## style, types and layers
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python tests/packaging/names.py
	$(NPM) run check

bench: $(STAMP) $(BUNDLE) ## measure
	@for script in tests/benchmarks/bench_*.py; do $(VENV)/bin/python $$script || exit 1; done

picture: $(STAMP) $(BUNDLE) ## the README's picture
	@$(VENV)/bin/python tests/browser/picture.py

$(PARAMETERS): velowidget/pipeline/traits.py js/parameters.py | $(STAMP)
	$(VENV)/bin/python js/parameters.py

bundle: $(BUNDLE) ## the browser bundle, when js/ has changed

$(BUNDLE): $(SOURCES) $(MODULES) | $(STAMP)
	$(NPM) run build
	@touch $@

$(MODULES): js/package-lock.json | $(STAMP)
	$(NPM) ci --no-audit --no-fund
	@touch $@

# Without the build hook: the bundle has a rule of its own.
$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 to 3.14 that has its venv was found (Debian: apt install python3-venv); PYTHON= names another."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "velowidget needs Python 3.11 or later: $(PYTHON) is none."; exit 1; }
	@test -x $(VENV)/bin/pip || $(PYTHON) -m venv $(VENV)
	HATCH_BUILD_NO_HOOKS=1 $(VENV)/bin/pip install --quiet --editable '.[dev]'
	@touch $@

# What users may have at the lowest is held there; what only the tests need is not.
$(LOWEST)/.installed: pyproject.toml | $(STAMP)
	@echo "The lowest dependencies that have wheels, on the lowest Python that is here:"
	@$(LOWEST_PYTHON) --version
	@$(VENV)/bin/uv venv --quiet --clear --python $(LOWEST_PYTHON) $(LOWEST)
	@$(VENV)/bin/uv pip compile --quiet --resolution lowest-direct --only-binary :all: --python $(LOWEST)/bin/python \
		--extra lab --extra napari --output-file $(LOWEST)/lowest.txt pyproject.toml
	HATCH_BUILD_NO_HOOKS=1 $(VENV)/bin/uv pip install --quiet --python $(LOWEST)/bin/python \
		--constraint $(LOWEST)/lowest.txt --editable '.[test]'
	@touch $@

clean: ## remove what was installed and built
	rm -rf .venv .numba_cache js/node_modules velowidget/widget/static dist
