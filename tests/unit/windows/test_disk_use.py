# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a disk must be before it is used, and what a node does with disks that it has not seen."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import Instance
from ansible_collections.standby.iis.plugins.module_utils.windows.disk import (
    bring_online,
    read_disks,
    require_usable,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.storage import DiskPolicy, read_disk_policy

VOLUME = "\\\\?\\Volume{11111111-2222-3333-4444-555555555555}\\"


def done(*_rest):
    return Instance("OUTPUT", {"ReturnValue": "0"})


@pytest.fixture
def states(windows):
    """The operational states of the volume on the shared disk; another volume needs a repair always."""
    windows.add("MSFT_Disk", Number="2", UniqueId="600A0B80", IsOffline="false", IsReadOnly="false")
    windows.add("MSFT_Partition", DiskNumber="2", PartitionNumber="1", AccessPaths=["E:\\", VOLUME])
    windows.add("MSFT_Volume", Path="\\\\?\\Volume{other}\\", OperationalStatus=["53263"])
    volume = windows.add("MSFT_Volume", Path=VOLUME.upper(), HealthStatus="1", OperationalStatus=[])
    return lambda *known: volume.properties.update(OperationalStatus=list(known))


def test_a_file_system_that_needs_a_full_repair_is_refused_with_node_volume_and_remedy(node, states):
    states("2", "53263")
    with pytest.raises(StandbyError) as refused:
        require_usable(node, read_disks(node)[0])
    assert str(refused.value).startswith(
        f"{node.name}, volume E:\\: its file system needs a full repair before it may be used. Bring its disk"
    )
    assert "Repair-Volume -OfflineScanAndFix" in str(refused.value)


@pytest.mark.parametrize("known", [("2",), ("53261",), ("53262",), ("0",), ()])
def test_what_can_be_scanned_or_fixed_in_use_is_not(node, states, known):
    states(*known)
    require_usable(node, read_disks(node)[0])


def test_a_disk_that_stays_read_only_is_refused(windows, node):
    windows.add("MSFT_Disk", Number="2", UniqueId="600A0B80", IsOffline="false", IsReadOnly="true")
    windows.methods["SetAttributes"] = done
    with pytest.raises(StandbyError, match="still read-only after that was cleared"):
        bring_online(node, read_disks(node)[0])


@pytest.mark.parametrize("name", ["StorageSetting", "StorageSettings"])
@pytest.mark.parametrize(
    ("value", "policy", "online"),
    [
        ("1", DiskPolicy.ONLINE_ALL, True),
        ("2", DiskPolicy.OFFLINE_SHARED, False),
        ("3", DiskPolicy.OFFLINE_ALL, False),
        ("4", DiskPolicy.OFFLINE_INTERNAL, True),
        ("9", DiskPolicy.UNKNOWN, False),
    ],
)
def test_the_policy_for_disks_that_were_not_seen_is_read(windows, node, name, value, policy, online):
    setting = Instance("MSFT_StorageSetting", {"NewDiskPolicy": value})
    windows.methods["Get"] = lambda *_rest: Instance("OUTPUT", {"ReturnValue": "0", name: setting})
    assert read_disk_policy(node) is policy
    assert policy.shared_online is online


def test_an_answer_without_a_setting_is_told(windows, node):
    windows.methods["Get"] = done
    with pytest.raises(BadDocument, match=r"MSFT_StorageSetting\.Get: expected StorageSetting"):
        read_disk_policy(node)
