# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node whose SAN policy brings shared disks online is told where a shared disk is declared or checked."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import san_policy
from ansible_collections.standby.iis.plugins.module_utils.control.volume import VolumeRequest, ensure_volume
from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument
from ansible_collections.standby.iis.plugins.module_utils.windows.storage import DiskPolicy
from tests.support.control_world import ControlWorld
from tests.support.ha_world import NODES, SHARED


@pytest.fixture
def world(monkeypatch):
    one = ControlWorld(monkeypatch)
    one.servers["server1"].disks = {SHARED}
    return one


def cautions(world, kind="shared", check=False):
    with world.fleet() as fleet:
        path, disk = ("F:", SHARED) if kind == "shared" else ("E:", None)
        return ensure_volume(fleet, VolumeRequest(path, kind, NODES, disk), check).data["cautions"]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("policy", [DiskPolicy.ONLINE_ALL, DiskPolicy.OFFLINE_INTERNAL])
def test_a_policy_that_brings_shared_disks_online_is_told_with_its_remedy(world, policy, check):
    world.policies["server2"] = policy
    (told,) = cautions(world, check=check)
    assert told.startswith(f"server2: its SAN policy is {policy.label}, which brings a shared disk online")
    assert told.endswith("Set-StorageSetting -NewDiskPolicy OfflineShared there")
    assert cautions(world, kind="local") == []


@pytest.mark.parametrize("policy", [DiskPolicy.OFFLINE_SHARED, DiskPolicy.OFFLINE_ALL])
def test_one_that_leaves_them_offline_is_not(world, policy):
    world.policies = dict.fromkeys(NODES, policy)
    assert cautions(world) == []


def test_the_node_that_has_the_disk_online_for_good_is_told(world):
    world.policies = dict.fromkeys(NODES, DiskPolicy.OFFLINE_SHARED)
    world.lasting = {"server1": "for good", "server2": "offline here: not asked"}
    assert cautions(world) == ["for good"]


def test_one_that_cannot_be_read_is_told_and_keeps_nobody_from_declaring(world, monkeypatch):
    def broken(_node):
        raise BadDocument("MSFT_StorageSetting.Get: expected StorageSetting")

    monkeypatch.setattr(san_policy, "read_disk_policy", broken)
    assert san_policy.policy_caution(SimpleNamespace(name="server1")) == (
        "server1: its SAN policy cannot be read (MSFT_StorageSetting.Get: expected StorageSetting)"
    )
    assert len(cautions(world)) == 2
    assert world.stored().volumes
