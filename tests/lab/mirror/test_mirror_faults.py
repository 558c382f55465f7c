# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power losses of the owner at random moments under a writing client: nothing that was acknowledged is lost.

``STANDBY_MIRROR_LOSSES=200`` plays two hundred of them; ten otherwise. ``STANDBY_MIRROR_SEED`` plays the same
moments again.
"""

from __future__ import annotations

import os
import random
import sys
import time

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import RequestKind
from tests.support.mirror_agents import MirrorAgents, Writer
from tests.support.mirror_lab import topology, until

pytestmark = [pytest.mark.alone, pytest.mark.faults]

LOSSES = int(os.environ.get("STANDBY_MIRROR_LOSSES", "10"))
SEED = int(os.environ.get("STANDBY_MIRROR_SEED", str(random.SystemRandom().randrange(1 << 30))))
# Every third power loss hits an owner whose mirror is cut: its copy is old, and has to be refused.
CUT_EACH = 3


@pytest.fixture(scope="module")
def agents(make_shared_lab, tmp_path_factory):
    lab = make_shared_lab(topology(tmp_path_factory.mktemp("topology")))
    made = MirrorAgents(lab)
    made.declare()
    made.install()
    yield made
    made.judge.judge()
    made.witness.end()


class Losses:
    """Power losses, one after the other.

    Attributes:
        taken, refused: how many ended in a takeover, and in a refusal.
    """

    def __init__(self, agents: MirrorAgents, writer: Writer, chance: random.Random) -> None:
        self.agents, self.writer, self.chance = agents, writer, chance
        self.taken = self.refused = 0

    def play(self, number: int) -> None:
        """One power loss of whoever has it, and what comes of it."""
        agents, lab = self.agents, self.agents.lab
        owner = agents.owner()
        assert owner is not None
        other = next(name for name in agents.cluster.nodes if name != owner)
        cut = number % CUT_EACH == CUT_EACH - 1
        if cut:
            lab.fault(other, "mirror", action="cut")
            agents.until(lambda: agents.current == (owner,))
            self.writer.goes_on(10.0)
        else:
            self._wait(0.0, 4.0)
        lab.power_off(owner)
        named = other in agents.current  # nobody has written since
        agents.until(lambda: agents.serves(other)() or agents.reason(other) == "old_data")
        if agents.reason(other) == "old_data":
            self._refused(owner, other, named=named)
        else:
            assert named, "a node took over that the record did not name"
            self._taken(owner, other)
        if cut:
            assert not named
            lab.clear(other, "mirror")
        self._wait(0.0, 3.0)

    def _taken(self, owner: str, other: str) -> None:
        self.taken += 1
        lab = self.agents.lab
        assert self.writer.missing(other) == []
        assert lab.lost(other, "R") == []
        self.writer.goes_on(15.0)
        assert self.agents.ask(RequestKind.ACKNOWLEDGE).accepted  # so that it is not held
        lab.power_on(owner)
        self.agents.recover()
        if self.chance.random() < 0.7:
            self.agents.until(self.agents.in_sync)
            self.agents.until(lambda: set(self.agents.current) == {owner, other})

    def _refused(self, owner: str, other: str, *, named: bool) -> None:
        self.refused += 1
        agents = self.agents
        told = agents.sentence(other)
        assert f"to={other} -e force=true, which loses what is newer" in told
        reason = "may have old data" if named else f"{other} has old data; it waits for {owner}"
        assert reason in told
        agents.lab.power_on(owner)
        agents._run(owner)
        # Either takes it, once both ends of the mirror have met again.
        agents.until(lambda: agents.serves(owner)() or agents.serves(other)())
        serving = agents.owner()
        assert serving is not None
        until(lambda: self.writer.missing(serving) == [], 5.0)

    def _wait(self, least: float, most: float) -> None:
        time.sleep(self.chance.uniform(least, most))


def test_no_acknowledged_byte_is_missing_after_a_failover(agents):
    sys.stdout.write(f"STANDBY_MIRROR_SEED={SEED}\n")
    writer = Writer(agents.lab, agents.cluster.nodes)
    losses = Losses(agents, writer, random.Random(SEED))
    with writer.writing():
        writer.goes_on(15.0)
        for number in range(LOSSES):
            losses.play(number)
        agents.until(agents.in_sync)
    for name in agents.cluster.nodes:
        until(lambda name=name: writer.missing(name) == [])
        assert agents.lab.lost(name, "R") == []
    told = f"{losses.taken} taken over, {losses.refused} refused"
    sys.stdout.write(f"{told}, {len(writer.acknowledged)} lines acknowledged\n")
    assert losses.taken
    assert losses.refused >= LOSSES // CUT_EACH


def test_a_refused_takeover_is_forced_by_the_command_that_it_names(agents):
    agents.settle()
    agents.until(agents.in_sync)
    agents.until(lambda: set(agents.current) == {"server1", "server2"})
    lab = agents.lab
    lab.fault("server2", "mirror", action="cut")
    agents.until(lambda: agents.current == ("server1",))
    lab.write("server1", "R:\\web\\alone.txt", "alone\n")
    lab.power_off("server1")
    agents.until(lambda: agents.reason("server2") == "old_data")
    assert agents.ask(RequestKind.SWITCHOVER, "server2", force=True).accepted
    agents.until(agents.serves("server2"))
    assert agents.current == ("server2",)
    assert [entry["path"] for entry in lab.lost("server2", "R")] == ["R:\\web\\alone.txt"]
    lab.clear("server2", "mirror")
    agents.recover()
    agents.until(agents.in_sync)  # the old source takes in what is there now
    assert agents.owner() == "server2"


def test_an_owner_that_hangs_writes_no_more_when_it_goes_on(agents):
    agents.settle()
    agents.until(agents.in_sync)
    agents.until(lambda: set(agents.current) == {"server1", "server2"})
    lab, writer = agents.lab, Writer(agents.lab, agents.cluster.nodes)
    with writer.writing(), agents.watching():
        writer.goes_on(15.0)
        lab.expected = True  # it holds its address while it hangs; what counts is judged at the end
        lab.hang("server1")
        agents.until(agents.serves("server2"))
        writer.goes_on(15.0)
        lab.resume("server1")
        agents.until(lambda: agents.reason("server1") == "elsewhere")
        writer.goes_on(15.0)
        agents.until(agents.in_sync)
    assert agents.owner() == "server2"
    assert writer.missing("server2") == []
    until(lambda: writer.missing("server1") == [])
