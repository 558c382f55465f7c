# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""curl, lftp and swaks at work while the server of all three services dies and the agents fail over."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import NODE_LOST, predict
from tests.support.classical import SERVICES, TOPOLOGY
from tests.support.classical_agents import FENCE_SECONDS, ClassicalAgents
from tests.support.client_programs import PAUSE, TIMEOUT, ClientProgram, at_work, curl, lftp, swaks
from tests.support.smtp_bench import NextHop

pytest.importorskip("pyftpdlib", reason="pyftpdlib is not installed (requirements-dev.txt)")
pytestmark = [pytest.mark.alone, pytest.mark.faults]
MAIL_PORT, HOP_PORT = 2525, 2526


@pytest.fixture
def of(make_lab) -> ClassicalAgents:
    """The cluster, all of it in service on server1."""
    made = ClassicalAgents(make_lab(TOPOLOGY))
    made.declare()
    made.install()
    return made


def test_clients_see_one_gap_of_what_is_stated_and_every_mail_that_was_taken_arrives_once(of):
    web, ftp, mail = programs(of)
    with of.clients(), at_work(web, ftp, mail):
        time.sleep(3.0)
        died = time.monotonic()
        of.lab.power_off("server1")
        of.until(of.on(dict.fromkeys(SERVICES, "server2")))
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


def programs(of: ClassicalAgents) -> tuple[ClientProgram, ClientProgram, ClientProgram]:
    web, ftp, mail = (of.cluster.address(SERVICES[name][1]) for name in ("WebSite1", "FTPsite", "SMTPvs"))
    return curl(f"http://{web}:8080/"), lftp(f"ftp://{ftp}:2121"), swaks(mail, MAIL_PORT)


def _answered(client: ClientProgram, died: float) -> list[str]:
    """The nodes that answered before and after, as they say themselves."""
    said = ([run.said for run in client.good if (run.began < died) == before] for before in (True, False))
    return [
        node
        for runs in said
        for node in ("SERVER1", "SERVER2")
        if all(f"X-Lab-Node: {node}".lower() in one.lower() for one in runs)
    ]
