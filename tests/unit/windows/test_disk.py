# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks by identity; what is refused; the order of calls."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import (
    CimError,
    MethodError,
    OutcomeUnknown,
    StandbyError,
)
from ansible_collections.standby.iis.plugins.module_utils.node import Instance
from ansible_collections.standby.iis.plugins.module_utils.windows.disk import (
    access_paths,
    add_access_path,
    bring_online,
    find_disk,
    flush_volume,
    read_disks,
    read_partitions,
    set_read_only,
    take_offline,
    wait_access_path,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.effect import (
    EFFECT_TIMEOUT,
    may_take_effect,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.storage import CODES

GUID = "{0F2C9A34-7C1F-4A0E-9C55-0C1B6A0D2E11}"
VOLUME = "\\\\?\\Volume{11111111-2222-3333-4444-555555555555}\\"


def done(*_rest):
    return Instance("OUTPUT", {"ReturnValue": "0"})


@pytest.fixture
def shared(windows):
    """A shared data disk with a volume at E: and at a mount point, and methods that work."""
    disk = windows.add(
        "MSFT_Disk", Number="2", UniqueId="600A0B80", Guid=GUID, IsOffline="false", IsReadOnly="false"
    )
    windows.add(
        "MSFT_Partition",
        DiskNumber="2",
        PartitionNumber="1",
        DriveLetter="e",
        AccessPaths=["e:", "D:\\mounts\\web\\", VOLUME],
    )
    windows.add("MSFT_Volume", Path=VOLUME.upper())
    windows.add("MSFT_Volume", Path="\\\\?\\Volume{other}\\")

    def offline(_target, _arguments):
        disk.properties.update(IsOffline="true", OfflineReason="1")
        return done()

    def online(_target, _arguments):
        disk.properties.update(IsOffline="false", OfflineReason="0", IsReadOnly="true")
        return done()

    def set_attributes(_target, arguments):
        disk.properties.update(IsReadOnly=arguments["IsReadOnly"])
        return done()

    windows.methods |= {
        "Online": online,
        "Offline": offline,
        "SetAttributes": set_attributes,
        "Flush": done,
        "UpdateHostStorageCache": done,
    }
    return disk


def methods(windows):
    return [method for method, _rest in windows.calls]


@pytest.mark.parametrize("identity", ["600a0b80", " 600A0B80 ", GUID, GUID.strip("{}").lower()])
def test_a_disk_is_found_by_unique_id_or_guid_whatever_braces_and_case(node, shared, identity):
    found = find_disk(read_disks(node), identity)
    assert found is not None
    assert found.number == 2


@pytest.mark.parametrize("identity", ["600A0B81", "", "2", "{}"])
def test_an_unknown_identity_finds_none(windows, node, shared, identity):
    windows.add("MSFT_Disk", Number="5", UniqueId=None, Guid=None)
    assert find_disk(read_disks(node), identity) is None


def test_two_disks_of_one_identity_are_refused(windows, node, shared):
    windows.add("MSFT_Disk", Number="3", UniqueId="600A0B80", Guid=None)
    with pytest.raises(StandbyError, match=r"disks 2, 3 have the same identity.*multipath"):
        find_disk(read_disks(node), "600A0B80")


def test_why_a_disk_is_offline_is_said_in_words(node, shared):
    shared.properties.update(IsOffline="true", OfflineReason="4")
    assert read_disks(node)[0].offline_reason == "signature collision"


def test_going_offline_writes_out_its_own_volumes_first(windows, node, shared):
    take_offline(node, read_disks(node)[0])
    assert methods(windows) == ["Flush", "Offline"]


def test_a_volume_that_cannot_be_flushed_is_no_obstacle_and_a_failed_flush_is_one(windows, node, shared):
    def refuse(code):
        def flush(_target, _arguments):
            raise MethodError("Flush failed", code)

        return flush

    windows.methods["Flush"] = refuse(4)
    with pytest.raises(MethodError) as caught:
        take_offline(node, read_disks(node)[0])
    assert caught.value.resource == "volume E:\\"
    assert "Offline" not in methods(windows)
    windows.methods["Flush"] = refuse(1)
    take_offline(node, read_disks(node)[0])
    assert methods(windows)[-1] == "Offline"


@pytest.mark.parametrize(
    ("role", "words"),
    [("IsBoot", "the boot disk"), ("IsSystem", "the system disk"), ("IsClustered", "failover clustering")],
)
def test_boot_system_and_clustered_disks_are_refused_before_any_call(windows, node, shared, role, words):
    shared.properties[role] = "true"
    with pytest.raises(StandbyError, match=words) as caught:
        take_offline(node, read_disks(node)[0])
    assert windows.calls == []
    assert (caught.value.node, caught.value.resource) == ("server1", "disk 2 (600A0B80)")
    assert caught.value.remedy


def test_what_is_done_is_not_done_again(windows, node, shared):
    bring_online(node, read_disks(node)[0])
    shared.properties["IsOffline"] = "true"
    take_offline(node, read_disks(node)[0])
    assert windows.calls == []


def test_coming_online_clears_what_san_policy_left_read_only(windows, node, shared):
    shared.properties["IsOffline"] = "true"
    bring_online(node, read_disks(node)[0])
    assert windows.calls == [("Online", {}), ("SetAttributes", {"IsReadOnly": False})]


def test_a_disk_that_stays_offline_is_an_error(windows, node, shared):
    shared.properties["IsOffline"] = "true"
    windows.methods["Online"] = done
    with pytest.raises(StandbyError, match="not online after it was brought online"):
        bring_online(node, read_disks(node)[0])


def unended(windows, method, failure):
    """The call does not end; what it does is left to the test."""

    def call(_target, _arguments):
        raise failure

    windows.methods[method] = call


UNENDED = [
    CimError("time ran out", wsman_code=0x80338029),
    OutcomeUnknown("no answer"),
    MethodError("timeout", 3),
]


@pytest.mark.parametrize("failure", UNENDED, ids=["timed out", "no answer", "code 3"])
@pytest.mark.parametrize(("method", "offline"), [("Online", "false"), ("Offline", "true")])
def test_a_call_that_does_not_end_is_awaited_and_never_made_twice(
    windows, node, shared, clock, method, offline, failure
):
    shared.properties["IsOffline"] = "true" if offline == "false" else "false"
    unended(windows, method, failure)
    clock.at(5.0, lambda: shared.properties.update(IsOffline=offline))
    (bring_online if method == "Online" else take_offline)(node, read_disks(node)[0], clock=clock)
    assert methods(windows).count(method) == 1
    assert 5.0 <= clock.now < 6.0


@pytest.mark.parametrize("failure", UNENDED, ids=["timed out", "no answer", "code 3"])
def test_a_call_whose_effect_is_not_seen_in_time_fails_as_one_that_may_take_effect(
    windows, node, shared, clock, failure
):
    shared.properties["IsOffline"] = "true"
    unended(windows, "Online", failure)
    with pytest.raises(StandbyError) as caught:
        bring_online(node, read_disks(node)[0], clock=clock)
    assert caught.value is failure
    assert may_take_effect(caught.value)
    assert clock.now == pytest.approx(EFFECT_TIMEOUT)


def test_a_refused_call_is_not_awaited(windows, node, shared, clock):
    shared.properties["IsOffline"] = "true"
    unended(windows, "Online", MethodError("failed", 4))
    with pytest.raises(MethodError) as caught:
        bring_online(node, read_disks(node)[0], clock=clock)
    assert not may_take_effect(caught.value)
    assert clock.now == 0.0


def test_an_offline_that_has_no_effect_is_an_error(windows, node, shared):
    windows.methods["Offline"] = done
    with pytest.raises(StandbyError, match="still online after it was taken offline") as caught:
        take_offline(node, read_disks(node)[0])
    assert (caught.value.node, caught.value.resource) == ("server1", "disk 2 (600A0B80)")
    assert caught.value.remedy


def test_a_cache_out_of_date_is_refreshed_and_the_call_made_once_more(windows, node, shared):
    online, codes = windows.methods["Online"], [40003]

    def stale(target, arguments):
        if codes:
            raise MethodError("stale", codes.pop())
        return online(target, arguments)

    windows.methods["Online"] = stale
    shared.properties["IsOffline"] = "true"
    bring_online(node, read_disks(node)[0])
    assert methods(windows)[:3] == ["Online", "UpdateHostStorageCache", "Online"]


@pytest.mark.parametrize(("code", "calls"), [(40003, 3), (40001, 1)])
def test_any_other_code_or_a_second_one_is_raised(windows, node, shared, code, calls):
    def refuse(_target, _arguments):
        raise MethodError(CODES[code], code)

    windows.methods["SetAttributes"] = refuse
    with pytest.raises(MethodError) as caught:
        set_read_only(node, read_disks(node)[0], True)
    assert caught.value.code == code
    assert len(windows.calls) == calls


def test_access_paths_have_a_final_backslash_and_an_upper_case_letter(windows, node, shared):
    windows.add("MSFT_Partition", DiskNumber="0", PartitionNumber="2", DriveLetter="C", AccessPaths="C:\\")
    windows.add("MSFT_Partition", DiskNumber="0", PartitionNumber="1", DriveLetter=None, AccessPaths=None)
    assert access_paths(node) == ["C:\\", "D:\\mounts\\web\\", "E:\\"]
    assert [part.number for part in read_partitions(node, read_disks(node)[0])] == [1]


@pytest.mark.parametrize(
    ("raw", "letter"), [("e", "E"), ("E", "E"), ("", ""), ("\0", ""), ("0", ""), (None, ""), (0, "")]
)
def test_a_missing_drive_letter_may_take_any_form(windows, node, raw, letter):
    windows.add("MSFT_Partition", DiskNumber="1", PartitionNumber="1", DriveLetter=raw)
    assert read_partitions(node)[0].drive_letter == letter


def test_only_the_volume_at_the_path_is_flushed(windows, node, shared):
    flush_volume(node, "d:\\MOUNTS\\web")
    assert methods(windows) == ["Flush"]
    with pytest.raises(StandbyError, match="server1, volume F:"):
        flush_volume(node, "F:\\")


def test_an_access_path_is_added_in_its_normal_form(windows, node, shared):
    windows.methods["AddAccessPath"] = done
    add_access_path(node, read_partitions(node)[0], "f:")
    assert windows.calls == [("AddAccessPath", {"AccessPath": "F:\\"})]


def test_a_volume_is_waited_for_until_it_is_mounted(windows, node, clock):
    partition = {"DiskNumber": "2", "PartitionNumber": "1", "AccessPaths": "E:\\"}
    clock.at(0.5, lambda: windows.add("MSFT_Partition", **partition))
    wait_access_path(node, "e:\\", clock, 5.0)
    assert 0.5 <= clock.now < 1.0
    with pytest.raises(StandbyError, match="was not mounted within 1 s"):
        wait_access_path(node, "F:\\", clock, 1.0)


def test_every_code_of_the_contract_has_its_words():
    wanted = {1, 2, 3, 4, 5, 6, 40001, 40002, 40003, 41000, 41003, 41006, 41009, 41018}
    assert wanted | {42002, 42004, 42005, 42006, 42007, 42011} == set(CODES)
