# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real agents and an FTP site: what each fault ends in, while clients are greeted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.windows.service import start_service, stop_service
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from tests.support.agent_lab import AgentLab

pytest.importorskip("pyftpdlib", reason="pyftpdlib is not installed (requirements-dev.txt)")
pytestmark = [pytest.mark.alone, pytest.mark.faults]
TOPOLOGY = Path(__file__).parents[1] / "topologies" / "ftp.yml"


class FtpAgents(AgentLab):
    """Two nodes with agents, and one FTP site on one address."""

    site = "FTP & Co"
    last = 202

    @property
    def url(self) -> str:
        return f"ftp://{self.cluster.address(self.last)}:2121/"

    @property
    def deep_check(self) -> Check:
        return Check(self.url, timeout=1.0, verify=False, starttls=True)

    @contextmanager
    def without_service(self, name: str, service: str) -> Iterator[None]:
        """A service of Windows is stopped, as by an operator, and started again in the end."""
        node = connect(self.cluster.connection(name))
        stop_service(node, service, time)
        yield
        start_service(node, service, time)
        node.close()


@pytest.fixture(scope="module")
def ftp_agents(make_shared_lab) -> FtpAgents:
    lab = make_shared_lab(TOPOLOGY)
    lab.expected = True  # nodes that hang keep their addresses, and serve nobody: ``watching`` tells
    made = FtpAgents(lab)
    made.declare()
    made.install()
    return made


@pytest.fixture
def of(ftp_agents) -> FtpAgents:
    """The cluster, with the site in service on server1."""
    ftp_agents.settle()
    return ftp_agents


def test_an_ftp_site_whose_node_loses_its_power_is_served_by_the_other_one(of):
    with of.watching():
        of.lab.power_off("server1")
        of.until(of.serves("server2"))
        of.lab.power_on("server1")
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert of.owner() == "server2"
    assert of.report is not None
    assert "SERVER2" in of.report.targets[0].answers


@pytest.mark.parametrize("fault", ["site_crash", "site_hang"])
def test_an_ftp_site_that_fails_is_mended_where_it_is(of, fault):
    epoch, mended = of.record.epoch, of.said("server1", "is restarted there")
    with of.watching():
        of.lab.fault("server1", fault)
        of.until(lambda: of.said("server1", "is restarted there") > mended)
        of.lab.clear("server1", fault)
        of.until(of.serves("server1"))
    assert of.reason("server2") == "elsewhere"
    assert of.record.epoch == epoch


def test_an_ftp_site_that_does_not_start_is_given_away_when_all_attempts_have_failed(of):
    tried = of.said("server1", "it did not start")
    with of.watching():
        of.lab.fault("server1", "start_failure")
        of.crash("server1")
        of.until(of.serves("server2"))
    assert of.said("server1", "it did not start") - tried >= of.timers.recovery_attempts


def test_a_stopped_ftp_service_is_no_matter_for_local_recovery_and_another_node_takes_it(of):
    with of.watching(), of.without_service("server1", "FTPSVC"):
        of.until(of.serves("server2"))
        assert "service FTPSVC is stopped" in of.here("server1")["sentence"] + of.record.reason


def test_a_node_that_hangs_with_an_ftp_site_is_replaced(of):
    with of.watching():
        of.lab.hang("server1")
        of.until(of.serves("server2"))
        of.lab.resume("server1")
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert of.owner() == "server2"
