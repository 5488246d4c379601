# Two commands do everything: `make demo` and `make test`. `make help` lists the rest.

PORT ?=
VENV := .venv
# Tried, not just found: a version manager's stand-in exists without its Python.
PYTHON = $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
STAMP := $(VENV)/.installed
NPM := $(VENV)/bin/python js/hatch_build.py
MODULES := js/node_modules/.package-lock.json
BUNDLE := velowidget/widget/static/widget.js
SOURCES := $(shell find js -type f -not -path '*/node_modules/*')

.PHONY: demo test bench picture lint bundle clean help

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(STAMP) $(BUNDLE) ## JupyterLab on the first notebook; PORT= chooses the port
	@$(VENV)/bin/velowidget demo --directory examples $(if $(PORT),--port $(PORT))

test: $(STAMP) $(BUNDLE) lint ## everything that must hold
	$(VENV)/bin/python tests/browser/chromium.py
	$(VENV)/bin/python tests/napari/display.py
	$(NPM) run check
	$(NPM) test
	$(VENV)/bin/python -m pytest

lint: $(STAMP) ## style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(STAMP) $(BUNDLE) ## measure
	@for script in tests/benchmarks/bench_*.py; do $(VENV)/bin/python $$script || exit 1; done

picture: $(STAMP) $(BUNDLE) ## the README's picture
	@$(VENV)/bin/python tests/browser/picture.py

bundle: $(BUNDLE) ## the browser bundle, when js/ has changed

$(BUNDLE): $(SOURCES) $(MODULES) | $(STAMP)
	$(NPM) run build
	@touch $@

$(MODULES): js/package-lock.json | $(STAMP)
	$(NPM) ci --no-audit --no-fund
	@touch $@

# Without the build hook: the bundle has a rule of its own.
$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "velowidget needs Python 3.11 or later as python3."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing: apt install python3-venv"; exit 1; }
	@test -x $(VENV)/bin/pip || $(PYTHON) -m venv $(VENV)
	HATCH_BUILD_NO_HOOKS=1 $(VENV)/bin/pip install --quiet --editable '.[dev]'
	@touch $@

clean: ## remove what was installed and built
	rm -rf $(VENV) js/node_modules velowidget/widget/static dist
