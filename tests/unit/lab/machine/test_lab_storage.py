# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from lab.machine.paths import absolute_parts, local_path
from lab.machine.storage import Storage
from lab.topology import Disk, Partition

SYSTEM = Disk("system", 0, system=True, partitions=(Partition(("C:\\",)),))
DATA = Disk("data", 1, partitions=(Partition(("E:\\",)), Partition(("C:\\mounts\\web\\",))))
SHARED = Disk("web", 2, partitions=(Partition(("F:\\",)),), nodes=("one", "two"), online="one")


class Lab:
    def __init__(self, folder):
        self.folder = folder
        self.events = []
        self.broken = set()

    def storage(self, node="one", san_policy=2, disks=(SYSTEM, DATA, SHARED)):
        own = self.folder / node
        own.mkdir(exist_ok=True)
        storage = Storage(
            node,
            disks,
            own,
            self.folder / "shared",
            san_policy,
            lambda event, **details: self.events.append((node, event, details)),
            lambda: None,
            lambda disk: disk in self.broken,
        )
        storage.start()
        return storage

    def corruption(self):
        return [(node, details) for node, event, details in self.events if event == "corruption"]


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def disk(storage, name="web"):
    return next(found for found in storage.disks if found.spec.id == name)


def test_a_drive_letter_is_a_folder_of_the_node(lab):
    storage = lab.storage()
    assert local_path(storage, "C:\\inetpub\\wwwroot") == lab.folder / "one/drives/C/inetpub/wwwroot"
    assert local_path(storage, "e:/shop") == lab.folder / "one/drives/E/shop"


def test_the_longest_access_path_carries_a_path(lab):
    storage = lab.storage()
    assert local_path(storage, "C:\\Mounts\\WEB\\a.htm") == lab.folder / "one/drives/data-2/a.htm"
    assert local_path(storage, "C:\\mounts\\website") == lab.folder / "one/drives/C/mounts/website"


def test_parts_of_a_path_are_matched_without_case(lab):
    storage = lab.storage()
    (lab.folder / "one/drives/E/Shop").mkdir()
    assert local_path(storage, "E:\\SHOP\\New").parent.name == "Shop"


@pytest.mark.parametrize("path", ["relative", "\\rooted", "C:relative", "\\\\server\\share\\a", "X:\\a", ""])
def test_what_no_volume_carries_is_not_found(lab, path):
    with pytest.raises(FileNotFoundError):
        local_path(lab.storage(), path)


def test_a_path_never_leaves_its_volume():
    assert absolute_parts("C:\\a\\..\\..\\..\\b") == ("C:", "b")


def test_a_shared_disk_starts_online_where_the_topology_says_and_offline_by_policy_elsewhere(lab):
    one, two = lab.storage("one"), lab.storage("two")
    assert not disk(one).offline
    assert (disk(two).offline, disk(two).reason, disk(two).read_only) == (True, 1, True)
    with pytest.raises(FileNotFoundError):
        local_path(two, "F:\\a")


def test_after_a_reboot_the_san_policy_leaves_a_shared_disk_offline_and_read_only(lab):
    lab.storage("one").stop()
    again = lab.storage("one")
    assert (disk(again).offline, disk(again).read_only) == (True, True)
    again.online(disk(again))
    assert disk(again).read_only


@pytest.mark.parametrize(
    ("policy", "local", "shared"), [(1, True, True), (3, False, False), (4, False, True)]
)
def test_san_policies_at_boot(lab, policy, local, shared):
    lab.storage(san_policy=policy).stop()
    again = lab.storage(san_policy=policy)
    assert (not disk(again, "data").offline, not disk(again).offline) == (local, shared)
    assert not disk(again, "system").offline


def test_the_content_of_a_shared_disk_moves_with_it(lab):
    one, two = lab.storage("one"), lab.storage("two")
    (local_path(one, "F:\\") / "index.htm").write_text("hello")
    one.offline(disk(one))
    two.online(disk(two))
    assert local_path(two, "F:\\index.htm").read_text() == "hello"
    assert lab.corruption() == []


def test_a_shared_disk_online_on_two_nodes_is_corruption(lab):
    lab.storage("one")
    two = lab.storage("two")
    two.online(disk(two))
    assert lab.corruption() == [("two", {"disk": "web", "also_online_on": ["one"]})]
    assert "web" in (lab.folder / "shared/corruption.jsonl").read_text()


def test_a_node_that_shut_down_claims_nothing(lab):
    lab.storage("one").stop()
    two = lab.storage("two")
    two.online(disk(two))
    assert lab.corruption() == []


def test_access_paths_are_remembered_over_a_reboot(lab):
    storage = lab.storage()
    part = disk(storage, "data").parts[0]
    storage.remove_access(part, "e:\\")
    storage.add_access(part, "H:\\")
    storage.stop()
    again = lab.storage()
    assert disk(again, "data").parts[0].access == ["H:\\"]
    assert local_path(again, "H:\\x").parent == lab.folder / "one/drives/E"


def test_a_failed_disk_carries_nothing(lab):
    storage = lab.storage()
    lab.broken.add("data")
    with pytest.raises(FileNotFoundError):
        local_path(storage, "E:\\a")


def test_a_dismounted_volume_carries_nothing_until_it_is_mounted(lab):
    storage = lab.storage()
    part = disk(storage, "data").parts[0]
    storage.set_dismounted(part, True)
    with pytest.raises(FileNotFoundError):
        local_path(storage, "E:\\a")
    storage.set_dismounted(part, False)
    assert local_path(storage, "E:\\a").name == "a"


def test_numbers_may_differ_between_nodes_while_the_ids_do_not(lab):
    spec = Disk("web", {"one": 2, "two": 5}, nodes=("one", "two"))
    one, two = lab.storage("one", disks=(SYSTEM, spec)), lab.storage("two", disks=(SYSTEM, spec))
    assert (disk(one).number, disk(two).number) == (2, 5)
    assert (disk(one).unique_id, disk(one).guid) == (disk(two).unique_id, disk(two).guid)
    assert disk(one, "system").guid != disk(two, "system").guid
