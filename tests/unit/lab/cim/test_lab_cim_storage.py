# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio

import pytest

from lab.cim.repository import Providers
from lab.cim.schema import CimFailure, Ref
from lab.cim.storage import DiskProvider, DiskToPartition, PartitionProvider, StorageSetting
from lab.cim.volumes import PartitionToVolume, VolumeProvider, Win32Volume
from lab.machine.faults import Faults, applies
from lab.machine.storage import Storage
from lab.topology import Disk, Partition

NAMESPACE = "root/Microsoft/Windows/Storage"
DISKS = (
    Disk("system", 0, system=True, partitions=(Partition(("C:\\",)),)),
    Disk("data", 1, partitions=(Partition(("E:\\",)), Partition(()))),
    Disk("web", 2, partitions=(Partition(("F:\\",), label="Web"),), nodes=("one", "two")),
)


def run(awaitable):
    return asyncio.run(awaitable)


class Node:
    def __init__(self, folder):
        self.faults = Faults(lambda name: None)
        self.storage = Storage(
            "one",
            DISKS,
            folder,
            folder / "shared",
            2,
            lambda event, **details: None,
            lambda: None,
            lambda disk: applies(self.faults.get("disk"), "disk", disk),
        )
        self.storage.start()

        async def pause():
            return None

        shared = (self.storage, "SERVER1", self.faults, pause)
        self.disks = DiskProvider("MSFT_Disk", *shared)
        self.partitions = PartitionProvider("MSFT_Partition", *shared)
        self.volumes = VolumeProvider("MSFT_Volume", *shared)
        self.win32 = Win32Volume(self.storage, "SERVER1")
        self.setting = StorageSetting(self.storage, self.faults)
        self.repository = Providers(
            (
                self.disks,
                self.partitions,
                self.volumes,
                DiskToPartition(self.disks, self.partitions),
                PartitionToVolume(self.partitions, self.volumes),
            )
        )

    def disk(self, number):
        return next(v for v in run(self.disks.instances()) if v["Number"] == number)

    def call_disk(self, number, method, **arguments):
        return run(self.disks.invoke(method, self.disks.key_values(self.disk(number)), arguments)).value

    def partition(self, disk, number=1):
        found = run(self.partitions.instances())
        return next(v for v in found if (v["DiskNumber"], v["PartitionNumber"]) == (disk, number))

    def call_partition(self, disk, number, method, **arguments):
        keys = self.partitions.key_values(self.partition(disk, number))
        return run(self.partitions.invoke(method, keys, arguments)).value


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


def test_a_shared_disk_is_offline_by_policy_after_boot(node):
    found = node.disk(2)
    assert (found["IsOffline"], found["OfflineReason"], found["IsReadOnly"]) == (True, 1, True)
    assert found["OperationalStatus"] == [0xD013]
    assert node.partition(2)["AccessPaths"] is None
    assert node.partition(2)["DriveLetter"] is None
    assert node.partition(2)["IsOffline"] is True


def test_online_brings_paths_and_letter_and_leaves_it_read_only(node):
    assert node.call_disk(2, "Online") == 0
    found = node.partition(2)
    assert found["AccessPaths"][0] == "F:\\"
    assert found["AccessPaths"][1].startswith("\\\\?\\Volume{")
    assert found["DriveLetter"] == "F"
    assert node.disk(2)["IsReadOnly"] is True
    assert node.call_disk(2, "SetAttributes", IsReadOnly=False) == 0
    assert node.disk(2)["IsReadOnly"] is False


def test_attributes_of_an_offline_disk_are_refused(node):
    assert node.call_disk(2, "SetAttributes", IsReadOnly=False) == 41003


def test_the_system_disk_stays(node):
    assert node.call_disk(0, "Offline") == 41009
    assert node.disk(0)["IsOffline"] is False
    assert node.call_partition(0, 1, "RemoveAccessPath", AccessPath="C:") == 42006


def test_offline_takes_the_volume_away(node):
    assert len(run(node.volumes.instances())) == 3
    assert node.call_disk(1, "Offline") == 0
    assert [v["DriveLetter"] for v in run(node.volumes.instances())] == ["C"]
    assert node.disk(1)["OfflineReason"] == 1


def test_a_stale_cache_answers_40003_until_it_is_refreshed(node):
    node.faults.set("disk_stale", {})
    assert node.call_disk(2, "Online") == 40003
    assert node.call_partition(1, 1, "RemoveAccessPath", AccessPath="E:") == 40003
    assert run(node.setting.invoke("UpdateHostStorageCache", None, {})).value == 0
    assert node.call_disk(2, "Online") == 0


def test_a_stale_disk_can_be_refreshed_alone(node):
    node.faults.set("disk_stale", {"disk": "web"})
    assert node.call_disk(1, "Offline") == 0
    assert node.call_disk(2, "Refresh") == 0
    assert node.call_disk(2, "Online") == 0


def test_a_failed_disk_does_not_come_online(node):
    node.faults.set("disk", {"disk": "web"})
    assert node.call_disk(2, "Online") == 4
    assert (node.disk(2)["HealthStatus"], node.disk(2)["OperationalStatus"]) == (2, [0xD014])


@pytest.mark.parametrize("path", ["h:", "H:\\", "H:/"])
def test_a_drive_letter_is_taken_in_any_form(node, path):
    assert node.call_partition(1, 2, "AddAccessPath", AccessPath=path) == 0
    assert node.partition(1, 2)["DriveLetter"] == "H"
    assert node.call_partition(1, 2, "RemoveAccessPath", AccessPath="H:") == 0
    assert node.partition(1, 2)["DriveLetter"] is None


def test_the_next_letter_is_assigned_when_asked_for(node):
    assert node.call_partition(1, 2, "AddAccessPath", AssignDriveLetter=True) == 0
    assert node.partition(1, 2)["DriveLetter"] == "D"


def test_a_mount_point_is_an_empty_folder(node, tmp_path):
    (tmp_path / "drives/C/mounts/web").mkdir(parents=True)
    assert node.call_partition(1, 2, "AddAccessPath", AccessPath="C:\\mounts") == 42002
    assert node.call_partition(1, 2, "AddAccessPath", AccessPath="C:\\mounts\\web") == 0
    assert node.partition(1, 2)["AccessPaths"][0] == "C:\\mounts\\web\\"


@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        ("AddAccessPath", {}, 5),
        ("AddAccessPath", {"AccessPath": "H:", "AssignDriveLetter": True}, 5),
        ("AddAccessPath", {"AccessPath": "C:"}, 42002),
        ("AddAccessPath", {"AccessPath": "nonsense"}, 42007),
        ("AddAccessPath", {"AccessPath": "C:\\missing"}, 42007),
        ("RemoveAccessPath", {}, 5),
        ("RemoveAccessPath", {"AccessPath": "Q:"}, 42007),
        ("RemoveAccessPath", {"AccessPath": "\\\\?\\Volume{x}\\"}, 42005),
    ],
)
def test_bad_access_paths_have_their_codes(node, method, arguments, code):
    assert node.call_partition(1, 2, method, **arguments) == code


def test_associations_lead_from_disk_to_volume(node):
    disk = Ref(NAMESPACE, "MSFT_Disk", node.disks.key_values(node.disk(1)))
    found = run(node.repository.associated(disk, "MSFT_DiskToPartition", "MSFT_Partition"))
    assert [values["PartitionNumber"] for _rest, values in found] == [1, 2]
    part = Ref(NAMESPACE, "MSFT_Partition", node.partitions.key_values(node.partition(1)))
    ((schema, volume),) = run(node.repository.associated(part, None, "msft_volume"))
    assert (schema.name, volume["DriveLetter"]) == ("MSFT_Volume", "E")


def test_an_unknown_object_has_no_associations(node):
    with pytest.raises(CimFailure) as caught:
        run(node.repository.associated(Ref(NAMESPACE, "MSFT_Disk", {"ObjectId": "x"}), None, None))
    assert caught.value.status == 6


def test_names_of_classes_and_namespaces_have_no_case(node):
    assert node.repository.provider("ROOT/microsoft/WINDOWS/storage", "msft_disk") is node.disks
    for namespace, name, status in (("root/nowhere", "MSFT_Disk", 3), (NAMESPACE, "MSFT_None", 5)):
        with pytest.raises(CimFailure) as caught:
            node.repository.provider(namespace, name)
        assert caught.value.status == status


def test_flush_works_on_a_mounted_volume_alone(node):
    keys = node.volumes.key_values(run(node.volumes.instances())[1])
    assert run(node.volumes.invoke("Flush", keys, {})).value == 0
    node.call_disk(1, "Offline")
    with pytest.raises(CimFailure):
        run(node.volumes.invoke("Flush", keys, {}))


def test_win32_volume_names_letters_labels_and_paths(node):
    node.call_disk(2, "Online")
    (web,) = [v for v in run(node.win32.instances()) if v["Label"] == "Web"]
    assert (web["DriveLetter"], web["Name"], web["FileSystem"]) == ("F:", "F:\\", "NTFS")
    assert web["DeviceID"].startswith("\\\\?\\Volume{")
    run(node.win32.modify({"DeviceID": web["DeviceID"]}, {"DriveLetter": "W:", "Label": "New"}))
    (web,) = [v for v in run(node.win32.instances()) if v["Label"] == "New"]
    assert web["Name"] == "W:\\"


def test_dismount_for_good_is_refused_while_the_volume_has_mount_points(node):
    keys = node.win32.key_values(run(node.win32.instances())[1])
    assert run(node.win32.invoke("Dismount", keys, {"Force": True, "Permanent": True})).value == 2
    assert run(node.win32.invoke("Dismount", keys, {"Force": True, "Permanent": False})).value == 0
    assert len(run(node.volumes.instances())) == 2
    assert run(node.win32.invoke("Mount", keys, {})).value == 0
    assert len(run(node.volumes.instances())) == 3
