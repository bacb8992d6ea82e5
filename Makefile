# Everything that a developer or CI does with Deployer: `make help` lists it.
# Needs make, Python 3.11 or newer and Node 20 or newer; `make test` also a PostgreSQL server 15 or newer.

SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8000
PYTEST := $(PY) -m pytest --numprocesses auto $(PYTEST_ARGS)
NO_SERVICES := env -u DATABASE_URL -u REDIS_URL
PIP_COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/bin/pip-compile -q --strip-extras \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links $(LOCK_ARGS)
ASSETS := $(shell find assets -type f 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help venv install assets demo run migrate test test-faults screenshots bench check format statechart lock clean
.DELETE_ON_ERROR:

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

# --- What is installed ------------------------------------------------------------------------------------

venv: $(VENV)/pyvenv.cfg ## make the virtual environment

install: $(VENV)/.runtime ## install what Deployer runs with

$(VENV)/pyvenv.cfg:
	@for python in python3.11 python3 python3.14 python3.13 python3.12; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
				echo "$$python cannot make virtual environments: install its venv package" \
					"(on Debian and Ubuntu: apt-get install $$python-venv)." >&2; exit 1; \
			fi; \
			echo "Making $(VENV) with $$($$python --version)."; \
			exec $$python -m venv --clear $(VENV); \
		fi; \
	done; \
	echo "Python 3.11 or newer is missing: install it (on Debian and Ubuntu: apt-get install python3 python3-venv)," \
		"and have python3.11 or python3 on PATH." >&2; exit 1

$(VENV)/.runtime: requirements.txt $(VENV)/pyvenv.cfg
	@echo "Installing requirements.txt."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing requirements-dev.txt."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

node_modules/.installed: package.json package-lock.json
	@if ! node -e '' 2>/dev/null || ! npm --version >/dev/null 2>&1; then \
		echo "Node is missing: install Node 20 or newer with npm (https://nodejs.org)." \
			"The style sheet and scripts are built with it." >&2; exit 1; fi
	@if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; then \
		echo "Node $$(node --version) is too old: install Node 20 or newer (https://nodejs.org)." >&2; exit 1; fi
	@echo "Installing the browser packages."
	@npm ci --loglevel=error --no-update-notifier --no-fund --no-audit >/dev/null
	@touch $@

static/build/.built: node_modules/.installed $(ASSETS)
	@echo "Building the browser assets."
	@mkdir -p static/build
	@npm run --silent build
	@touch $@

assets: static/build/.built ## build the style sheet and scripts

# --- What is run ------------------------------------------------------------------------------------------

demo: assets install ## show Deployer at work (ONCE=1: stop at the end; PORT=number: where its pages are)
	@$(PY) -m demo.run

migrate: install
	@$(PY) manage.py migrate --verbosity 0

run: assets install migrate ## run the default stack on http://127.0.0.1:$(PORT)
	@$(PY) -c 'import socket, sys; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); \
		sys.exit(s.connect_ex(("127.0.0.1", $(PORT))) == 0)' \
		|| { echo "Port $(PORT) is taken: choose another, as in make run PORT=8001." >&2; exit 1; }
	@echo "Deployer will answer at http://127.0.0.1:$(PORT); make a first person with $(PY) manage.py createsuperuser."
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" PYTHONUNBUFFERED=1 \
		DEPLOYER_BASE_URL="$${DEPLOYER_BASE_URL:-http://127.0.0.1:$(PORT)}" \
		DEPLOYER_LOCAL_PASSWORD_SIGN_IN="$${DEPLOYER_LOCAL_PASSWORD_SIGN_IN:-true}" \
		DEPLOYER_COMMAND_DIR="$${DEPLOYER_COMMAND_DIR:-$(CURDIR)/deployer/web/sample/programs}" \
		$(VENV)/bin/honcho start --port $(PORT) --concurrency web=1,runner=2

# --- What is checked --------------------------------------------------------------------------------------

test: $(VENV)/.dev assets ## run the tests, on SQLite, and all but the pages' on PostgreSQL too
	$(NO_SERVICES) $(PYTEST)
	$(NO_SERVICES) $(PY) -m tests.postgres -- $(PYTEST) --other-database

test-faults: $(VENV)/.dev ## run the long tests that break things: kill, restart, flush, deliver twice
	$(NO_SERVICES) $(PY) -m tests.faults --database sqlite $(FAULT_ARGS)
	$(NO_SERVICES) $(PY) -m tests.faults --database postgresql $(FAULT_ARGS)
	$(NO_SERVICES) $(PY) -m tests.faults --database sqlite --control $(FAULT_ARGS)
	$(NO_SERVICES) $(PY) -m tests.faults --database postgresql --control $(FAULT_ARGS)
	$(PY) -m tests.faults --database sqlite --control $(FAULT_ARGS)
	$(PY) -m tests.faults --database postgresql --control $(FAULT_ARGS)

screenshots: $(VENV)/.dev assets ## take pictures of every page with sample data, into var/screenshots
	$(NO_SERVICES) $(PY) -m tests.browser.screenshots $(SHOT_ARGS)

bench: $(VENV)/.dev ## measure, on SQLite and on PostgreSQL
	$(PY) -m tests.bench latency $(BENCH_ARGS)
	$(PY) -m tests.bench calendar $(BENCH_ARGS)
	$(PY) -m tests.bench pages $(BENCH_ARGS)
	$(PY) -m tests.bench live $(BENCH_ARGS)

check: $(VENV)/.dev ## check format, lint, types, imports, migrations, templates, the state chart and the pins
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy deployer apps_registry tests demo manage.py
	$(VENV)/bin/lint-imports
	$(NO_SERVICES) $(PY) manage.py makemigrations --check --dry-run
	$(VENV)/bin/djlint --check --quiet templates
	$(VENV)/bin/djlint --lint templates
	$(PY) manage.py statechart --check
	@! grep -nvE '^( *#.*|[A-Za-z0-9._-]+==[^ ]+)?$$' requirements.txt requirements-dev.txt \
		|| { echo "These requirements have no exact version: run make lock." >&2; exit 1; }

format: $(VENV)/.dev ## format the code and the templates
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .
	$(VENV)/bin/djlint --reformat --quiet templates

statechart: install ## write docs/states.md anew
	$(PY) manage.py statechart

lock: $(VENV)/.dev ## pin requirements*.txt anew (LOCK_ARGS=--upgrade: at the newest versions)
	$(PIP_COMPILE) -o requirements.txt requirements.in
	$(PIP_COMPILE) -o requirements-dev.txt requirements-dev.in

clean: ## remove what was installed and built; data in var/ stays
	rm -rf $(VENV) node_modules static/build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
