# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
import yaml

from lab.topology import DEFAULT_TOPOLOGY, TOPOLOGIES, TopologyError, load


@pytest.mark.parametrize("path", sorted(TOPOLOGIES.glob("*.yml")), ids=lambda path: path.stem)
def test_every_shipped_topology_is_a_lab_and_its_files_exist(path):
    topology = load(path)
    for node in topology.nodes:
        for file in (node.config, node.content):
            assert file is None or (topology.base / file).is_file()


def test_a_lab_can_be_moved_to_another_network():
    addresses = [node.address for node in load(DEFAULT_TOPOLOGY, "127.81").nodes]
    assert addresses == ["127.81.0.11", "127.81.0.12"]


def write(path, change):
    document = yaml.safe_load(DEFAULT_TOPOLOGY.read_text())
    change(document)
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["nodes"][0].update(color="red"), r"nodes\[0\]: unknown keys color"),
        (lambda d: d["nodes"][0].update(address=7), r"nodes\[0\]: address: expected str, found 7"),
        (lambda d: d["nodes"][0].update(address="127.77.9.9"), "address 127.77.9.9 is on none of its nics"),
        (lambda d: d["nodes"][0].update(nics="none"), r"nics: expected a list, found str"),
        (lambda d: d["nodes"][0].update(disks=[]), "one must be the system disk"),
        (lambda d: d.update(nodes=[]), "at least one node"),
        (lambda d: d["nodes"].append(d["nodes"][0]), "no name twice"),
        (lambda d: d["shared_disks"][0].update(nodes=["server9"]), "shared disk web: unknown nodes server9"),
        (lambda d: d["nodes"][0].update(programs={"C:\\x.exe": "perl"}), "programs: unknown perl"),
        (lambda d: d.update(network="wifi"), "network: expected loopback or namespaces, found wifi"),
        (lambda d: d["witnesses"][0].update(name="server1"), "names that no node and no other witness has"),
        (lambda d: d["nodes"][0]["nics"][0].pop("alias"), r"nics\[0\]: .*alias"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path, change, said):
    path = write(tmp_path / "t.yml", change)
    with pytest.raises(TopologyError, match=said) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_missing_or_no_yaml_is_named(tmp_path):
    with pytest.raises(TopologyError, match=r"nowhere\.yml"):
        load(tmp_path / "nowhere.yml")
    (tmp_path / "bad.yml").write_text("a: [")
    with pytest.raises(TopologyError, match=r"bad\.yml"):
        load(tmp_path / "bad.yml")
