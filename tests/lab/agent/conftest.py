# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lab clusters with the real agents, over each kind of witness, and of each kind of site."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.agent_lab import AgentLab
from tests.support.agent_sites import FtpAgents, SmtpAgents
from tests.support.etcd_members import EtcdMembers
from tests.support.server_process import need
from tests.support.witnesses import EtcdWitness

# A lab mostly waits: two of them at once are no burden, where somebody wants that (-n 2 --dist loadgroup).
# What a site is makes no difference to where its owner is kept: one witness is enough for the other kinds.
_KINDS = [
    pytest.param(name, marks=[pytest.mark.xdist_group(f"agents of {name}"), *more])
    for name, more in (
        ("directory", ()),
        ("etcd", ()),
        ("ftp", (pytest.mark.faults,)),
        ("smtp", (pytest.mark.faults,)),
    )
]


@pytest.fixture(scope="module", params=_KINDS)
def agents(request, make_shared_lab, tmp_path_factory) -> Iterator[AgentLab]:
    """Two nodes with agents, for the tests of a module: a web site over each witness, others over one."""
    made = _agents(request.param, make_shared_lab, tmp_path_factory)
    made.lab.expected = True  # nodes that hang keep their addresses, and serve nobody: ``watching`` tells
    made.declare()
    made.install()
    yield made
    made.judge.judge()
    made.witness.end()


def _agents(kind: str, make_shared_lab, tmp_path_factory) -> AgentLab:
    if kind == "ftp":
        pytest.importorskip("pyftpdlib", reason="pyftpdlib is not installed (requirements-dev.txt)")
        return FtpAgents(make_shared_lab(FtpAgents.topology))
    if kind == "smtp":
        return SmtpAgents(make_shared_lab(SmtpAgents.topology))
    if kind == "etcd":
        need(EtcdMembers.missing())
        lab = make_shared_lab()
        return AgentLab(lab, witness=EtcdWitness(lab, tmp_path_factory.mktemp("etcd")))
    return AgentLab(make_shared_lab())


@pytest.fixture
def of(agents) -> AgentLab:
    """The cluster, with the site in service on server1."""
    agents.settle()
    return agents
