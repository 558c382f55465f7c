# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shared disk under random faults: never online on two nodes, and taken once a controller has said Off.

``STANDBY_DISK_FAULTS`` says how many faults are played, 10 without it.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import RequestKind
from tests.support.controlled_lab import NODES, ControlledLab
from tests.support.server_process import need
from tests.support.sushy_emulator import missing

pytestmark = [pytest.mark.alone, pytest.mark.faults]
_FAULTS = int(os.environ.get("STANDBY_DISK_FAULTS", "10"))
_SEED = int(os.environ.get("STANDBY_DISK_SEED", "1"))


@pytest.fixture(scope="module")
def controlled(make_shared_lab, tmp_path_factory) -> Iterator[ControlledLab]:
    need(missing())
    made = ControlledLab(make_shared_lab, tmp_path_factory.mktemp("controlled"))
    made.declare()
    made.install()
    yield made
    made.end()
    assert made.corrupted == []


@pytest.fixture
def of(controlled) -> ControlledLab:
    """The cluster, with the site and its disk in service on server1."""
    controlled.settle()
    assert controlled.online() == ["server1"]
    return controlled


def test_a_disk_is_taken_from_a_node_that_hangs_once_its_controller_has_said_off(of):
    with of.watching():
        of.lab.hang("server1")
        of.until(of.serves("server2"))
    assert of.lab.status("server1")["power"] == "off"
    assert of.controllers.state("server1") == "Off"
    assert of.online() == ["server2"]
    last = of.evidence("server2", "server1")
    assert last["off"]
    assert "ComputerSystem.Reset ForceOff, and read back as Off twice" in str(last["told"])
    assert of.said("server2", "server1 is surely off: ") == 1


def hang_and_wake(of: ControlledLab, chance: random.Random) -> None:
    """A node stands still, for a moment or for longer than its lease, and goes on."""
    name = chance.choice(NODES)
    of.lab.hang(name)
    time.sleep(chance.choice([0.3, 1.0, of.timers.ttl, of.timers.ttl + chance.uniform(0.0, 15.0)]))
    of.lab.resume(name)


def lose_power(of: ControlledLab, chance: random.Random) -> None:
    of.lab.power_off(chance.choice(NODES))


def kill_agent(of: ControlledLab, chance: random.Random) -> None:
    of.lab.fault(chance.choice(NODES), "agent", action="kill")


def crash_site(of: ControlledLab, chance: random.Random) -> None:
    owner = of.owner() or chance.choice(NODES)
    of.lab.clear(owner, "site_crash")
    of.lab.fault(owner, "site_crash")


def move(of: ControlledLab, chance: random.Random) -> None:
    of.request(chance.choice(NODES))


def _serves(of: ControlledLab) -> bool:
    """Whether the site is in service; where it is held, since it moved too often, that is acknowledged."""
    if any(of.reason(name) == "held" for name in NODES):
        of.ask(RequestKind.ACKNOWLEDGE)
    return any(of.serves(name)() for name in NODES)


_KINDS = (hang_and_wake, hang_and_wake, lose_power, kill_agent, crash_site, move)


def test_no_random_fault_ever_has_the_disk_online_on_two_nodes(of):
    chance = random.Random(_SEED)
    played, hung = [], 0
    for _number in range(_FAULTS):
        of.recover()
        of.until(lambda: _serves(of))
        fault = chance.choice(_KINDS)
        played.append(fault.__name__)
        try:
            fault(of, chance)
        except Exception as error:  # one that cannot be played at that moment: the node is down, for instance
            played[-1] += f" ({type(error).__name__})"
        hung += fault is hang_and_wake
        time.sleep(chance.uniform(0.0, of.timers.ttl))
        assert of.corrupted == [], played
        assert len(of.online()) < 2, played
    of.settle()
    assert of.corrupted == [], played
    assert hung or _FAULTS < 10, played


def test_a_disk_stays_where_it_is_while_no_controller_answers_and_a_person_may_say_off(of):
    of.controllers.pause()
    try:
        of.lab.hang("server1")
        of.until(lambda: of.reason("server2") == "waiting_for_confirmation")
        time.sleep(of.timers.ttl)
        assert of.online() == ["server1"]
        answer = of.ask(RequestKind.SWITCHOVER, "server2")
        assert not answer.accepted
        assert "nobody has confirmed that it is off" in answer.sentence
        of.lab.power_off("server1")
        assert of.command("server2", "confirm-off", "server1").startswith("server1 counts as off")
        of.until(of.serves("server2"))
        assert of.online() == ["server2"]
    finally:
        of.controllers.resume()
