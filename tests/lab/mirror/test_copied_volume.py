# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume that the agents copy, in no domain: content follows the owner, and is never silently older."""

from __future__ import annotations

import json
import urllib.request

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import RequestKind
from playbooks import play
from tests.support.copied_agents import CopiedAgents, plain_topology
from tests.support.mirror_lab import SITE

pytestmark = [pytest.mark.alone, pytest.mark.faults]


@pytest.fixture(scope="module")
def agents(make_shared_lab, tmp_path_factory):
    made = CopiedAgents(make_shared_lab(plain_topology(tmp_path_factory.mktemp("topology"))))
    made.declare()
    assert made.mirror()["condition"] == "out_of_sync"
    made.install()
    yield made
    made.judge.judge()
    made.witness.end()


@pytest.fixture
def both(agents):
    """In service on server1, and a verified copy on server2 that is within its RPO."""
    agents.settle()
    agents.until(agents.both)
    return agents


def served(agents, file):
    with urllib.request.urlopen(agents.url + file, timeout=5) as page:  # noqa: S310 - of the lab
        return page.read().decode()


def events(agents, name, event):
    lines = agents.lab.state.events(name).read_text().splitlines()
    return [one for one in map(json.loads, lines) if one.get("event") == event]


def test_content_is_copied_to_the_node_that_does_not_serve_and_never_to_the_one_that_does(both):
    before = len(events(both, "server1", "robocopy"))
    both.put("server1", "deployed.html", "version 1")
    both.until(lambda: both.has("server2", "deployed.html") == "version 1")
    both.put("server2", "deployed.html", "by mistake")
    both.put("server2", "stray.html", "by mistake")
    both.until(lambda: both.has("server2", "deployed.html") == "version 1")
    assert both.has("server2", "stray.html") is None
    assert both.has("server1", "deployed.html") == "version 1"
    assert len(events(both, "server1", "robocopy")) == before
    assert both.mirror()["condition"] == "within_rpo"
    assert not both.order().changed


def test_a_planned_move_takes_along_what_was_written_last(both):
    both.put("server1", "last.html", "written right before")
    where = ("-e", f"hierarchy={SITE}", "-e", "to=server2")
    moved = play(both.lab.state.folder, "standby.iis.switchover", *where)
    assert moved.code == 0, moved.text
    assert both.serves("server2")()
    assert served(both, "last.html") == "written right before"
    both.put("server2", "newer.html", "by server2")
    both.until(lambda: both.has("server1", "newer.html") == "by server2")
    both.until(both.both)


def test_a_lost_owner_is_replaced_and_takes_in_what_it_missed(both):
    both.put("server1", "known.html", "known")
    both.until(lambda: both.has("server2", "known.html") == "known")
    both.lab.power_off("server1")
    both.put("server1", "unknown.html", "server1 alone")
    both.until(both.serves("server2"))
    assert served(both, "known.html") == "known"
    both.put("server2", "meanwhile.html", "meanwhile")
    assert both.current == ("server2",)
    both.recover()
    both.until(lambda: both.has("server1", "meanwhile.html") == "meanwhile")
    assert both.has("server1", "unknown.html") is None
    assert both.has("server2", "meanwhile.html") == "meanwhile"
    both.until(both.both)


def test_beyond_the_rpo_nobody_takes_over_unless_a_person_says_so(both):
    both.lab.fault("server2", "mirror", action="cut")
    both.put("server1", "newest.html", "server1 alone")
    both.until(lambda: both.current == ("server1",))
    assert "verified copy of" in both.mirror()["sentence"]
    both.lab.power_off("server1")
    both.until(lambda: both.reason("server2") == "old_data")
    assert "force=true, which loses what is newer" in both.sentence("server2")
    assert both.ask(RequestKind.SWITCHOVER, "server2", force=True).accepted
    both.until(both.serves("server2"))
    assert both.current == ("server2",)
    assert both.has("server2", "newest.html") is None
