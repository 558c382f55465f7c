# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real agents and what only an FTP site has: the service that carries it. All else is test_agent_lab."""

from __future__ import annotations

import pytest

from tests.support.agent_sites import FtpAgents

pytest.importorskip("pyftpdlib", reason="pyftpdlib is not installed (requirements-dev.txt)")
pytestmark = [pytest.mark.alone, pytest.mark.faults]


@pytest.fixture
def of(make_shared_lab) -> FtpAgents:
    lab = make_shared_lab(FtpAgents.topology)
    made = FtpAgents(lab)
    made.declare()
    made.install()
    return made


def test_a_stopped_ftp_service_is_no_matter_for_local_recovery_and_another_node_takes_it(of):
    with of.watching():
        of.stop_service("server1")
        of.until(of.serves("server2"))
        assert "service FTPSVC is stopped" in of.here("server1")["sentence"] + of.record.reason
