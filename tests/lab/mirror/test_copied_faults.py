# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power losses of the owner at random moments of deployments: never a mixture of two states, never too old.

``STANDBY_COPY_LOSSES=20`` plays twenty of them; three otherwise. ``STANDBY_COPY_SEED`` plays the same moments
again.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections import defaultdict
from contextlib import contextmanager

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import RequestKind
from tests.support.copied_agents import RPO, CopiedAgents, plain_topology

pytestmark = [pytest.mark.alone, pytest.mark.faults]

LOSSES = int(os.environ.get("STANDBY_COPY_LOSSES", "3"))
SEED = int(os.environ.get("STANDBY_COPY_SEED", str(random.SystemRandom().randrange(1 << 30))))
FILES = [f"page{number}.html" for number in range(5)]
# Seconds that a look at all files may take, during which they may change.
LOOK = 0.5


class Deployer:
    """Writes new versions of all files one after the other, and remembers when each was there."""

    def __init__(self, agents: CopiedAgents, chance: random.Random) -> None:
        self.agents, self.chance = agents, chance
        self.written: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.version = 0

    @contextmanager
    def deploying(self, name: str):
        """Deploy to a node until the end of the block."""
        ends = threading.Event()

        def deploy():
            while not ends.is_set():
                self.deploy(name)
                ends.wait(self.chance.uniform(0.5, 2.5))

        thread = threading.Thread(target=deploy, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ends.set()
            thread.join()

    def deploy(self, name: str) -> None:
        self.version += 1
        for file in FILES:
            self.agents.put(name, file, f"{self.version} " + "x" * self.chance.randrange(300_000))
            self.written[file].append((self.version, time.monotonic()))
            time.sleep(self.chance.uniform(0.0, 0.05))

    def judge(self, name: str, died: float) -> float:
        """What a node has was there on the lost one, all of it at the same time; how long before its end."""
        begin, end = 0.0, died
        for file in FILES:
            version = int((self.agents.has(name, file) or "0").split()[0])
            times = dict(self.written[file])
            begin = max(begin, times[version])
            end = min(end, times.get(version + 1, died))
        assert begin <= end + LOOK, f"a mixture: {begin - end:.2f} s apart"
        return died - end

    def restart(self, name: str) -> None:
        """What the lost node alone had is gone: go on from what another one has."""
        self.version = max(int((self.agents.has(name, file) or "0").split()[0]) for file in FILES)
        self.written.clear()
        self.deploy(name)


@pytest.fixture(scope="module")
def agents(make_shared_lab, tmp_path_factory):
    made = CopiedAgents(make_shared_lab(plain_topology(tmp_path_factory.mktemp("topology"))))
    made.declare()
    made.install()
    yield made
    made.judge.judge()
    made.witness.end()


def test_a_lost_owner_leaves_one_state_of_its_content_within_the_rpo(agents):
    sys.stdout.write(f"STANDBY_COPY_SEED={SEED}\n")
    chance = random.Random(SEED)
    deployer, taken, ages = Deployer(agents, chance), 0, []
    deployer.deploy("server1")
    for _number in range(LOSSES):
        agents.until(agents.both)
        owner = agents.owner()
        other = next(name for name in agents.cluster.nodes if name != owner)
        agents.until(lambda other=other: agents.has(other, FILES[-1]) is not None)
        with deployer.deploying(owner):
            time.sleep(chance.uniform(2.0, 8.0))
        agents.lab.power_off(owner)
        died = time.monotonic()
        agents.until(lambda other=other: agents.serves(other)() or agents.reason(other) == "old_data")
        ages.append(deployer.judge(other, died))
        if agents.reason(other) == "old_data":
            assert agents.ask(RequestKind.SWITCHOVER, other, force=True).accepted
            agents.until(agents.serves(other))
        else:
            taken += 1
            assert ages[-1] <= RPO + LOOK
        assert agents.ask(RequestKind.ACKNOWLEDGE).accepted
        agents.recover()
        deployer.restart(other)
    told = f"{taken} of {LOSSES} taken over; ages {', '.join(f'{age:.1f}' for age in ages)} s"
    sys.stdout.write(f"{told}\n")
    assert taken
