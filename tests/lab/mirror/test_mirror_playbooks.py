# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirrored site by the playbooks that an operator types; and nodes that a mirror cannot be made on."""

from __future__ import annotations

import json

import pytest

from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import End
from ansible_collections.standby.iis.plugins.module_utils.windows.storage_replica import StorageReplica
from playbooks import play
from tests.support.cluster_lab import ClusterLab
from tests.support.mirror_lab import SITE, mirrored_node, topology, until

pytestmark = [pytest.mark.xdist_group("mirror"), pytest.mark.long]

NODES = ["server1", "server2"]


def configure(lab, *arguments: str, path="R:\\", nodes=None):
    structure = {
        "cluster_volumes": [
            {"path": path, "kind": "mirror", "nodes": nodes or NODES, "mirror": {"log": "L:\\"}}
        ],
        "cluster_ips": [{"address": f"{lab.address('1.195')}/16", "nodes": NODES}],
        "cluster_sites": [
            {"name": SITE, "nodes": NODES, "checks": [{"url": f"http://{lab.address('1.195')}:8080/"}]}
        ],
    }
    return play(lab.state.folder, "standby.iis.configure", "-e", json.dumps(structure), *arguments)


def plain(played) -> str:
    """What it printed, without what JSON does to backslashes."""
    return played.text.replace("\\\\", "\\")


def show(lab):
    return play(lab.state.folder, "standby.iis.status")


def move(lab, to: str, *arguments: str):
    named = ("-e", f"hierarchy={SITE}", "-e", f"to={to}")
    return play(lab.state.folder, "standby.iis.switchover", *named, *arguments)


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
    ("second", "told", "remedy"),
    [
        ({"size": 41}, "its data partitions are of unequal size", "Make them equal to the byte"),
        ({"log": 10}, "server2, volume R:\\: the log volume L:", "Make room there, use a larger volume"),
        (
            {"style": "mbr"},
            "server2, volume R:\\: the disk of R:\\ is not partitioned by GPT",
            "Convert it (mbr2gpt",
        ),
        (
            {"windows": {"domain": ""}},
            "server2, volume R:\\: the node is in no domain",
            "Join both nodes to one forest",
        ),
        (
            {"windows": {"edition": "Standard", "server": 2016}},
            "server2, volume R:\\: Windows Server 2016 has Storage Replica in its Datacenter edition alone",
            "Use the Datacenter edition",
        ),
        (
            {"windows": {"storage_replica": False}},
            "server2, volume R:\\: Storage Replica is not installed",
            "Install-WindowsFeature Storage-Replica",
        ),
    ],
    ids=["size", "log", "mbr", "domain", "edition", "feature"],
)
def test_nodes_that_do_not_fit_are_refused_before_anything_is_made(make_lab, tmp_path, second, told, remedy):
    lab = make_lab(topology(tmp_path / "topology", [mirrored_node(1), mirrored_node(2, **second)]))
    for mode in (["--check"], []):
        refused = configure(lab, *mode)
        assert refused.code != 0
        text = plain(refused)
        assert told in text
        assert remedy in text
        assert "server2" in text
        assert "volume R:" in text
        assert groups(lab, "server1") == groups(lab, "server2") == []


def test_a_disk_that_is_not_there_and_a_third_node_are_refused(make_lab, tmp_path):
    lab = make_lab(topology(tmp_path / "topology", [mirrored_node(number) for number in (1, 2, 3)]))
    unknown = configure(lab, path="Q:\\")
    assert unknown.code != 0
    for name in NODES:
        assert f"{name}: there is no data volume Q:" in unknown.text
    assert "Create it there" in unknown.text
    third = tmp_path / "third.yml"
    third.write_text('all: {hosts: {server3: {ansible_host: "{{ lab_network }}.0.13"}}}')
    three = [*NODES, "server3"]
    refused = configure(lab, "-i", str(third), nodes=three)
    assert refused.code != 0
    assert "volume R:" in refused.text
    assert "exactly two nodes, and there are 3 (server1, server2, server3)" in refused.text
    assert "Name two nodes" in refused.text
    assert [groups(lab, name) for name in three] == [[], [], []]


ALONE = "the other node has no current copy of it"


def reason(lab) -> str:
    """What the module hierarchy_info says of it."""
    return str(ClusterLab(lab).status(SITE)["reason"])


def remove_by_hand(lab):
    """What Remove-SRPartnership on the source and Remove-SRGroup on both nodes do."""
    one, two = (End(name.upper(), f"standby-R-{name}", "R:\\", "L:\\") for name in NODES)
    with ClusterLab(lab).open() as fleet:
        with fleet.lease("server1") as node:
            StorageReplica().unpair(node, one, two, alone=False)
            StorageReplica().remove_end(node, one)
        with fleet.lease("server2") as node:
            StorageReplica().remove_end(node, two)


def test_a_destination_that_is_off_and_a_mirror_that_is_gone_are_told_with_what_to_do(make_lab, tmp_path):
    lab = make_lab(topology(tmp_path / "topology"))
    assert configure(lab).code == 0
    until(lambda: all(group["ever"] for name in NODES for group in groups(lab, name)))

    lab.power_off("server2")
    until(lambda: "not connected to the other node" in reason(lab))
    shown = plain(show(lab))
    assert (
        "volume R:\\ is source, not connected to the other node (WaitingForDestination) on server1" in shown
    )
    assert f"on server1: {ALONE}; bring the other node back, or see that the nodes reach each other" in shown
    refused = move(lab, "server2")
    assert refused.code != 0
    assert f'server2, hierarchy "{SITE}": the target could not be read' in plain(refused)
    assert "Make it reachable and run again" in plain(refused)

    lab.power_on("server2")
    until(lambda: "To be mended" not in reason(lab))
    remove_by_hand(lab)
    shown = plain(show(lab))
    assert f"{SITE}: in service on server1" in shown
    assert (
        f"To be mended: volume R:\\ is not mirrored on server1: {ALONE}; make it again: run the role" in shown
    )
    refused = move(lab, "server2")
    assert refused.code != 0
    assert "server2, volume R:\\: is not mirrored there: it was never made, or was removed" in plain(refused)
    assert "Make it again: run the role cluster" in plain(refused)

    assert configure(lab).changed == 1
    until(lambda: "To be mended" not in reason(lab))
