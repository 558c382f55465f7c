# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirrored site by the playbooks that an operator types; and nodes that a mirror cannot be made on."""

from __future__ import annotations

import json

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.mirror import MirrorOrder, ensure_mirror
from ansible_collections.standby.iis.plugins.module_utils.control.mirror_request import MirrorWanted
from ansible_collections.standby.iis.plugins.module_utils.control.volume import VolumeRequest
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from playbooks import play
from tests.support.cluster_lab import ClusterLab, check_told
from tests.support.mirror_lab import SITE, mirrored_node, topology

pytestmark = [pytest.mark.xdist_group("mirror"), pytest.mark.long]

NODES = ["server1", "server2"]


def configure(lab, *arguments: str, path="R:\\"):
    structure = {
        "cluster_volumes": [{"path": path, "kind": "mirror", "nodes": NODES, "mirror": {"log": "L:\\"}}],
        "cluster_ips": [{"address": f"{lab.address('1.195')}/16", "nodes": NODES}],
        "cluster_sites": [
            {"name": SITE, "nodes": NODES, "checks": [{"url": f"http://{lab.address('1.195')}:8080/"}]}
        ],
    }
    return play(lab.state.folder, "standby.iis.configure", "-e", json.dumps(structure), *arguments)


def groups(lab, name):
    file = lab.state.node(name) / "replica.json"
    return json.loads(file.read_text()) if file.exists() else []


def test_a_mirrored_site_is_configured_moved_and_left_as_it_is(make_lab, tmp_path):
    lab = make_lab(topology(tmp_path / "topology"))
    told = configure(lab, "--check")
    assert told.code == 0, told.text
    assert groups(lab, "server1") == []  # the check mode has only told

    made = configure(lab)
    assert made.code == 0, made.text
    assert [group["primary"] for name in NODES for group in groups(lab, name)] == [True, False]
    again = configure(lab)
    assert (again.code, again.changed) == (0, 0), again.text

    moved = play(lab.state.folder, "standby.iis.switchover", "-e", f"hierarchy={SITE}", "-e", "to=server2")
    assert moved.code == 0, moved.text
    assert "make server2 the source of the mirror of volume R:" in moved.text
    assert [group["primary"] for name in NODES for group in groups(lab, name)] == [False, True]
    after = configure(lab)
    assert (after.code, after.changed) == (0, 0), after.text


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ({"size": 41}, "its data partitions are of unequal size"),
        ({"log": 10}, "the log volume L:"),
        ({"style": "mbr"}, "is not partitioned by GPT"),
        ({"windows": {"domain": ""}}, "is in no domain"),
        ({"windows": {"edition": "Standard", "server": 2016}}, "in its Datacenter edition alone"),
        ({"windows": {"storage_replica": False}}, "Install-WindowsFeature Storage-Replica"),
    ],
)
def test_nodes_that_do_not_fit_are_refused_before_anything_is_made(make_lab, tmp_path, second, told):
    lab = make_lab(topology(tmp_path / "topology", [mirrored_node(1), mirrored_node(2, **second)]))
    refused = configure(lab)
    assert refused.code != 0
    assert told in refused.text
    assert "volume R:" in refused.text
    assert groups(lab, "server1") == groups(lab, "server2") == []


def test_a_disk_that_is_not_there_and_a_third_node_are_refused(make_lab, tmp_path):
    lab = make_lab(topology(tmp_path / "topology", [mirrored_node(number) for number in (1, 2, 3)]))
    unknown = configure(lab, path="Q:\\")
    assert unknown.code != 0
    for name in NODES:
        assert f"{name}: there is no data volume Q:" in unknown.text
    assert "Create it there" in unknown.text
    three = ClusterLab(lab, (*NODES, "server3"))
    request = VolumeRequest("R:", "mirror", three.nodes, mirror=MirrorWanted("L:"))
    with (
        three.fleet() as fleet,
        pytest.raises(StandbyError, match="exactly two nodes, and there are 3") as third,
    ):
        ensure_mirror(fleet, request, MirrorOrder(), False)
    told = check_told(third.value, resource="volume R:\\")
    assert "there are 3 (server1, server2, server3)" in told
    assert "Name two nodes" in told
    assert [groups(lab, name) for name in three.nodes] == [[], [], []]
