# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classical cluster with agents: one of its services fails, or is moved, and no other one feels it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.classical import HOMES, SERVICES, TOPOLOGY, away, moved_alone
from tests.support.classical_agents import ClassicalAgents

pytest.importorskip("pyftpdlib", reason="pyftpdlib is not installed (requirements-dev.txt)")
pytestmark = [pytest.mark.alone, pytest.mark.faults]


@pytest.fixture(scope="module")
def classical(make_shared_lab) -> ClassicalAgents:
    made = ClassicalAgents(make_shared_lab(TOPOLOGY))
    made.declare()
    made.install()
    return made


@pytest.fixture
def of(classical) -> Iterator[ClassicalAgents]:
    """The cluster, with each service in service where it is at home."""
    for name, home in HOMES.items():
        if not classical.on({name: home})():
            classical.bring_home(name, home)
    yield classical
    classical.recover()


@pytest.mark.parametrize("name", SERVICES)
def test_one_that_fails_goes_to_the_other_node_alone(of, name):
    with of.clients() as seen:
        of.lab.fault(HOMES[name], "start_failure", site=name)
        of.lab.fault(HOMES[name], "site_crash", site=name)
        of.until(of.on(HOMES | {name: away(name)}))
    moved_alone(seen[0], name)


@pytest.mark.parametrize("name", SERVICES)
def test_one_that_is_asked_for_elsewhere_goes_there_alone(of, name):
    with of.clients() as seen:
        of.move(name, away(name))
    assert of.on(HOMES | {name: away(name)})()
    moved_alone(seen[0], name)
