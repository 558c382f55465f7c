# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An asynchronous mirror over a slow link: what is lost is within the RPO; beyond it nobody takes over."""

from __future__ import annotations

import time

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.mirror_request import MirrorWanted
from tests.support.mirror_agents import MirrorAgents, Writer
from tests.support.mirror_lab import topology

pytestmark = [pytest.mark.alone, pytest.mark.faults]

RPO = 30  # the least that Storage Replica takes


@pytest.fixture(scope="module")
def agents(make_shared_lab, tmp_path_factory):
    lab = make_shared_lab(topology(tmp_path_factory.mktemp("topology")))
    made = MirrorAgents(lab, MirrorWanted("L:", "async", RPO, "within_rpo"))
    made.declare()
    made.install()
    yield made
    made.judge.judge()
    made.witness.end()


@pytest.fixture
def both(agents):
    """In service on server1, with a copy on server2 that is within its RPO."""
    agents.settle()
    agents.until(lambda: set(agents.current) == {"server1", "server2"})
    return agents


def test_what_is_lost_with_the_owner_is_no_older_than_the_rpo(both):
    lab, writer = both.lab, Writer(both.lab, ("server1",))
    lab.fault("server1", "mirror", action="slow", seconds=0.4)
    with writer.writing():
        writer.goes_on(15.0)
        time.sleep(3.0)
        assert set(both.current) == {"server1", "server2"}
        lab.power_off("server1")
        died = time.monotonic()
    both.until(both.serves("server2"))
    missing = writer.missing("server2")
    when = dict(zip([at for at, _line in writer.acknowledged], writer.times, strict=True))
    assert missing  # it is asynchronous: the last writes are on the lost node alone
    assert max(died - when[at] for at, _line in missing) <= RPO


def test_beyond_the_rpo_nobody_takes_over(both):
    lab, writer = both.lab, Writer(both.lab, ("server1",))
    lab.fault("server1", "mirror", action="slow", bytes_per_second=100)
    with writer.writing():
        both.until(lambda: both.current == ("server1",), seconds=2.0 * RPO)
    lab.power_off("server1")
    both.until(lambda: both.reason("server2") == "old_data")
    assert "force=true, which loses what is newer" in both.sentence("server2")
