# The runner's two are demo and test; the others are for whoever works on duurloop.
# Needs python3 (3.11 or newer) with venv, and make. Everything is put into .venv, nothing elsewhere.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check tree lint types contracts catalogues words stories pictures man unit wheel reproducible lock bench install release clean

demo: .venv/ready ## the main job with a simulated runner, from strap to summary; ends by itself
	@$(BIN)/duurloop demo

test: .venv/ready-to-test ## all tests
	@$(BIN)/python -m pytest

check: .venv/ready-to-test tree lint types contracts unit wheel reproducible ## everything else that CI looks at

tree:
	@.ci/check-tree

lint: .venv/ready-to-test
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: .venv/ready-to-test
	@$(BIN)/mypy

contracts: .venv/ready-to-test
	@$(BIN)/lint-imports

unit: ## the unit's lock-down, at most 1.5
	@.ci/check-unit

wheel: ## builds the wheel, installs it into a clean environment, runs the tests against it
	@.ci/check-wheel $(BIN)/python

catalogues: .venv/ready-to-test ## take new sentences up into the catalogues; then translate what is empty
	@$(BIN)/pybabel -q extract -F config/locale/babel.cfg -k say -k words -k plural:1,2 -k sentence -k RefusalError \
	  -k RefusedError -k UnansweredError:2 -k NotRunningError -k NoAnswerError -k StateFolderError -k AlreadyRunningError -k Failure \
	  -k NoApplicationError -k UnreachableError -k UnauthorizedError -k RevokedError -k ScopeError -k InactiveError \
	  -k CopyError -k CopyDamagedError -k ExportError -k ApplicationError -k QuotaError -k GoneError -k StravaError -k InstallationError -k Sentence --no-location --sort-output \
	  --project duurloop -o config/locale/duurloop.pot .
	@$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete -D duurloop -l nl \
	  -i config/locale/duurloop.pot -d config/locale
	@$(BIN)/python config/locale/hatch_build.py

words: .venv/ready ## docs/words.md: every text as the runner sees it, in both languages
	@$(BIN)/python .ci/make-words

stories: .venv/ready-to-test ## docs/stories: what made-up runners receive in a year
	@$(BIN)/python .ci/make-stories

pictures: .venv/ready-to-test ## docs/pictures: the pages as the README shows them; needs Chromium
	@$(BIN)/python .ci/make-pictures

reproducible: ## two builds of a release have the same bytes
	@.ci/check-release $(BIN)/python

man: .venv/ready ## docs/duurloop.1: the manual page, from the commands
	@$(BIN)/python .ci/make-man

lock: ## renew the lock files; they hold names, versions and hashes, and no address
	@$(BIN)/pip -q install uv
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra build pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --all-extras -c requirements.lock pyproject.toml -o tests/requirements.lock

bench: .venv/ready-to-test ## the figures of the budgets, with their peers, as a table
	@for script in bench/*.py; do echo; PYTHONPATH=. $(BIN)/python $$script || exit 1; done

install: ## as root: the program into /opt/duurloop; the first time `duurloop setup` comes after it, later it brings all up to date
	@.ci/install-system

release: .venv/ready-to-test ## dist/: wheel, sdist and their sums, the same bytes every time
	@.ci/release dist

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

# -- environments; made anew when what they are made from changes ----------------------------------------

.venv/ready: requirements.lock pyproject.toml $(wildcard config/locale/*/LC_MESSAGES/*.po)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "duurloop needs Python 3.11 or newer")'
	@test -x $(BIN)/python || { echo "setting up .venv ..."; $(PYTHON) -m venv .venv; }
	@$(BIN)/pip -q --disable-pip-version-check install --require-hashes -r requirements.lock
	@$(BIN)/pip -q --disable-pip-version-check install --no-deps --no-build-isolation -e .
	@touch $@

.venv/ready-to-test: .venv/ready tests/requirements.lock
	@$(BIN)/pip -q --disable-pip-version-check install --require-hashes -r tests/requirements.lock
	@touch $@
