# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# make demo   sets up, starts the lab, runs the real playbooks and agents, reports the measured outage of each service
# make test   sets up, runs all tests but those of make faults
# make long   sets up, runs the tests in the lab that make test leaves out: kinds of sites, parity, N+1, mirrors, moves that break off
# make faults sets up, plays faults of many kinds on agents in the lab over both witnesses, of web, FTP and SMTP sites, an hour
# make simulate  sets up, plays 100,000 schedules of simulated clusters under faults (SIMULATE= for options)
# make gates  sets up, runs every static gate

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COLLECTION := .collections/ansible_collections/standby/iis
# More than processors: the tests of the lab mostly wait.
PYTEST_WORKERS ?= 4

export PYTHONPATH := .collections:.
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.collections

.PHONY: setup demo test long faults simulate bench gates clean

setup: $(VENV)/.ready $(COLLECTION)

$(VENV)/.ready: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "make: Python 3.11 or newer is needed; name one with 'make PYTHON=/path/to/python3 ...'"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	    { echo "make: $(PYTHON) cannot make a virtual environment; on Debian install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# The collection where Ansible and Python find it: a link, so that edits take effect at once.
$(COLLECTION):
	@mkdir -p $(@D)
	@ln -sfn ../../.. $@

demo: setup
	$(BIN)/python -m lab demo

test: setup
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup -m "not alone and not long" $(TESTS)
	@# Leases of seconds want a machine that is not saturated by other tests.
	$(BIN)/python -m pytest -m "alone and not faults and not long" $(TESTS) || test $$? -eq 5

long: setup
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup -m "long and not alone" $(TESTS)
	$(BIN)/python -m pytest -m "long and alone" $(TESTS) || test $$? -eq 5

faults: setup
	$(BIN)/python -m pytest -m faults $(TESTS)

simulate: setup
	$(BIN)/python -m tests.simulation $(SIMULATE)

bench: setup
	$(BIN)/python -m bench

gates: setup
	.ci/gates

clean:
	rm -rf $(VENV) .collections collections .lab tests/output build .pytest_cache .mypy_cache .ruff_cache .hypothesis
