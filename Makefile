# `make demo` and `make test` need python3 >= 3.11, make and a package registry; Chromium is installed for the tests.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
SERVE ?= 1
BIN := .venv/bin
PY := $(BIN)/python
export PUBLIC_URL ?= http://127.0.0.1:$(PORT)
# SQLite takes one server process (docs/decisions/0003); PostgreSQL as many as there are cores.
WORKERS ?= $(if $(filter postgres%,$(DATABASE_URL)),2,1)
CHROMIUM ?= /usr/bin/chromium

# uv for speed, trusting the certificates of the system; where it is not to be had or fails, pip does the same.
INSTALL = ([ -x $(BIN)/uv ] && UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1 $(BIN)/uv pip install --quiet --python $(PY) -r $<) \
	|| $(PY) -m pip install --disable-pip-version-check -r $<

.DEFAULT_GOAL := help
.PHONY: scale pooler libreoffice proxy rehearsal restore-drill bench-pages fonts pictures help setup demo demo-frauds serve chromium java test-spark bench-analysis bench-floor test check-fast test-analysis test-fast test-slow check check-slow fix messages bench lock map

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  make \1\t/' | expand -t 24

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: set PYTHON=")'
	@echo "Making the virtual environment ..."
	@$(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check uv || echo "uv is not to be had, pip does it (slower)"

# What is installed is remembered by the lock file's name, so a second run installs nothing.
.venv/.installed: requirements.lock .venv/bin/python
	@echo "Installing from requirements.lock ..."
	@$(INSTALL)
	@touch $@

.venv/.installed-dev: requirements-dev.lock .venv/.installed
	@echo "Installing from requirements-dev.lock ..."
	@$(INSTALL)
	@touch $@

setup: .venv/.installed  ## make the environment and compile the translations
	@$(PY) manage.py update_messages --compile

demo: export HAILONG_DEMO = 1
demo: setup  ## the demonstration province: data, posters, index, then serve it on 127.0.0.1:$(PORT); SERVE=0 stops before serving
	@$(PY) manage.py check --database default
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py load_demo
	@if [ "$(SERVE)" != "0" ]; then exec $(MAKE) --no-print-directory serve; fi

demo-frauds: export HAILONG_DEMO = 1
demo-frauds: export HAILONG_VAR = var/frauds
demo-frauds: setup  ## a month of honest oddities and of frauds, what the rules find, and a tampered copy that verify_ledger names; SERVE=0 stops before serving
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py load_frauds --verbosity 0
	@HAILONG_VAR=var/frauds-tampered $(PY) manage.py verify_ledger && exit 1 || echo "(found, as it should be)"
	@$(PY) manage.py verify_ledger
	@if [ "$(SERVE)" != "0" ]; then exec $(MAKE) --no-print-directory serve; fi

serve: setup  ## serve what is there, in the foreground: make serve PORT=8123
	@$(PY) manage.py check --database default
	@[ -f "$${HAILONG_VAR:-var}/demo/links.json" ] && export HAILONG_DEMO=$${HAILONG_DEMO:-1}; \
	echo "Serving on $(PUBLIC_URL) (Ctrl+C stops)"; \
	$(if $(filter postgres%,$(DATABASE_URL)),$(PY) manage.py run_tasks & trap "kill $$!" EXIT;) \
	$(if $(filter postgres%,$(DATABASE_URL)),,exec) env GRANIAN_WORKERS=$(WORKERS) $(BIN)/granian --interface wsgi --no-ws --host 127.0.0.1 --port $(PORT) \
	  --workers $(WORKERS) --blocking-threads 2 --backlog 1024 survey.wsgi:application

chromium:
	@if [ ! -x "$(CHROMIUM)" ]; then \
	  echo "Installing Chromium for the browser tests ..."; \
	  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=560 install -y -qq --no-install-recommends chromium fonts-noto-core >/dev/null) \
	  || { echo "Chromium could not be installed: install it and set CHROMIUM=/path/to/chromium"; [ "$$CI" != "true" ]; }; \
	fi

# Three processes of about the same length: the web side in one process, what waits for servers with
# the statistics, and the browser.
COMPUTING := tests/survey tests/servers/test_postgresql.py
OTHERS := tests/servers tests/docs tests/house tests/analysis
BESIDE := tests/survey/reports tests/survey/operations tests/survey/access tests/survey/api
AFTER := tests/survey/public tests/survey/citizen
SERVERS := $(OTHERS) $(BESIDE) --ignore=tests/servers/test_postgresql.py
JOURNEYS := tests $(OTHERS:%=--ignore=%) $(COMPUTING:%=--ignore=%)
test: check-fast chromium  ## format, lint, types, import contracts, migrations and all tests
	@logs=$$(mktemp -d); \
	$(PY) -m pytest -q -m "not slow" $(COMPUTING) $(BESIDE:%=--ignore=%) $(AFTER:%=--ignore=%) >$$logs/computing 2>&1 & computing=$$!; \
	$(PY) -m pytest -q -m "not slow" $(SERVERS) >$$logs/servers 2>&1 & servers=$$!; \
	$(PY) -m pytest -q -m "not slow" $(JOURNEYS); bad=$$?; \
	$(PY) -m pytest -q -m "not slow" $(AFTER); bad=$$((bad | $$?)); \
	wait $$servers; bad=$$((bad | $$?)); wait $$computing; bad=$$((bad | $$?)); \
	cat $$logs/servers $$logs/computing; rm -rf $$logs; exit $$bad

proxy:
	@if [ ! -x /usr/sbin/nginx ]; then \
	  echo "Installing nginx for the rehearsal ..."; \
	  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=560 install -y -qq --no-install-recommends nginx-light >/dev/null) \
	  || echo "nginx could not be installed: the rehearsal goes without it"; \
	fi

rehearsal: .venv/.installed-dev setup proxy  ## a day of a province from the files of deploy/: PostgreSQL, proxy, two web processes replaced under load, witness
	@$(PY) -m deploy.rehearsal

restore-drill: .venv/.installed-dev setup  ## back up under load, kill, restore by the runbook's commands, compare; both databases
	@$(PY) -m pytest -q -s tests/survey/operations/test_backups.py tests/servers/test_backups.py

# Two processes for two cores: the statistics beside the web side.
test-fast: .venv/.installed-dev setup  ## under a minute: no server, no browser, nothing long by itself
	@log=$$(mktemp); \
	$(PY) -m pytest -q -m "not slow and not long" tests/analysis tests/house tests/docs tests/survey/messaging >$$log 2>&1 & beside=$$!; \
	$(PY) -m pytest -q -m "not slow and not long" tests/survey --ignore=tests/survey/messaging; bad=$$?; \
	wait $$beside; bad=$$((bad | $$?)); cat $$log; rm -f $$log; exit $$bad

# Two processes for two cores: PostgreSQL and demonstrations beside browsers and benchmarks.
LONGEST := tests/servers
test-slow: .venv/.installed-dev setup libreoffice pooler  ## every test of the web side on PostgreSQL; two demonstrations alike; benchmarks in small
	@log=$$(mktemp); \
	$(PY) -m pytest -q -m slow $(LONGEST) >$$log 2>&1 & beside=$$!; \
	$(PY) -m pytest -q -m slow tests $(LONGEST:%=--ignore=%); bad=$$?; \
	wait $$beside; bad=$$((bad | $$?)); cat $$log; rm -f $$log; exit $$bad

check-fast: .venv/.installed-dev setup  ## format, lint, types, import contracts and migrations, no tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/djlint templates --check --quiet
	@$(BIN)/djlint templates --lint --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@$(PY) manage.py makemigrations --check --dry-run

.venv/.installed-spark: requirements-spark.lock .venv/.installed-dev
	@echo "Installing Spark (460 MB) ..."
	@$(INSTALL)
	@touch $@

pooler:
	@command -v pgbouncer >/dev/null || (echo "Installing PgBouncer to run the product through it ..."; apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=560 install -y -qq --no-install-recommends pgbouncer >/dev/null) \
	  || [ "$$CI" != "true" ]

libreoffice:
	@command -v soffice >/dev/null || (echo "Installing LibreOffice to open what is exported ..."; apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=560 install -y -qq --no-install-recommends libreoffice-calc >/dev/null) \
	  || [ "$$CI" != "true" ]

java:
	@command -v java >/dev/null || (echo "Installing Java for Spark ..."; apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=560 install -y -qq --no-install-recommends openjdk-17-jre-headless >/dev/null)

.venv-audit/.installed: requirements-audit.lock .venv/.installed
	@echo "Installing what looks for known holes ..."
	@python3 -m venv .venv-audit
	@$(BIN)/uv pip install -q --python .venv-audit/bin/python -r requirements-audit.lock
	@touch $@

AUDIT := .venv-audit/bin
check-slow: .venv-audit/.installed  ## bandit, known holes of what is installed (where the database of holes can be reached), bill of materials and licences into var/audit
	@mkdir -p var/audit
	@$(AUDIT)/bandit -q -ll -c pyproject.toml -r survey analysis manage.py
	@$(AUDIT)/cyclonedx-py requirements requirements.lock --of JSON -o var/audit/sbom.cdx.json
	@$(AUDIT)/pip-licenses --python .venv/bin/python --format=csv --output-file var/audit/licences.csv >/dev/null
	@$(AUDIT)/pip-audit --strict --disable-pip --no-deps -r requirements.lock \
	  || { echo "pip-audit: holes found, or its database could not be reached (see above)"; [ "$$AUDIT_OFFLINE" = "1" ]; }

test-spark: .venv/.installed-spark java  ## the kernel on a real Spark cluster (master and two workers on this machine)
	@SPARK_TESTS=1 $(PY) -m pytest -q tests/spark

test-analysis: .venv/.installed-dev  ## tests of the statistics alone, with Django switched off
	@$(PY) -m pytest -q -p no:django tests/analysis

check: test  ## what CI runs

fix: .venv/.installed-dev  ## format and mend what can be mended
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format . ; $(BIN)/djlint templates --reformat --quiet

messages: .venv/.installed  ## collect texts to translate into locale/
	@$(PY) manage.py update_messages

bench-analysis: .venv/.installed-dev setup  ## measure the statistics at the size of the country, peers beside them (ten minutes)
	@$(PY) -m benchmarks.analysis_scale

bench-floor: .venv/.installed-dev setup  ## measure: a short answer beside a bare application that sends the same bytes
	@$(PY) -m benchmarks.floor

scale: .venv/.installed-dev setup  ## measure pages, jobs and exports at 10 thousand to 10 million answers in PostgreSQL, migrations at 5 million (an hour, 20 GB)
	@$(PY) -m benchmarks.scale
	@$(PY) -m benchmarks.migrations

bench: .venv/.installed-dev setup  ## measure: server CPU and SQL per answer, index at scale, coverage of the intervals
	@$(PY) -m benchmarks.web
	@$(PY) -m benchmarks.console
	@$(PY) -m benchmarks.overload
	@$(PY) -m benchmarks.reports
	@$(PY) -m benchmarks.public_site
	@$(PY) -m benchmarks.exports
	@$(PY) -m benchmarks.ledger
	@$(PY) -m benchmarks.integrity 10
	@$(PY) -m benchmarks.index_scale
	@$(PY) -m benchmarks.coverage
	@$(PY) -m benchmarks.standing
	@$(PY) -m benchmarks.interval_grid

KHMER := survey/access/print/fonts/NotoSansKhmer
# Debian's fonts-croscore; Latin, Vietnamese and punctuation.
TINOS := /usr/share/fonts/truetype/croscore/Tinos
TINOS_LETTERS := U+0020-007E,U+00A0-01B0,U+0300-0303,U+0309,U+0323,U+1EA0-1EF9,U+2010-2026,U+2030,U+2032-2033,U+2039-203A,U+20AB,U+2190-2193,U+2212,U+2260,U+2264-2265,U+2713
SUBSET = $(BIN)/pyftsubset --layout-features='*' --flavor=woff2 --no-hinting --desubroutinize
fonts: .venv/.installed-dev  ## cut the Khmer web fonts from the bundled ones, and the letters of reports
	@$(SUBSET) $(KHMER)-Regular.ttf --unicodes=U+1780-17FF,U+200B-200D,U+25CC --output-file=survey/static/survey/fonts/khmer-400.woff2
	@$(SUBSET) $(KHMER)-Bold.ttf --unicodes=U+1780-17FF,U+200B-200D,U+25CC --output-file=survey/static/survey/fonts/khmer-700.woff2
	@for style in Regular Bold Italic; do $(BIN)/pyftsubset $(TINOS)-$$style.ttf --no-hinting --layout-features=kern,liga,mark,mkmk,ccmp,locl \
	  --unicodes=$(TINOS_LETTERS) --output-file=survey/reports/fonts/Tinos-$$style.ttf; done
	@$(SUBSET) $(KHMER)-Regular.ttf --text="$$($(PY) -c 'from survey.settings import LANGUAGES; print(dict(LANGUAGES)["km"])')" --output-file=survey/static/survey/fonts/khmer-name.woff2

pictures: .venv/.installed-dev setup chromium  ## a contact sheet of every page a citizen can meet, in every language, into docs/images/citizen
	@rm -f docs/images/citizen/*.avif
	@DJANGO_SETTINGS_MODULE=tests.settings $(PY) -m tests.flows.gallery docs/images/citizen
	@DJANGO_SETTINGS_MODULE=tests.settings $(PY) -m tests.flows.guide_pictures docs/images/guides

bench-pages: .venv/.installed-dev setup chromium  ## measure: requests, bytes and first paint of the form on slow 3G
	@$(PY) -m benchmarks.pages

lock:  ## write the lock files again from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header -q -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra dev --extra spark --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header -q -o requirements-spark.lock
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header -q -o requirements-dev.lock
	@$(BIN)/uv pip compile pyproject.toml --extra audit --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header -q -o requirements-audit.lock

map:  ## rooms with their line counts
	@for room in analysis survey/*/; do printf '%6d  %s\n' "$$(find $$room -name '*.py' -not -path '*/migrations/*' | xargs -r cat | wc -l)" "$$room"; done
