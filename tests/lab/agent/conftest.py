# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lab clusters with the real agents, over each kind of witness."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.agent_lab import AgentLab
from tests.support.etcd_members import EtcdMembers
from tests.support.server_process import need
from tests.support.witnesses import DirectoryWitness, EtcdWitness

# A lab mostly waits: two of them at once are no burden, where somebody wants that (-n 2 --dist loadgroup).
_WITNESSES = [
    pytest.param(name, marks=pytest.mark.xdist_group(f"agents over {name}")) for name in ("directory", "etcd")
]


@pytest.fixture(scope="module", params=_WITNESSES)
def agents(request, make_shared_lab, tmp_path_factory) -> Iterator[AgentLab]:
    """Two nodes with agents, for the tests of a module."""
    if request.param == "etcd":
        need(EtcdMembers.missing())
    lab = make_shared_lab()
    lab.expected = True  # nodes that hang keep their addresses, and serve nobody: ``watching`` tells
    etcd = request.param == "etcd"
    witness = EtcdWitness(lab, tmp_path_factory.mktemp("etcd")) if etcd else DirectoryWitness(lab)
    made = AgentLab(lab, witness=witness)
    made.declare()
    made.install()
    yield made
    made.judge.judge()
    witness.end()


@pytest.fixture
def of(agents) -> AgentLab:
    """The cluster, with the site in service on server1."""
    agents.settle()
    return agents
