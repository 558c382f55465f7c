# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shared disk of lab nodes: their SAN policy is told, and nothing is served from a damaged file system."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import MoveFailed
from ansible_collections.standby.iis.plugins.module_utils.windows.storage import DiskPolicy, read_disk_policy
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from tests.support.cluster_lab import SHARED, ClusterLab, node, site, write_topology

pytestmark = pytest.mark.long
SITE = "web"


@pytest.fixture(scope="module")
def cluster(make_shared_lab, tmp_path_factory) -> Iterator[ClusterLab]:
    """server1 leaves shared disks offline, server2 brings all disks online that it has not seen."""
    nodes = [node(1, content=True), node(2, windows={"san_policy": 1})]
    sites = [site(SITE, 1, "127.77.1.195", folder=r"F:\web")]
    made = ClusterLab(make_shared_lab(write_topology(tmp_path_factory.mktemp("disk"), sites, nodes)))
    made.ip(195, 16)
    made.told = made.volume("F:", SHARED).data["cautions"]
    made.protect(SITE)
    yield made


def test_a_node_that_brings_shared_disks_online_is_told(cluster):
    (told,) = cluster.told
    assert told.startswith("server2: its SAN policy is OnlineAll")
    for name, policy in (("server1", DiskPolicy.OFFLINE_SHARED), ("server2", DiskPolicy.ONLINE_ALL)):
        session = connect(cluster.connection(name))
        assert read_disk_policy(session) is policy
        session.close()


def test_a_site_is_not_served_from_a_damaged_file_system(cluster):
    cluster.put(SITE, "server1")
    cluster.lab.fault("server2", "dirty", disk="web")
    with pytest.raises(MoveFailed) as failed:
        cluster.put(SITE, "server2")
    told = str(failed.value)
    assert "volume F:\\" in told
    assert "its file system needs a full repair before it may be used" in told
    found = cluster.status(SITE)
    assert (found["state"], found["owner"]) == ("in_service", "server1")
    cluster.lab.clear("server2", "dirty")
    cluster.put(SITE, "server2")
    assert cluster.status(SITE)["owner"] == "server2"
