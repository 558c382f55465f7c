# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""curl, lftp and swaks at work while agents move services, and fail over when the server of all dies."""

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
PLANNED_MOVE = "planned move"


@pytest.fixture(scope="module")
def classical(make_shared_lab) -> ClassicalAgents:
    made = ClassicalAgents(make_shared_lab(TOPOLOGY))
    made.declare()
    made.install()
    return made


@pytest.fixture
def of(classical) -> ClassicalAgents:
    """The cluster, all of it in service on server1."""
    classical.recover()
    for name in SERVICES:
        if not classical.on({name: "server1"})():
            classical.bring_home(name, "server1")
    return classical


def test_clients_see_one_short_gap_when_a_service_is_asked_for_elsewhere(of):
    clients = programs(of, "moved")
    with of.clients(), at_work(*clients.values()):
        time.sleep(2.0)
        for name in clients:
            of.move(name, "server2")
            time.sleep(1.0)
        time.sleep(2.0)
    for client in clients.values():
        outages = client.outages()
        assert len(outages) <= 1, client.runs  # between two runs of a program it is not seen
        assert sum(until - since for since, until in outages) < _worst(of, PLANNED_MOVE) + TIMEOUT + PAUSE
        assert len(client.good) >= 4
    every_mail_arrives_once(of, clients["SMTPvs"], "moved")


def test_clients_see_one_gap_of_what_is_stated_when_the_server_of_all_dies(of):
    clients = programs(of, "lost")
    with of.clients(), at_work(*clients.values()):
        time.sleep(3.0)
        died = time.monotonic()
        of.lab.power_off("server1")
        of.until(of.on(dict.fromkeys(SERVICES, "server2")))
        time.sleep(2 * TIMEOUT + 1)
    for name, client in clients.items():
        fence = FENCE_SECONDS if name == "SMTPvs" else 0.0
        ((since, until),) = client.outages()
        assert since > died - TIMEOUT, client.runs  # under way when it died
        assert until - died < _worst(of, NODE_LOST) + fence + TIMEOUT + PAUSE, client.runs
        assert len([run for run in client.good if run.ended < died]) >= 2
        assert len([run for run in client.good if run.began > until]) >= 2
    assert _answered(clients["WebSite1"], died) == ["SERVER1", "SERVER2"]
    assert _answered(clients["SMTPvs"], died) == ["SERVER1", "SERVER2"]
    assert all("index.html" in run.said for run in clients["FTPsite"].good)
    every_mail_arrives_once(of, clients["SMTPvs"], "lost")


def every_mail_arrives_once(of: ClassicalAgents, client: ClientProgram, subject: str) -> None:
    """What was taken, before, meanwhile and after, is delivered from the queue on the shared disk."""
    taken = {f"{subject} {run.number}" for run in client.good}
    with NextHop(of.lab.address("0.30"), HOP_PORT) as hop:
        of.until(lambda: taken <= set(hop.subjects))
        time.sleep(1.0)  # what would be delivered again would be by now
        arrived = Counter(one for one in hop.subjects if one.startswith(subject))
        assert set(arrived.values()) == {1}


def _worst(of: ClassicalAgents, fault: str) -> float:
    return next(one.worst for one in predict(of.timers) if one.fault == fault)


def programs(of: ClassicalAgents, subject: str) -> dict[str, ClientProgram]:
    """One for each kind of service."""
    web, ftp, mail = (of.cluster.address(SERVICES[name][1]) for name in ("WebSite1", "FTPsite", "SMTPvs"))
    return {
        "WebSite1": curl(f"http://{web}:8080/"),
        "FTPsite": lftp(f"ftp://{ftp}:2121"),
        "SMTPvs": swaks(mail, MAIL_PORT, subject),
    }


def _answered(client: ClientProgram, died: float) -> list[str]:
    """The nodes that answered before and after, as they say themselves."""
    said = ([run.said for run in client.good if (run.began < died) == before] for before in (True, False))
    return [
        node
        for runs in said
        for node in ("SERVER1", "SERVER2")
        if all(f"X-Lab-Node: {node}".lower() in one.lower() for one in runs)
    ]
