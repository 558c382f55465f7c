# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent does with a warm site on lab nodes, without the witness and the leases that say when."""

from __future__ import annotations

import time
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.hands import Hands
from ansible_collections.standby.iis.plugins.module_utils.agent.warm_standby import WarmStandby
from ansible_collections.standby.iis.plugins.module_utils.control.site import SiteRequest, ensure_site
from ansible_collections.standby.iis.plugins.module_utils.control.store import read_node
from ansible_collections.standby.iis.plugins.module_utils.control.survey import gather
from ansible_collections.standby.iis.plugins.module_utils.ha.disturbance import looked_after
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import Scope, narrowed
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check, StandbyMode
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Do, Reason, Verb
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import LocalState
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS
from ansible_collections.standby.iis.plugins.module_utils.windows import iis
from lab.prober import Prober, Target
from tests.support.agent_threads import shared_node
from tests.support.cluster_lab import NODES, ClusterLab

pytestmark = pytest.mark.long
SITE, LAST = "survey.example.org", 195


class Forever:
    """A lease that does not end."""

    @property
    def until(self) -> float:
        return time.monotonic() + 3600.0

    def serves(self, _now: float) -> bool:
        return True


class Side:
    """An agent's hands on one node, and what it has stand by there."""

    def __init__(self, cluster: ClusterLab, name: str) -> None:
        self.lab, self.name = cluster.lab, name
        self.node = shared_node(cluster.connection(name))
        definition = read_node(self.node)
        assert definition is not None
        (self.hierarchy,) = looked_after(definition)
        self.told: SimpleQueue[tuple[str, LocalState, str]] = SimpleQueue()
        self.shown: dict[str, str] = {}
        self.said: list[str] = []
        self.hands = Hands(
            self.node,
            shared_node(cluster.connection(name)),
            {SITE: self.hierarchy},
            PRESETS["wan"],
            Forever(),
            lambda *one: self.told.put(one),
            lambda call: call(),
        )
        self.standby = WarmStandby(
            self.node, self.hands.unless_begun, lambda call: call(), self.said.append, self.shown.__setitem__
        )

    def do(self, verb: Verb, reason: Reason) -> LocalState:
        """Have it done; what it ends in."""
        self.hands.begin(Do(verb, SITE, 1, reason, "it is asked for"))
        _name, state, problem = self.told.get(timeout=60)
        assert not problem
        return state

    def look(self) -> str:
        """What the quick check of an agent has it say of how ready it is."""
        facts = gather(self.node, narrowed(Scope.CHECK, self.hierarchy.sites))
        assert facts.problem is None
        self.standby.look(self.hierarchy, facts)
        return self.shown[SITE]

    def stops(self) -> int:
        """How often the site was stopped there."""
        return self.lab.state.events(self.name).read_text().count('"iis.site_stopped"')

    def close(self) -> None:
        self.standby.close()
        self.hands.close()
        self.node.close()


@pytest.fixture(scope="module")
def cluster(lab) -> ClusterLab:
    made = ClusterLab(lab)
    made.ip(LAST, 16)
    made.volume("E:")
    check = Check(f"http://{made.address(LAST)}:8080/", timeout=2.0)
    wanted = SiteRequest(SITE, NODES, (check,), standby_mode=StandbyMode.WARM)
    with made.fleet() as fleet:
        ensure_site(fleet, wanted, False)
    return made


@pytest.fixture
def sides(cluster) -> Iterator[tuple[Side, Side]]:
    """In service on the first, ready on the second."""
    both = Side(cluster, "server1"), Side(cluster, "server2")
    both[1].do(Verb.STOP, Reason.HANDING_OVER)
    both[0].do(Verb.START, Reason.STARTING)
    yield both
    for one in both:
        cluster.lab.clear(one.name, "deaf")
        one.close()


def answers(cluster: ClusterLab) -> set[str]:
    prober = Prober([Target(SITE, f"http://{cluster.address(LAST)}:8080/")])
    prober.start()
    time.sleep(0.4)
    return set(prober.stop().targets[0].answers)


def test_what_was_stopped_on_a_backup_is_seen_by_the_quick_check_and_started_again(cluster, sides):
    backup = sides[1]
    iis.stop_site(backup.node, SITE)
    assert backup.look() == "warm: not ready, because the site is not started"
    end = time.monotonic() + 30.0
    while backup.look() != "warm: ready":
        assert time.monotonic() < end, backup.said
        time.sleep(0.1)
    assert answers(cluster) == {"SERVER1"}


def test_it_is_given_away_and_taken_without_a_stop_and_restarted_with_one(cluster, sides):
    owner, backup = sides
    before = [one.stops() for one in sides]
    assert owner.do(Verb.STOP, Reason.HANDING_OVER) is LocalState.DOWN
    assert answers(cluster) == set()
    assert owner.hands.survey() == {SITE: LocalState.DOWN}
    assert owner.look() == "warm: ready"
    assert backup.do(Verb.START, Reason.STARTING) is LocalState.UP
    assert backup.hands.survey() == {SITE: LocalState.UP}
    assert answers(cluster) == {"SERVER2"}
    assert [one.stops() for one in sides] == before

    assert backup.do(Verb.STOP, Reason.RECOVERING) is LocalState.DOWN
    assert backup.stops() == before[1] + 1
    assert backup.do(Verb.START, Reason.STARTING) is LocalState.UP
    assert answers(cluster) == {"SERVER2"}


def test_a_node_without_standing_gives_up_its_address_alone(cluster, sides):
    owner, _backup = sides
    before = owner.stops()
    assert owner.do(Verb.STOP, Reason.NO_STANDING) is LocalState.DOWN
    assert (owner.stops(), answers(cluster)) == (before, set())


def test_where_a_late_address_is_not_served_the_start_ends_with_the_site_started_again(cluster, sides):
    owner, backup = sides
    cluster.lab.fault("server2", "deaf")
    before = backup.stops()
    owner.do(Verb.STOP, Reason.HANDING_OVER)
    assert backup.do(Verb.START, Reason.STARTING) is LocalState.UP
    assert backup.stops() == before + 1
    assert answers(cluster) == {"SERVER2"}
