# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of a mirror fills up: clients are served, people are told once, and nobody takes old data."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.notifications import (
    Notifications,
    WebhookSettings,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import RequestKind
from playbooks import play
from tests.support.mirror_agents import MirrorAgents, Writer
from tests.support.mirror_lab import SITE, topology
from tests.support.told import Told

pytestmark = [pytest.mark.alone, pytest.mark.faults]

NODES = {"server1", "server2"}
REMEDY = "Test-SRTopology tells the size that the log needs"


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    made = Told(SITE)
    yield made
    made.close()


@pytest.fixture(scope="module")
def agents(make_shared_lab, tmp_path_factory, told) -> Iterator[MirrorAgents]:
    lab = make_shared_lab(topology(tmp_path_factory.mktemp("topology")))
    made = MirrorAgents(lab, notifications=Notifications(webhooks=(WebhookSettings(told.url),)))
    made.declare()
    made.install()
    yield made
    made.judge.judge()
    made.witness.end()


def test_a_log_that_fills_up_while_it_copies_is_told_once_and_mends_itself(agents, told):
    agents.until(lambda: set(agents.current) == NODES)
    writer = Writer(agents.lab, agents.cluster.nodes)
    with writer.writing(), agents.watching():
        agents.lab.fault("server1", "mirror_log")
        agents.until(lambda: agents.current == ("server1",))
        agents.until(lambda: "BlockCopyToDestination" in agents.here("server1")["notice"])
        writer.goes_on(15.0)

        notice = agents.here("server1")["notice"]
        assert notice.startswith("volume R:\\ is source, catching up (BlockCopyToDestination) on server1: ")
        assert REMEDY in notice
        assert agents.serves("server1")()
        shown = play(agents.lab.state.folder, "standby.iis.status").text.replace("\\\\", "\\")
        assert "volume R:\\: server1 source, catching up, " in shown
        assert "bytes to go" in shown
        assert f"agent of server1: it is in service on server1; {notice} (in_service)" in shown

        refused = agents.ask(RequestKind.SWITCHOVER, "server2")
        assert not refused.accepted
        assert "server2 has old data" in refused.sentence
        # On a busy machine the nodes may have lost each other for a moment before.
        said = told.of("server1", "notice")
        assert said[-1] == f"It serves; to be mended: {notice}."
        time.sleep(5 * agents.timers.interval)  # more to go with each look, and nothing new to be told
        assert told.of("server1", "notice") == said

        agents.lab.clear("server1", "mirror_log")
        agents.until(lambda: set(agents.current) == NODES)
        agents.until(lambda: agents.here("server1")["notice"] == "")
    assert agents.owner() == "server1"
    assert writer.missing("server1") == []
