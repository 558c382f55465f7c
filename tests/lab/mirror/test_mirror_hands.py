# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hands of an agent take over a mirrored hierarchy from a node that is dead, in both documented ways."""

from __future__ import annotations

import queue
import time
import urllib.request

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.hands import Hands
from ansible_collections.standby.iis.plugins.module_utils.control import store
from ansible_collections.standby.iis.plugins.module_utils.control.mirror import MirrorOrder, ensure_mirror
from ansible_collections.standby.iis.plugins.module_utils.control.mirror_request import MirrorWanted
from ansible_collections.standby.iis.plugins.module_utils.control.mirrors import turn_mirror
from ansible_collections.standby.iis.plugins.module_utils.control.survey import gather
from ansible_collections.standby.iis.plugins.module_utils.control.volume import VolumeRequest
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import Scope
from ansible_collections.standby.iis.plugins.module_utils.ha.graph import find, hierarchies
from ansible_collections.standby.iis.plugins.module_utils.ha.mirror import current
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Do, Reason, Verb
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import LocalState
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import timers
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import End
from ansible_collections.standby.iis.plugins.module_utils.windows.storage_replica import StorageReplica
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from tests.support.cluster_lab import ClusterLab
from tests.support.mirror_lab import SITE, topology, until

pytestmark = [pytest.mark.xdist_group("mirror"), pytest.mark.long]

NODES = ("server1", "server2")


class Lease:
    """One that lasts."""

    @property
    def until(self) -> float:
        return time.monotonic() + 60.0

    def serves(self, _now: float) -> bool:
        return True


@pytest.fixture
def cluster(make_lab, tmp_path):
    cluster = ClusterLab(make_lab(topology(tmp_path / "topology")))
    cluster.ip(195, 16, dad_transmits=0)
    order(cluster)
    until(lambda: order(cluster, check=True)["condition"] == "in_sync")
    cluster.protect(SITE, Check(f"http://{cluster.address(195)}:8080/"))
    cluster.put(SITE, "server1")
    return cluster


def order(cluster, *, check=False, **options):
    with cluster.fleet() as fleet:
        request = VolumeRequest("R:", "mirror", NODES, mirror=MirrorWanted("L:"))
        return ensure_mirror(fleet, request, MirrorOrder(**options), check).data["mirror"]


@pytest.mark.parametrize("action", ["slow", "refuse"])
def test_a_dead_node_is_replaced_and_what_it_acknowledged_is_there(cluster, action):
    lab = cluster.lab
    with cluster.fleet() as fleet:
        whole = find(hierarchies(store.read_cluster(fleet)), SITE)
    lab.write("server1", "R:\\web\\data.txt", "acknowledged\n")
    lab.fault("server2", "mirror_promote", action=action)
    lab.power_off("server1")
    told: queue.Queue[tuple[str, LocalState, str]] = queue.Queue()
    node, renewals = (connect(cluster.connection("server2")) for _each in range(2))
    hands = Hands(
        node,
        renewals,
        {SITE: whole},
        timers("lan"),
        Lease(),
        lambda *report: told.put(report),
        lambda call: call(),
    )
    try:
        hands.begin(Do(Verb.START, SITE, 2, Reason.STARTING, "a test"))
        assert told.get(timeout=60) == (SITE, LocalState.UP, "")
        page = urllib.request.urlopen(f"http://{cluster.address(195)}:8080/data.txt", timeout=5)
        assert page.read() == b"acknowledged\n"
        assert lab.lost("server2", "R") == []
        facts = gather(node, Scope.MEMBERS | Scope.MIRRORS)
        assert current(whole, facts) == ("server2",)  # the other node misses whatever comes from now on
        lab.power_on("server1")
        if action == "slow":
            until(lambda: current(whole, gather(node, Scope.MIRRORS)) == NODES)
        hands.begin(Do(Verb.STOP, SITE, 2, Reason.STOPPING, "a test"))
        assert told.get(timeout=60) == (SITE, LocalState.DOWN, "")
    finally:
        hands.close()
        for session in (node, renewals):
            session.close()


@pytest.mark.parametrize("left", [True, False])
def test_after_a_promotion_by_removal_the_mirror_is_made_again_from_where_a_person_says(cluster, left):
    lab = cluster.lab
    lab.fault("server2", "mirror_promote", action="refuse")
    lab.power_off("server1")
    with cluster.open() as fleet, fleet.lease("server2") as node:
        whole = find(hierarchies(store.read_node(node)), SITE)
        turn_mirror(node, whole.volumes[0], time, promote=True)
    (lab.state.node("server2") / "drives/R/web/newer.txt").write_text("newer")
    lab.power_on("server1")
    if not left:  # installed anew, or removed by hand
        ends = [End(name.upper(), f"standby-R-{name}", "R:\\", "L:\\") for name in ("server1", "server2")]
        with cluster.open() as fleet, fleet.lease("server1") as node:
            StorageReplica().unpair(node, *ends, alone=True)
            StorageReplica().remove_end(node, ends[0])
    with pytest.raises(StandbyError, match="whose data is the newest cannot be told"):
        order(cluster)
    assert order(cluster, source="server2")["source"] == "server2"
    until(lambda: order(cluster, check=True)["condition"] == "in_sync")
    assert (lab.state.node("server1") / "drives/R/web/newer.txt").read_text() == "newer"
