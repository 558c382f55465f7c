# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A switchover is asked for, and a fault strikes at that moment: where the site ends.

A web site over each kind of witness; an FTP site and an SMTP virtual server over a directory.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from tests.support.agent_hold import until_held
from tests.support.agent_lab import AgentLab

pytestmark = [pytest.mark.alone, pytest.mark.faults]
BOTH = ("server1", "server2")


@dataclass(frozen=True)
class Fault:
    """One that strikes while a switchover from server1 to server2 has just been asked for.

    Attributes:
        name: of the test.
        strike: what happens.
        serves: the node that serves while the fault lasts; None where none has to.
        ends: nodes on which it may be in service once everything is well again.
        given_up: or it stays down until somebody asks for it, or its failures are old.
    """

    name: str
    strike: Callable[[AgentLab], None]
    serves: str | None = "server2"
    ends: tuple[str, ...] = ("server2",)
    given_up: bool = False

    def ended(self, of: AgentLab) -> bool:
        """It is where it may be, and the request is answered."""
        down = self.given_up and "failed" in {of.reason(name) for name in BOTH}
        return of.record.request is None and (down or any(of.serves(name)() for name in self.ends))


def _lab(name: str, fault: str, **parameters: object) -> Callable[[AgentLab], None]:
    return lambda of: of.lab.fault(name, fault, **parameters)


def _on_both(fault: str, **parameters: object) -> Callable[[AgentLab], None]:
    def strike(of: AgentLab) -> None:
        for name in BOTH:
            of.lab.fault(name, fault, **parameters)

    return strike


def _peers(of: AgentLab) -> None:
    for name, other in (BOTH, BOTH[::-1]):
        of.lab.fault(name, "link", to=other)


def _power_of_both(of: AgentLab) -> None:
    for name in BOTH:
        of.lab.power_off(name)


def _witness_then_owner(of: AgentLab) -> None:
    of.witness.down()
    of.lab.power_off("server1")


def _starts_nowhere(of: AgentLab) -> None:
    _on_both("start_failure")(of)
    of.crash("server1")


def _pause(of: AgentLab) -> None:
    of.lab.pause("server1", of.timers.ttl + 3 * of.timers.interval)


FAULTS = (
    Fault("the owner loses its power", lambda of: of.lab.power_off("server1")),
    Fault("the target loses its power", lambda of: of.lab.power_off("server2"), "server1", BOTH),
    Fault("the owner hangs", lambda of: of.lab.hang("server1")),
    Fault("the target hangs", lambda of: of.lab.hang("server2"), "server1", BOTH),
    Fault("the owner is suspended", _pause),
    Fault("the owner is shut down", lambda of: of.lab.reboot("server1", wait=False), ends=BOTH),
    Fault("the owner's network fails", _lab("server1", "nic")),
    Fault("the target's network fails", _lab("server2", "nic"), "server1", BOTH),
    Fault("the owner is cut from the witness", _lab("server1", "witness", action="cut"), None, BOTH),
    Fault("the nodes are cut from each other", _peers),
    Fault("the owner is cut from all", _lab("server1", "partition"), "server2", BOTH),
    Fault("the witness is slow", _on_both("witness", action="slow", seconds=0.01)),
    Fault("the witness is away", lambda of: of.witness.down(), None, BOTH),
    Fault("the witness is away, and the owner dies", _witness_then_owner, None, BOTH),
    Fault("both lose their power", _power_of_both, None, BOTH),
    Fault("the owner's agent is killed", _lab("server1", "agent", action="kill"), None, BOTH),
    Fault("the owner's agent hangs", _lab("server1", "agent", action="hang")),
    Fault("the owner's PowerShell is killed", _lab("server1", "bridge", action="kill"), None, BOTH),
    Fault("the owner's PowerShell hangs", _lab("server1", "bridge", action="hang"), None, BOTH),
    Fault("the site crashes", _lab("server1", "site_crash")),
    Fault("the site hangs", _lab("server1", "site_hang")),
    Fault("it does not start on the target", _lab("server2", "start_failure"), "server1", BOTH),
    Fault("it starts nowhere", _starts_nowhere, None, BOTH, given_up=True),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_switchover_that_a_fault_meets_ends_on_one_node(of, fault):
    suspended = of.timers.exposure if fault.strike is _pause else 0.0
    with of.watching(suspended):
        of.request("server2")
        fault.strike(of)
        if fault.serves != "server2":
            time.sleep(of.timers.ttl)
        if fault.serves is not None:
            of.until(of.serves(fault.serves))
        of.recover()
        of.until(lambda: fault.ended(of))


def test_a_switchover_back_and_forth_at_once_is_refused_while_one_is_under_way(of):
    with of.watching():
        of.request("server2")
        with pytest.raises(StandbyError, match="not answered yet"):
            of.request("server1")
        of.until(lambda: of.record.request is None and of.serves("server2")())


def test_a_site_that_is_held_is_moved_where_somebody_asks_for_it(of):
    with of.watching():
        target = until_held(of)
        of.request(target)
        of.until(lambda: of.record.request is None and of.serves(target)())


def test_without_local_recovery_a_switchover_and_a_crash_end_on_the_other_node(of):
    with of.configured(recovery=False), of.watching():
        of.request("server2")
        of.lab.fault("server1", "site_crash")
        of.until(of.serves("server2"))
