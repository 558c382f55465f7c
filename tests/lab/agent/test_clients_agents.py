# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""curl, lftp and swaks at work while the server of all three services dies and the agents fail over."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import NODE_LOST, predict
from tests.support.agent_lab import AgentLab
from tests.support.client_programs import PAUSE, TIMEOUT, ClientProgram, at_work, curl, lftp, swaks
from tests.support.cluster_lab import SHARED
from tests.support.power_switch import give_power_switches
from tests.support.smtp_bench import NextHop

pytest.importorskip("pyftpdlib", reason="pyftpdlib is not installed (requirements-dev.txt)")
pytestmark = [pytest.mark.alone, pytest.mark.faults]
TOPOLOGY = Path(__file__).parents[1] / "topologies" / "classical.yml"
FENCE_SECONDS = 12.0
MAIL_PORT, HOP_PORT = 2525, 2526


OTHERS = {"FTPsite": 203, "SMTPvs": 204}


class Services(AgentLab):
    """A web site, an FTP site, and an SMTP virtual server with its queue on a shared disk, on two nodes."""

    site = "WebSite1"
    last = 201

    def __init__(self, lab) -> None:
        fences = give_power_switches(lab, ("server1", "server2"))
        super().__init__(lab, settings={"fences": fences, "fence_timeout": FENCE_SECONDS})

    def declare(self) -> None:
        super().declare()
        self.cluster.volume("F:", SHARED)
        for name, last in OTHERS.items():
            self.cluster.ip(last, 16, dad_transmits=0)
            self.cluster.protect(name)

    def all_on(self, node: str) -> Callable[[], bool]:
        """Every service is in service there."""

        def hold() -> bool:
            shown = self._shown(node).get("hierarchies", {})
            return all(shown.get(name, {}).get("reason") == "in_service" for name in (self.site, *OTHERS))

        return hold

    def clients(self) -> tuple[ClientProgram, ClientProgram, ClientProgram]:
        web, ftp, mail = (self.cluster.address(last) for last in (self.last, *OTHERS.values()))
        return curl(f"http://{web}:8080/"), lftp(f"ftp://{ftp}:2121"), swaks(mail, MAIL_PORT)


@pytest.fixture
def of(make_lab) -> Iterator[Services]:
    made = Services(make_lab(TOPOLOGY))
    made.declare()
    made.install()
    made.until(made.all_on("server1"))
    yield made
    made.judge.judge()


def test_clients_see_one_gap_of_what_is_stated_and_every_mail_that_was_taken_arrives_once(of):
    web, ftp, mail = of.clients()
    with of.watching(), at_work(web, ftp, mail):
        time.sleep(3.0)
        died = time.monotonic()
        of.lab.power_off("server1")
        of.until(of.all_on("server2"))
        time.sleep(2 * TIMEOUT + 1)
    (lost,) = (one for one in predict(of.timers) if one.fault == NODE_LOST)
    for client, fence in ((web, 0.0), (ftp, 0.0), (mail, FENCE_SECONDS)):
        ((since, until),) = client.outages()
        assert since > died - TIMEOUT, client.runs  # under way when it died
        assert until - died < lost.worst + fence + TIMEOUT + PAUSE, client.runs
        assert len([run for run in client.good if run.ended < died]) >= 2
        assert len([run for run in client.good if run.began > until]) >= 2
    assert _answered(web, died) == _answered(mail, died) == ["SERVER1", "SERVER2"]
    assert all("index.html" in run.said for run in ftp.good)
    taken = {f"mail {run.number}" for run in mail.good}
    with NextHop(of.lab.address("0.30"), HOP_PORT) as hop:
        of.until(lambda: taken <= set(hop.subjects))
        time.sleep(1.0)  # what would be delivered again would be by now
        assert set(Counter(hop.subjects).values()) == {1}


def _answered(client: ClientProgram, died: float) -> list[str]:
    """The nodes that answered before and after, as they say themselves."""
    said = ([run.said for run in client.good if (run.began < died) == before] for before in (True, False))
    return [
        node
        for runs in said
        for node in ("SERVER1", "SERVER2")
        if all(f"X-Lab-Node: {node}".lower() in one.lower() for one in runs)
    ]
