# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a mirror, refused where it makes no sense before any node is looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.mirror_request import (
    MirrorWanted,
    check_same_mirror,
    mirrored,
    refuse_all,
)
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import MirrorMode, Takeover, VolumeKind
from tests.support.mirror_world import ASYNC, MIRROR

NODES = ("server1", "server2")
WANTED = MirrorWanted("l:")


def asked(wanted=WANTED, nodes=NODES, kind=VolumeKind.MIRROR, disk=None):
    return mirrored("R:\\", kind, nodes, disk, wanted)


def test_a_mirror_has_a_group_and_a_log_on_each_node():
    volume = asked()
    assert [(end.node, end.group, end.log) for end in volume.mirror.ends] == [
        ("server1", "standby-R-server1", "L:\\"),
        ("server2", "standby-R-server2", "L:\\"),
    ]
    assert (volume.mirror.mode, volume.mirror.takeover) == (MirrorMode.SYNC, Takeover.NEVER)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"nodes": (*NODES, "server3")}, "exactly two nodes, and there are 3 .* a third node would never"),
        ({"nodes": ("server1",)}, "exactly two nodes, and there are 1"),
        ({"wanted": None}, "has the options of its mirror"),
        ({"kind": VolumeKind.LOCAL}, "has the options of its mirror"),
        ({"disk": "600"}, "no disk in common"),
        ({"wanted": replace(WANTED, mode="async")}, "has an RPO"),
        ({"wanted": replace(WANTED, rpo=60)}, "a synchronous one has none"),
        ({"wanted": replace(WANTED, takeover="within_rpo")}, "taken over where it was in sync"),
        (
            {"wanted": replace(WANTED, mode="async", rpo=29)},
            "an RPO of 29 s is out of the bounds of storage_",
        ),
        ({"wanted": replace(WANTED, mode="async", rpo=0)}, "an RPO of 0 s"),
        ({"wanted": replace(WANTED, mode="async", rpo=-5)}, "an RPO of -5 s"),
        ({"wanted": replace(WANTED, mode="async", rpo=1 << 32)}, "an RPO of 4294967296 s"),
        ({"wanted": replace(WANTED, log_size=0)}, "a log of 0 GB"),
        ({"wanted": replace(WANTED, log_size=-1 << 30)}, "a log of -1 GB"),
    ],
)
def test_what_makes_no_sense_is_refused(how, told):
    with pytest.raises(StandbyError, match=told) as refused:
        asked(**how)
    assert refused.value.resource == "volume R:\\"
    assert refused.value.remedy


def test_the_least_and_the_most_are_taken():
    for rpo in (30, (1 << 32) - 1):
        assert asked(replace(WANTED, mode="async", rpo=rpo, log_size=1 << 30)).mirror.rpo == rpo


def test_another_mirror_of_a_volume_is_refused_and_another_takeover_or_rpo_is_not():
    for change in ({"takeover": Takeover.NEVER}, {"rpo": 30}):
        check_same_mirror(ASYNC, replace(ASYNC, mirror=replace(ASYNC.mirror, **change)))
    with pytest.raises(StandbyError, match="another way: async, by storage_replica, logs L") as refused:
        check_same_mirror(MIRROR, ASYNC)
    assert "release the sites" in refused.value.remedy


def test_everything_in_the_way_is_told_at_once():
    errors = [
        StandbyError("is in no domain", node=name, resource=MIRROR.id, remedy="Join it") for name in NODES
    ]
    with pytest.raises(StandbyError, match="server1: is in no domain; server2: is in no domain") as refused:
        refuse_all(MIRROR, errors)
    assert refused.value.remedy == "Join it"
    with pytest.raises(StandbyError) as one:
        refuse_all(MIRROR, errors[:1])
    assert one.value.node == "server1"
    refuse_all(MIRROR, [])
