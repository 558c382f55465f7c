# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage Replica's methods as they are called, and what their answers are taken for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from windows_world import Clock, NoShell, Windows

from ansible_collections.standby.iis.plugins.module_utils.errors import (
    BadDocument,
    CimError,
    OutcomeUnknown,
    StandbyError,
    Unreachable,
)
from ansible_collections.standby.iis.plugins.module_utils.node import Instance, Node
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, End, Making, Role
from ansible_collections.standby.iis.plugins.module_utils.windows.storage_replica import StorageReplica

OWN = End("SERVER2", "rg2", "R:\\", "L:\\")
OTHER = End("SERVER1", "rg1", "R:\\", "L:\\")
REPLICA = StorageReplica()
TIME = datetime(2026, 11, 29, 1, 2, 3, tzinfo=UTC)


def group(status: object = 1, *, primary: object = True, paired: object = True, **more: object) -> Instance:
    replica = Instance(
        "MSFT_WvrReplica",
        {
            "DataVolume": "R:\\",
            "NumOfBytesRemaining": "0",
            "ReplicationStatus": status,
            "LastInSyncTime": TIME,
        },
    )
    shown = {
        "Name": "rg2",
        "IsPrimary": primary,
        "IsInPartnership": paired,
        "IsSuspended": "false",
        "ReplicationMode": "1",
        "ReplicationStatus": status,
        "Replicas": [replica],
    }
    return Instance("MSFT_WvrReplicationGroup", {**shown, **more})


@pytest.fixture
def windows() -> Windows:
    windows = Windows()
    for name in ("NewSrGroup", "CreatePartnership", "SuspendGroup", "SyncGroup", "RemovePartnership"):
        windows.methods[name] = lambda _target, _given: Instance("Output")
    for name in ("RemoveSrGroup", "SetPartnershipSetSourcePartnership"):
        windows.methods[name] = lambda _target, _given: Instance("Output")
    return windows


@pytest.fixture
def node(windows) -> Node:
    return Node("server2", windows, NoShell())


def shows(windows, *groups: Instance) -> None:
    windows.methods["GetGroup"] = lambda _target, _given: Instance("Output", {"Output": list(groups)})


@pytest.mark.parametrize(
    ("status", "copy"),
    [
        ("1", Copy.IN_SYNC),
        (12, Copy.IN_SYNC),
        (11, Copy.BEHIND),
        (8, Copy.CATCHING_UP),
        (14, Copy.CATCHING_UP),
        (10, Copy.INITIAL),
        (6, Copy.DISCONNECTED),
        (7, Copy.DISCONNECTED),
        (5, Copy.SUSPENDED),
        (4, Copy.FAILED),
        (99, Copy.UNKNOWN),
        (None, Copy.UNKNOWN),
    ],
)
def test_a_state_is_what_its_number_says(windows, node, status, copy):
    shows(windows, group(status))
    (side,) = REPLICA.sides(node)
    assert (side.role, side.copy, side.last_in_sync) == (Role.SOURCE, copy, TIME)


@pytest.mark.parametrize(("mode", "rpo", "told"), [("2", "60", 60), ("2", None, None), ("1", "30", None)])
def test_an_asynchronous_end_tells_its_rpo(windows, node, mode, rpo, told):
    shows(windows, group("12", ReplicationMode=mode, AsyncRPO=rpo))
    assert REPLICA.sides(node)[0].rpo == told


@pytest.mark.parametrize(("shown", "told"), [("8589934592", 8 << 30), (None, None)])
def test_an_end_tells_the_size_of_its_log(windows, node, shown, told):
    shows(windows, group(1, LogSizeInBytes=shown))
    assert REPLICA.sides(node)[0].log_size == told


def test_the_gravest_of_group_and_replicas_counts(windows, node):
    shows(windows, group("1", ReplicationStatus="9"))
    assert REPLICA.sides(node)[0].copy is Copy.CATCHING_UP
    shows(windows, group("9", ReplicationStatus="1"))
    assert REPLICA.sides(node)[0].copy is Copy.CATCHING_UP
    shows(windows, group("1", IsSuspended="true"))
    assert REPLICA.sides(node)[0].copy is Copy.SUSPENDED


def test_the_bytes_to_go_of_all_replicas_are_added_up_and_the_earliest_time_counts(windows, node):
    def replica(to_go: int, minutes: int) -> Instance:
        late = TIME + timedelta(minutes=minutes)
        return Instance(
            "MSFT_WvrReplica",
            {"NumOfBytesRemaining": str(to_go), "ReplicationStatus": "9", "LastInSyncTime": late},
        )

    late = TIME + timedelta(minutes=9)
    shows(windows, group("9", Replicas=[replica(4096, 5), replica(512, 3)], LastInSyncTime=late))
    (side,) = REPLICA.sides(node)
    assert (side.remaining, side.last_in_sync) == (4608, TIME + timedelta(minutes=3))
    shows(windows, group("1", Replicas=[Instance("MSFT_WvrReplica", {"ReplicationStatus": "1"})]))
    (side,) = REPLICA.sides(node)
    assert (side.remaining, side.last_in_sync) == (0, None)  # not told


@pytest.mark.parametrize("missing", [{"ReplicationMode": None}, {"ReplicationMode": "3"}, {"Replicas": None}])
def test_a_group_that_does_not_tell_all_is_in_no_known_state(windows, node, missing):
    shows(windows, group("1", **missing))
    assert REPLICA.sides(node)[0].copy is Copy.UNKNOWN


def test_a_group_without_a_partnership_copies_nothing(windows, node):
    shows(windows, group("1", paired=False))
    (side,) = REPLICA.sides(node)
    assert (side.role, side.copy) == (Role.UNPAIRED, Copy.NONE)


def test_where_it_is_not_installed_there_are_no_ends(windows, node):
    def missing(_target, _given):
        raise CimError("invoke failed", cim_status=3)

    windows.methods["GetGroup"] = missing
    assert REPLICA.sides(node) == ()


def test_another_failure_is_told(windows, node):
    def broken(_target, _given):
        raise CimError("invoke failed", cim_status=1)

    windows.methods["GetGroup"] = broken
    with pytest.raises(CimError, match="server2, replication groups: invoke failed"):
        REPLICA.sides(node)


def test_an_answer_of_something_else_is_refused(windows, node):
    windows.methods["GetGroup"] = lambda _target, _given: Instance("Output", {"Output": "text"})
    with pytest.raises(BadDocument, match="expected embedded instances"):
        REPLICA.sides(node)


def test_an_asynchronous_partnership_has_its_rpo(windows, node):
    REPLICA.pair(node, OWN, OTHER, synchronous=False, rpo=60, seeded=True)
    assert windows.calls == [
        (
            "CreatePartnership",
            {
                "SourceComputerName": "SERVER2",
                "SourceRGName": "rg2",
                "DestinationComputerName": "SERVER1",
                "DestinationRGName": "rg1",
                "ReplicationMode": 2,
                "PreventReplication": False,
                "Seeded": True,
                "AsyncRPO": 60,
            },
        )
    ]


def test_a_synchronous_one_has_none(windows, node):
    REPLICA.pair(node, OWN, OTHER, synchronous=True, rpo=None, seeded=False)
    assert "AsyncRPO" not in windows.calls[0][1]


def test_a_group_names_its_volumes(windows, node):
    REPLICA.create_end(node, OWN, Making(8 << 30))
    wanted = {"Name": "rg2", "VolumeName": ["R:\\"], "LogVolumeName": "L:\\", "LogSizeInBytes": 8 << 30}
    assert windows.calls == [("NewSrGroup", wanted)]


@pytest.mark.parametrize("alone", [False, True])
def test_the_other_end_may_be_left_behind_only_where_it_cannot_be_reached(windows, node, alone):
    REPLICA.unpair(node, OWN, OTHER, alone=alone)
    wanted = {
        "SourceComputerName": "SERVER2",
        "SourceRGName": "rg2",
        "DestinationComputerName": "SERVER1",
        "DestinationRGName": "rg1",
        "IgnoreRemovalFailure": alone,
    }
    assert windows.calls == [("RemovePartnership", wanted)]


def test_a_reversal_names_the_new_source_and_the_old_one(windows, node):
    REPLICA.reverse(node, OWN, OTHER)
    wanted = {
        "SourceRGName": "rg2",
        "NewSourceComputerName": "SERVER2",
        "DestinationRGName": "rg1",
        "DestinationComputerName": "SERVER1",
    }
    assert windows.calls == [("SetPartnershipSetSourcePartnership", wanted)]


# What is not confirmed of promotions


def refuses(windows, method: str, failure: StandbyError | None = None) -> None:
    def refuse(_target, _given):
        raise failure or CimError(f"{method} failed: not available", cim_status=1)

    windows.methods[method] = refuse


def test_another_rpo_is_stated_and_all_else_is_as_it_was(windows, node):
    windows.methods["SetPartnershipModifyPartnership"] = lambda _target, _given: Instance("Output")
    shows(windows, group("12", ReplicationMode="2", AsyncRPO="60", LogSizeInBytes="8589934592"))
    REPLICA.state_rpo(node, OWN, OTHER, 30)
    assert windows.calls[-1] == (
        "SetPartnershipModifyPartnership",
        {
            "SourceComputerName": "SERVER2",
            "SourceRGName": "rg2",
            "DestinationComputerName": "SERVER1",
            "DestinationRGName": "rg1",
            "ReplicationMode": 2,
            "LogSizeInBytes": 8589934592,
            "Encryption": False,
            "AsyncRPO": 30,
        },
    )


def test_a_promotion_is_a_reversal_where_that_is_taken(windows, node):
    REPLICA.promote(node, OWN, OTHER, Clock())
    assert [name for name, _given in windows.calls] == ["SetPartnershipSetSourcePartnership"]


def test_where_it_is_refused_the_mirror_is_removed_here(windows, node):
    refuses(windows, "SetPartnershipSetSourcePartnership")
    shows(windows, group("6", primary=False))
    REPLICA.promote(node, OWN, OTHER, Clock())
    assert windows.calls[2:] == [
        (
            "RemovePartnership",
            {
                "SourceComputerName": "SERVER1",
                "SourceRGName": "rg1",
                "DestinationComputerName": "SERVER2",
                "DestinationRGName": "rg2",
                "IgnoreRemovalFailure": True,
            },
        ),
        ("RemoveSrGroup", {"Name": "rg2"}),
    ]


def test_a_refusal_by_an_end_that_is_the_source_already_removes_nothing(windows, node):
    refuses(windows, "SetPartnershipSetSourcePartnership")
    shows(windows, group("7"))
    REPLICA.promote(node, OWN, OTHER, Clock())
    assert [name for name, _given in windows.calls] == ["SetPartnershipSetSourcePartnership", "GetGroup"]


def test_an_answer_that_cannot_be_read_is_no_refusal(windows, node):
    refuses(windows, "SetPartnershipSetSourcePartnership", BadDocument("no XML"))
    with pytest.raises(BadDocument):
        REPLICA.promote(node, OWN, OTHER, Clock())
    assert len(windows.calls) == 1


def test_where_neither_is_taken_both_reasons_are_told(windows, node):
    refuses(windows, "SetPartnershipSetSourcePartnership")
    refuses(windows, "RemovePartnership")
    shows(windows, group("6", primary=False))
    with pytest.raises(StandbyError, match=r"cannot be reversed .*, nor can the mirror be removed") as told:
        REPLICA.promote(node, OWN, OTHER, Clock())
    assert "Remove-SRGroup" in str(told.value)


def test_a_reversal_without_an_answer_is_waited_for_and_not_followed_by_a_removal(windows, node):
    refuses(windows, "SetPartnershipSetSourcePartnership", OutcomeUnknown("no answer"))
    clock, seen = Clock(), [group("6", primary=False)]
    windows.methods["GetGroup"] = lambda _target, _given: Instance("Output", {"Output": seen})
    clock.at(3.0, lambda: seen.__setitem__(0, group("7")))
    REPLICA.promote(node, OWN, OTHER, clock)
    assert clock.now >= 3.0
    assert "RemovePartnership" not in [name for name, _given in windows.calls]


def test_a_node_that_is_silent_itself_is_left_alone(windows, node):
    refuses(windows, "SetPartnershipSetSourcePartnership", Unreachable("refused"))
    with pytest.raises(Unreachable):
        REPLICA.promote(node, OWN, OTHER, Clock())
    assert len(windows.calls) == 1
