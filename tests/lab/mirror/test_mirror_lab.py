# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site on a mirrored volume, as an operator has it without agents: made, moved, suspended, removed."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import put_in_service
from ansible_collections.standby.iis.plugins.module_utils.control.mirror import (
    MirrorOrder,
    ensure_mirror,
    remove_mirror,
)
from ansible_collections.standby.iis.plugins.module_utils.control.mirror_request import MirrorWanted
from ansible_collections.standby.iis.plugins.module_utils.control.site import remove_site
from ansible_collections.standby.iis.plugins.module_utils.control.volume import (
    VolumeRequest,
    remove_volume,
)
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import End
from ansible_collections.standby.iis.plugins.module_utils.windows.storage_replica import StorageReplica
from lab.control import ControlError
from tests.support.cluster_lab import ClusterLab, check_told
from tests.support.mirror_lab import SITE, topology, until

pytestmark = [pytest.mark.xdist_group("mirror"), pytest.mark.long]

NODES = ("server1", "server2")


@pytest.fixture(scope="module")
def lab(make_shared_lab, tmp_path_factory):
    return make_shared_lab(topology(tmp_path_factory.mktemp("topology")))


@pytest.fixture(scope="module")
def cluster(lab):
    cluster = ClusterLab(lab)
    cluster.ip(195, 16, dad_transmits=0)
    return cluster


def order(cluster, *, check=False, nodes=NODES, path="R:", wanted=None, **options):
    with cluster.fleet() as fleet:
        request = VolumeRequest(path, "mirror", nodes, mirror=wanted or MirrorWanted("L:"))
        return ensure_mirror(fleet, request, MirrorOrder(**options), check)


def in_sync(cluster):
    return order(cluster, check=True).data["mirror"]["condition"] == "in_sync"


@pytest.fixture(scope="module")
def mirrored(cluster):
    """The site on its mirror, in service on server1."""
    made = order(cluster)
    assert made.changed
    until(lambda: in_sync(cluster))
    url = f"http://{cluster.address(195)}:8080/"
    cluster.protect(SITE, Check(url))
    cluster.put(SITE, "server1")
    return made


def test_a_mirror_is_made_once(cluster, mirrored):
    assert mirrored.data["plan"] == [
        "make the replication group of volume R:\\ on server1",
        "make the replication group of volume R:\\ on server2",
        "copy volume R:\\ from server1 to server2; what R:\\ has on server2 is overwritten",
    ]
    again = order(cluster)
    assert (again.changed, again.data["plan"], again.data["notes"]) == (False, [], [])
    assert again.data["mirror"]["source"] == "server1"
    other = order(cluster, wanted=MirrorWanted("L:", log_size=2 << 30))
    assert not other.changed
    assert [note.split(":\\ ")[1][:36] for note in other.data["notes"]] == [
        "on server1 has 8.0 GB, not 2 GB: log",
        "on server2 has 8.0 GB, not 2 GB: log",
    ]


def test_a_switchover_turns_it_round_and_back(lab, cluster, mirrored):
    lab.write("server1", "R:\\web\\data.txt", "before\n")
    with cluster.fleet() as fleet:
        told = put_in_service(fleet, SITE, "server2", True)
    assert told.data["plan"][0] == "wait until the mirror of volume R:\\ is in sync on server2"
    moved = cluster.put(SITE, "server2")
    assert moved.changed
    assert "make server2 the source of the mirror of volume R:\\" in moved.data["plan"]
    assert cluster.status(SITE)["owner"] == "server2"
    with pytest.raises(ControlError):
        lab.write("server1", "R:\\web\\data.txt", "lost\n")
    lab.write("server2", "R:\\web\\data.txt", "after\n")
    until(lambda: in_sync(cluster))
    assert lab.lost("server1", "R") == lab.lost("server2", "R") == []
    assert not cluster.put(SITE, "server2").changed
    cluster.put(SITE, "server1")
    assert (lab.state.node("server1") / "drives/R/web/data.txt").read_text() == "before\nafter\n"


def test_a_suspended_mirror_is_in_the_way(cluster, mirrored):
    assert order(cluster, check=True, suspended=True).data["plan"] == [
        "suspend the mirror of volume R:\\ on server1"
    ]
    assert order(cluster, suspended=True).changed
    assert not order(cluster, suspended=True).changed
    with pytest.raises(StandbyError, match="suspended on server1") as refused:
        cluster.put(SITE, "server2")
    told = check_told(refused.value, resource="volume R:\\")
    assert "would be lost" in told
    assert cluster.status(SITE)["owner"] == "server1"
    assert order(cluster, suspended=False).changed
    until(lambda: in_sync(cluster))


def test_a_copy_that_catches_up_is_waited_for(lab, cluster, mirrored):
    order(cluster, suspended=True)
    for number in range(20):
        lab.write("server1", "R:\\web\\much.txt", f"{number:04}" * 500)
    lab.fault("server1", "mirror", action="slow", bytes_per_second=20_000)
    order(cluster, suspended=False)
    cluster.put(SITE, "server2")
    lab.clear("server1", "mirror")
    assert lab.lost("server2", "R") == []
    until(lambda: in_sync(cluster))
    cluster.put(SITE, "server1")


def test_a_destination_that_is_off_is_in_the_way(lab, cluster, mirrored):
    lab.power_off("server2")
    with pytest.raises(StandbyError, match="server2") as refused:
        cluster.put(SITE, "server2")
    check_told(refused.value, node="server2")
    lab.power_on("server2")
    until(lambda: in_sync(cluster))


def test_a_mirror_that_was_removed_by_hand_is_reported_and_made_again(lab, cluster, mirrored):
    ends = {name: End(name.upper(), f"standby-R-{name}", "R:\\", "L:\\") for name in NODES}
    lab.fault("server2", "mirror", action="cut")
    with cluster.fleet() as fleet, fleet.lease("server2") as node:
        StorageReplica().unpair(node, ends["server1"], ends["server2"], alone=True)
        StorageReplica().remove_end(node, ends["server2"])
    lab.clear("server2", "mirror")
    with pytest.raises(StandbyError, match="never made, or was removed") as refused:
        cluster.put(SITE, "server2")
    check_told(refused.value, node="server2", resource="volume R:\\")
    made = order(cluster)
    assert made.data["plan"][0] == "end what is left of the mirror of volume R:\\ on server1"
    until(lambda: in_sync(cluster))


def test_the_node_in_use_is_never_overwritten(cluster, mirrored):
    with pytest.raises(StandbyError, match="server1 is the source of its mirror, not server2"):
        order(cluster, source="server2")


def test_another_mirror_of_the_same_volume_is_refused(cluster, mirrored):
    with pytest.raises(StandbyError, match="defined already, in another way: sync"):
        order(cluster, wanted=MirrorWanted("L:", "async", 60))


def test_the_last(lab, cluster, mirrored):
    """It is removed once no site is on it; both nodes keep the data, and can use it."""
    with cluster.fleet() as fleet:
        with pytest.raises(StandbyError, match="depends on it"):
            remove_mirror(fleet, "R:", False)
        remove_site(fleet, SITE, delete_twins=False, check=False)
        with pytest.raises(StandbyError, match="would be left without a declaration"):
            remove_volume(fleet, "R:", False)
        remove_volume(fleet, "R:", False, mirror_ends=True)  # as the playbook remove leaves it
        with pytest.raises(StandbyError, match="not declared, and its mirror is still there"):
            remove_mirror(fleet, "R:", False)
    assert order(cluster).data["plan"] == []
    with cluster.fleet() as fleet:
        gone = remove_mirror(fleet, "R:", True)
        assert gone.data["plan"][0] == "end the mirror of volume R:\\ on server1"
        assert remove_mirror(fleet, "R:", False).changed
        assert not remove_mirror(fleet, "R:", False).changed
    for name in NODES:
        assert "R" in {entry.name for entry in lab.state.root(name).iterdir()}
