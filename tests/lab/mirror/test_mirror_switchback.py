# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that comes back gets its hierarchy back by itself, and not before the mirror is in sync again."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Switchback
from tests.support.mirror_agents import MirrorAgents, Writer
from tests.support.mirror_lab import topology, until

pytestmark = [pytest.mark.alone, pytest.mark.long]

NODES = {"server1", "server2"}


@pytest.fixture
def agents(make_lab, tmp_path) -> Iterator[MirrorAgents]:
    lab = make_lab(topology(tmp_path / "topology"))
    made = MirrorAgents(lab, preset="fast", switchback=Switchback.AUTOMATIC)
    made.declare()
    made.install()
    yield made
    made.judge.judge()
    made.witness.end()


def test_a_switchback_waits_until_the_mirror_is_in_sync_again(agents):
    lab, stability = agents.lab, agents.timers.stability
    agents.until(lambda: set(agents.current) == NODES)
    writer = Writer(lab, agents.cluster.nodes)
    with writer.writing(), agents.watching():
        writer.goes_on(15.0)
        lab.power_off("server1")
        agents.until(agents.serves("server2"))
        lab.fault("server2", "mirror_log")  # server1 comes back to a copy that does not get complete
        agents.recover_node("server1")
        agents.until(lambda: agents.reason("server1") == "elsewhere")
        back = time.monotonic()
        writer.goes_on(15.0)

        # Both have been there for long enough, as of now: the mirror alone is what it waits for.
        agents.until(lambda: agents.record.failovers == 0, stability + 60.0)
        agents.until(lambda: time.monotonic() - back > stability + 15.0, stability + 60.0)
        assert agents.serves("server2")()
        assert agents.current == ("server2",)
        assert agents.record.successor == ""
        assert "the other node has no current copy of it" in agents.here("server2")["notice"]
        assert not agents.in_sync()

        lab.clear("server2", "mirror_log")
        agents.until(agents.serves("server1"))
        writer.goes_on(15.0)
        agents.until(lambda: set(agents.current) == NODES)
        assert agents.record.owner == "server1"
        assert agents.in_sync()
    for name in agents.cluster.nodes:
        until(lambda name=name: writer.missing(name) == [])
        assert lab.lost(name, "R") == []
