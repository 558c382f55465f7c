# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two agents at work on two lab nodes: what they bring into service, move, give away, and keep."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS, bound
from lab.prober import Prober, Target
from tests.support.agent_threads import AgentThread
from tests.support.cluster_lab import ClusterLab

TIMERS = PRESETS["fast"]
BOUND = bound(TIMERS, nodes=2) + 10.0
SITE = "survey.example.org"

pytestmark = pytest.mark.alone


class Agents:
    """A cluster with an agent on each node."""

    def __init__(self, lab, witness) -> None:
        self.lab, self.witness = lab, witness
        self.cluster = ClusterLab(lab)
        self.of = {
            name: AgentThread(self.cluster.connection(name), witness, TIMERS) for name in self.cluster.nodes
        }
        for name, one in self.of.items():
            one.peers = self.of
            one.start()
            self.until(self.serves("server1") if name == "server1" else self.watches(name))

    def owner(self) -> str | None:
        """The node that serves, as the nodes show it."""
        for name in self.cluster.nodes:
            status = self.lab.status(name)
            held = [one["address"] for one in status.get("addresses", ())]
            if self.cluster.address(195) in held:
                return name
        return None

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Clients are answered meanwhile, every one, and by one node."""
        prober = Prober([Target("site", f"http://{self.cluster.address(195)}:8080/")])
        prober.start()
        yield
        time.sleep(0.2)
        (seen,) = prober.stop().targets
        assert seen.samples > 10
        # A request that this busy machine forgot for a second is no outage: those fail at once, and many.
        failed = Counter(outcome for gap in seen.gaps for outcome in Counter(gap.failed).elements())
        assert failed.total() == failed["timeout"] <= 2
        assert not seen.overlaps

    def until(self, holds: Callable[[], bool], seconds: float = BOUND) -> None:
        """Wait until something holds."""
        end = time.monotonic() + seconds
        while not holds():
            told = {name: one.told for name, one in self.of.items()}
            assert time.monotonic() < end, (told, [one.said[-5:] for one in self.of.values()])
            time.sleep(0.05)

    def watches(self, name: str) -> Callable[[], bool]:
        return lambda: self.of[name].told.get(SITE, ("", ""))[0] == "elsewhere"

    def serves(self, name: str) -> Callable[[], bool]:
        return lambda: self.of[name].told.get(SITE, ("", ""))[0] == "in_service" and self.owner() == name


@pytest.fixture
def agents(make_lab, tmp_path) -> Iterator[Agents]:
    lab = make_lab()
    cluster = ClusterLab(lab)
    cluster.ip(195, 16)
    cluster.volume("E:")
    cluster.protect(SITE, Check(f"http://{cluster.address(195)}:8080/", timeout=1.0))
    made = Agents(lab, tmp_path)
    yield made
    for one in made.of.values():
        if one._worker is not None:
            one.kill()


def test_a_new_process_goes_on_from_the_last_one_without_a_gap(agents):
    agents.until(agents.serves("server1"))
    with agents.answering():
        agents.of["server1"].kill()
        agents.of["server1"].start(resume=True)
        time.sleep(3 * TIMERS.interval)
    assert agents.owner() == "server1"


def test_an_agent_that_leaves_gives_its_site_away_at_once(agents):
    agents.until(agents.serves("server1"))
    agents.of["server1"].leave()
    agents.until(agents.serves("server2"), TIMERS.ttl)


def test_a_site_that_does_not_recover_is_given_away(agents):
    agents.until(agents.serves("server1"))
    agents.lab.fault("server1", "status")
    agents.until(agents.serves("server2"), 2 * BOUND)
    assert agents.of["server1"].restarts(SITE) == TIMERS.recovery_attempts
