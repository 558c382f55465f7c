# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real agents and the queue of an SMTP virtual server on a shared disk: what faults make of its mail.

What becomes of one whose mail lies on a volume of each node's own is in test_agent_lab.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import RequestKind
from tests.support.agent_sites import QueueAgents
from tests.support.smtp_bench import send
from tests.support.smtp_lab import MAIL, PORT, SmtpLab

pytestmark = [pytest.mark.alone, pytest.mark.faults]


class Mail(QueueAgents):
    """The virtual server, and an application that hands mail in."""

    def send(self, subject: str) -> None:
        """As an application does, which tries again while nobody takes its mail."""
        self.until(lambda: self._taken(subject))

    def _taken(self, subject: str) -> bool:
        try:
            send(self.cluster.address(self.last), PORT, subject)
        except OSError:
            return False
        return True


@pytest.fixture(scope="module")
def smtp_agents(make_shared_lab) -> Mail:
    lab = make_shared_lab(Mail.topology)
    lab.expected = True  # nodes that hang keep their addresses, and serve nobody: ``watching`` tells
    made = Mail(lab)
    made.declare()
    made.install()
    return made


@pytest.fixture
def of(smtp_agents) -> Iterator[Mail]:
    """The cluster, with the virtual server in service on server1, and nothing in its queue at the end."""
    smtp_agents.settle()
    yield smtp_agents
    mail = SmtpLab(smtp_agents.lab)
    with mail.hop():
        mail.until(lambda: not mail.shared_queue, smtp_agents.bound)


def queued(of: Mail, *subjects: str) -> SmtpLab:
    """Mail that was handed in and waits, since nobody takes it."""
    mail = SmtpLab(of.lab)
    for subject in subjects:
        of.send(subject)
    assert len(mail.shared_queue) == len(subjects)
    return mail


def delivered(mail: SmtpLab) -> Counter[str]:
    """The subjects of what arrives once somebody takes mail, and how often each did."""
    with mail.hop() as hop:
        mail.until(lambda: not mail.shared_queue)
        time.sleep(1.0)  # what would be delivered again would be by now
        return Counter(hop.subjects)


BEFORE = tuple(f"before {number}" for number in range(5))


def test_when_the_smtp_service_fails_the_other_node_takes_over_and_delivers_the_queue(of):
    mail = queued(of, *BEFORE)
    with of.watching():
        of.lab.fault("server1", "service_start", service="SMTPSVC")
        of.stop_service("server1")
        of.until(of.serves("server2"))
    assert "the service SMTPSVC is stopped" in of.record.reason
    assert len(mail.shared_queue) == len(BEFORE)
    of.send("after")
    assert delivered(mail) == Counter([*BEFORE, "after"])
    assert of.report is not None
    assert set(of.report.targets[0].answers) == {"SERVER1", "SERVER2"}


def test_a_queue_on_a_disk_that_a_dead_node_had_waits_for_a_person_and_loses_nothing(of):
    mail = queued(of, *BEFORE)
    with of.watching():
        of.lab.power_off("server1")
        of.until(lambda: of.reason("server2") == "waiting_for_confirmation")
        assert len(mail.shared_queue) == len(BEFORE)
        assert of.ask(RequestKind.SWITCHOVER, "server2", force=True).accepted
        of.until(of.serves("server2"))
        assert delivered(mail) == Counter(BEFORE)
        of.lab.power_on("server1")
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert of.owner() == "server2"


@pytest.mark.parametrize("fault", ["site_crash", "site_hang"])
def test_a_virtual_server_that_fails_is_mended_where_it_is_and_keeps_its_queue(of, fault):
    mail = queued(of, "kept")
    epoch, mended = of.record.epoch, of.said("server1", "is restarted there")
    with of.watching():
        of.lab.fault("server1", fault)
        of.until(lambda: of.said("server1", "is restarted there") > mended)
        of.lab.clear("server1", fault)
        of.until(of.serves("server1"))
    assert of.reason("server2") == "elsewhere"
    assert of.record.epoch == epoch
    assert delivered(mail) == Counter(["kept"])


def test_a_node_that_hangs_keeps_the_disk_of_the_queue_and_no_mail_is_delivered_twice(of):
    mail = queued(of, "once")
    with of.watching():
        of.lab.hang("server1")
        of.until(lambda: of.reason("server2") == "waiting_for_confirmation")
        of.lab.resume("server1")
        of.until(lambda: any(of.serves(name)() for name in of.cluster.nodes))
    assert delivered(mail) == Counter(["once"])


def test_a_node_that_is_shut_down_gives_it_away_and_windows_does_not_start_it_there_again(of):
    mail = queued(of, *BEFORE)
    with of.watching():
        of.lab.reboot("server1", wait=False)
        of.until(of.serves("server2"))
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert of.lab.status("server1")["smtp"][MAIL] == "Stopped"
    assert delivered(mail) == Counter(BEFORE)
