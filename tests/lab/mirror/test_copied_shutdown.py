# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An owner is shut down in order, with a mirror that agents copy: what was deployed last goes with it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests.support.copied_agents import WANTED, CopiedAgents, plain_topology

pytestmark = [pytest.mark.alone, pytest.mark.faults]


def test_what_was_deployed_just_before_a_restart_is_served_by_the_other_node(make_lab, tmp_path):
    agents = CopiedAgents(make_lab(plain_topology(tmp_path)), wanted=replace(WANTED, rpo=60))
    agents.declare()
    agents.install()
    agents.until(agents.both)
    agents.put("server1", "page.html", "first")
    agents.until(lambda: agents.has("server2", "page.html") == "first")

    agents.put("server1", "page.html", "last")  # a quarter of the RPO before it would be fetched
    time.sleep(0.5)
    agents.lab.reboot("server1", wait=False)
    agents.until(agents.serves("server2"))

    assert agents.has("server2", "page.html") == "last"
