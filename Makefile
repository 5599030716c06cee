# One line for each task; `make` alone prints them.
#
# The environment is .venv, made from requirements.lock: every version and the hashes of its files, no address.
# It is remade when the lock or pyproject.toml change and left alone otherwise, so that nothing here needs a
# network once the packages are there.

PYTHON ?= python3
VENV   ?= .venv
# Three on two cores: a tenth of the tests' time is waiting, for processes and for limits to pass.
JOBS   ?= 3
PARAMS ?= params/demo.yml

bin   := $(VENV)/bin
stamp := $(VENV)/.made
uv    := 0.13.8

# A browser, a database or a plotting library of one's own must not change what a report looks like.
export MPLBACKEND := agg
export PYTHONPATH :=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# What was compiled once must not be compiled again in each kernel that a report or a test starts.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help env report pictures test long torture lab lint format types layers bench evidence lock clean

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

env: $(stamp)  ## make the environment in .venv (needs Python 3.11 or newer, nothing else)

report: $(stamp)  ## write the demonstration organisations and render their reports
	$(bin)/workbook demo
	$(bin)/workbook run $(PARAMS)
	@echo
	@echo "Open $(CURDIR)/reports/index.html"

pictures: $(stamp)  ## the pictures in README.md, from reports/ as `make report` leaves them; look at them
	$(bin)/python docs/pictures.py

# What each takes one processor for is done side by side. The tests begin in the order of tests/conftest.py.
test: $(stamp)  ## every check: style, types, layers, tests, doctests, notebooks
	$(MAKE) --no-print-directory --jobs lint types layers data/demo
	$(bin)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --nbval-lax tests analytics docs

long: $(stamp)  ## the tests that take minutes: simulation, training on all of the reference data, laws on many examples
	$(bin)/python -m pytest -m long tests
	HYPOTHESIS_PROFILE=thorough $(bin)/python -m pytest -n $(JOBS) -m hypothesis tests

torture: $(stamp)  ## kill 200 runs at random moments and look for what is truncated or mixed (ten minutes)
	$(bin)/python -m tests.reporting.torture.kills 200

lab: $(stamp)  ## open JupyterLab on the notebooks
	$(bin)/workbook lab

lint: $(stamp)  ## style of code and notebooks
	$(bin)/ruff check .
	$(bin)/ruff format --check .

format: $(stamp)  ## put code into the house style, and take outputs out of notebooks
	$(bin)/ruff check --fix .
	$(bin)/ruff format .
	$(bin)/nbstripout notebooks/*.ipynb

types: $(stamp)  ## mypy, strict, over the package
	$(bin)/mypy --num-workers 2

layers: $(stamp)  ## who may import whom
	$(bin)/lint-imports

bench: $(stamp) data/demo  ## measure against the rivals, print the ratios, fail where one misses its bound
	$(bin)/python -m benchmarks

evidence: $(stamp) data/demo  ## measure what the models reach on published data, beside what they must reach
	$(bin)/python -m benchmarks.evidence

data/demo: | $(stamp)
	$(bin)/workbook demo

# uv resolves for every platform and Python at once; pip-tools only for the machine that it runs on. It is needed
# for this one task, so it lives in .cache and not in the environment. What is locked stays where it still fits,
# unless UPGRADE=--upgrade. Addresses are left out: whoever installs says where packages come from, and the hashes
# say which.
lock: pyproject.toml  ## resolve pyproject.toml into requirements.lock; UPGRADE=--upgrade for the newest (needs a network)
	$(PYTHON) -m venv .cache/lock
	.cache/lock/bin/python -m pip install --quiet uv==$(uv)
	cp requirements.lock .cache/resolved
	.cache/lock/bin/uv pip compile pyproject.toml --extra test --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header --quiet --output-file .cache/resolved $(UPGRADE)
	@{ echo "# Every version that the workbook runs and is tested on, with the hashes of its files: made by 'make lock'."; \
	   cat .cache/resolved; } > requirements.lock

clean:  ## remove the environment, caches and reports (data and trained models stay)
	rm -rf $(VENV) .cache build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find reports -mindepth 1 -not -name .gitkeep -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(stamp): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("$(PYTHON) is Python " + sys.version.split()[0] + ", but the workbook needs 3.11 or newer; name one with: make $(MAKECMDGOALS) PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(bin)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(bin)/python -m pip install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@
