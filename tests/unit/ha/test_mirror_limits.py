# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Storage Replica needs: each limit refused with node, resource and remedy, before anything is made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from ansible_collections.standby.iis.plugins.module_utils.ha.mirror_limits import (
    GIB,
    check_pair,
    default_group,
    limits,
    other_logs,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Role
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror_ground import Ground, Room
from tests.support.mirror_world import MIRROR, side

LOG = 8 * GIB
DATA_ROOM = Room(("R:\\",), 40 * GIB, 20 * GIB, 512, True, False, False)
LOG_ROOM = Room(("L:\\",), 20 * GIB, 10 * GIB, 512, True, False, False)
C_ROOM = Room(("C:\\",), 60 * GIB, 30 * GIB, 512, True, True, False)
GROUND = Ground("SERVER", 8, 20348, "example.org", True, (C_ROOM, DATA_ROOM, LOG_ROOM))
STANDARD_2019 = {"edition": 7, "build": 17763}


def found(second: Ground = GROUND, *, volume=MIRROR, sides=()) -> list[StandbyError]:
    """What is in the way where the second node has this ground."""
    facts = {
        "server1": NodeFacts("server1", ground=GROUND),
        "server2": NodeFacts("server2", ground=second, mirrors=sides),
    }
    return list(limits(volume, facts, LOG))


def with_room(room: Room, **changes) -> Ground:
    rooms = tuple(replace(one, **changes) if one is room else one for one in GROUND.rooms)
    return replace(GROUND, rooms=rooms)


def test_nodes_that_fit_have_nothing_in_the_way():
    assert found() == []
    assert found(replace(GROUND, **STANDARD_2019)) == []


@pytest.mark.parametrize(
    ("ground", "problem", "remedy"),
    [
        (replace(GROUND, edition=7, build=14393), "2016 has Storage Replica in its Datacenter", "Datacenter"),
        (replace(GROUND, edition=48), "OperatingSystemSKU 48", "Datacenter"),
        (replace(GROUND, build=9600), "came with Windows Server 2016", "later version"),
        (replace(GROUND, domain=""), "is in no domain", "Join both nodes"),
        (replace(GROUND, installed=False), "is not installed", "Install-WindowsFeature Storage-Replica"),
        (with_room(DATA_ROOM, gpt=False), "disk of R:\\ is not partitioned by GPT", "Convert"),
        (with_room(LOG_ROOM, gpt=False), "disk of L:\\ is not partitioned by GPT", "Convert"),
        (with_room(DATA_ROOM, system=True), "is the system disk", "nothing of Windows"),
        (with_room(DATA_ROOM, clustered=True), "failover clustering", "Remove it"),
        (with_room(DATA_ROOM, paths=("S:\\",)), "no data volume R:\\; there are C:\\, L:\\, S:\\", "Create"),
        (with_room(LOG_ROOM, paths=("M:\\",)), "no log volume L:\\", "Create"),
        (with_room(LOG_ROOM, free=8 * GIB), "has 8.0 GB free, and a log of 8.0 GB needs 9.0 GB", "Make room"),
    ],
)
def test_a_node_that_does_not_fit_is_refused_with_what_to_do(ground, problem, remedy):
    (error,) = found(ground)
    assert (error.node, error.resource) == ("server2", "volume R:\\")
    assert problem in error.problem
    assert remedy in error.remedy


@pytest.mark.parametrize(
    ("ground", "problem"),
    [
        (
            with_room(DATA_ROOM, size=41 * GIB),
            f"unequal size: {40 * GIB} bytes on server1 and {41 * GIB} bytes on server2",
        ),
        (with_room(DATA_ROOM, sector=4096), "sectors of its data disks .* 512 bytes on server1 and 4096"),
        (with_room(LOG_ROOM, sector=4096), "sectors of its log disks .* 512 bytes on server1 and 4096"),
    ],
)
def test_nodes_that_do_not_fit_each_other_are_refused(ground, problem):
    (error,) = found(ground)
    with pytest.raises(StandbyError, match=problem):
        raise error
    assert error.remedy


def test_the_standard_edition_has_one_volume_of_two_terabytes():
    large = tuple(replace(one, size=3 << 40) if one is DATA_ROOM else one for one in GROUND.rooms)
    errors = found(replace(GROUND, rooms=large, **STANDARD_2019))
    assert any("up to 2 TB, and this volume has 3072.0 GB" in error.problem for error in errors)
    other = replace(side("server2", Role.SOURCE), group="something else")
    (error,) = found(replace(GROUND, **STANDARD_2019), sides=(other,))
    assert "has one partnership, and replicates something else already" in error.problem
    assert found(GROUND, sides=(other,)) == []  # Datacenter
    left_over = replace(other, role=Role.UNPAIRED)
    assert found(replace(GROUND, **STANDARD_2019), sides=(left_over,)) == []  # a group, and no partnership


def test_the_log_has_a_volume_of_its_own():
    ends = tuple(replace(end, log="R:\\") for end in MIRROR.mirror.ends)
    volume = replace(MIRROR, mirror=replace(MIRROR.mirror, ends=ends))
    assert [error.problem for error in found(volume=volume)] == ["its log is on the volume itself"] * 2


def test_a_node_with_its_end_made_is_not_measured_again():
    """The destination's file system cannot be asked, and the log is there."""
    own = side("server2", Role.DESTINATION)
    assert found(replace(GROUND, rooms=(C_ROOM,)), sides=(own,)) == []


@pytest.mark.parametrize("nodes", [("server1",), ("server1", "server2", "server3")])
def test_another_number_of_nodes_than_two_is_refused(nodes):
    with pytest.raises(StandbyError, match=rf"exactly two nodes, and there are {len(nodes)}") as error:
        check_pair(replace(MIRROR, nodes=nodes))
    assert error.value.remedy


def test_a_log_of_another_size_than_is_asked_for_is_told_with_what_changes_it():
    """What Storage Replica shows is compared in GB, as it is asked for."""
    sizes = {"server1": 8 * GIB, "server2": 4 * GIB, "server3": None}
    facts = {
        name: NodeFacts(name, mirrors=(side(name, Role.SOURCE, log_size=size),))
        for name, size in sizes.items()
    }
    (told,) = other_logs(MIRROR, facts, LOG + 512)
    assert told.startswith(
        "the log of volume R:\\ on server2 has 4.0 GB, not 8 GB: log_size counts when a mirror"
    )
    assert "Set-SRGroup -Name rg-server2 -LogSizeInBytes 8GB there" in told
    assert other_logs(MIRROR, {"server1": NodeFacts("server1")}, LOG) == []
    none_told = NodeFacts("server1", mirrors=(side("server1", Role.SOURCE),))
    assert other_logs(MIRROR, {"server1": none_told}, LOG) == []


def test_groups_are_named_for_volume_and_node():
    assert default_group("R:\\", "server1") == "standby-R-server1"
    assert default_group("D:\\mounts\\web\\", "server2") == "standby-D-mounts-web-server2"
