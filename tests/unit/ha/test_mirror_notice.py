# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a mirror without a current copy: what to do, and nothing that changes by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.mirror_notice import alone
from ansible_collections.standby.iis.plugins.module_utils.ha.quick import look
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, Role
from tests.support.copied_world import VOLUME as COPIED
from tests.support.mirror_world import MIRROR, WHOLE, pair, side

TIME = datetime(2026, 11, 29, 1, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("copy", "remedy"),
    [
        (Copy.CATCHING_UP, "in sync again once the rest is copied; where that lasts, more is written than"),
        (Copy.BEHIND, "Test-SRTopology tells the size that the log needs"),
        (Copy.INITIAL, "it is in sync once it is copied"),
        (Copy.SUSPENDED, "let it copy again (module mirror, suspended: false)"),
        (
            Copy.DISCONNECTED,
            "bring the other node back, or see that the nodes reach each other (SMB, port 445)",
        ),
        (Copy.FAILED, "look at it there: (Get-SRGroup).Replicas, and the event log"),
        (Copy.UNKNOWN, "look at it there: (Get-SRGroup).Replicas"),
        (Copy.NONE, "make it again: run the role cluster"),
    ],
)
def test_each_state_is_told_with_what_to_do(copy, remedy):
    (found,) = [one for one in look(WHOLE, pair(copy)["server1"]) if one.resource == MIRROR.id]
    assert (found.healthy, found.notice) == (True, True)
    assert found.sentence.startswith("volume R:\\ is ")
    assert " on server1: the other node has no current copy of it; " in found.sentence
    assert remedy in found.sentence


def test_one_that_is_gone_is_to_be_made_again():
    (found,) = [
        one for one in look(WHOLE, replace(pair()["server1"], mirrors=())) if one.resource == MIRROR.id
    ]
    assert found.sentence == (
        "volume R:\\ is not mirrored on server1: the other node has no current copy of it; "
        "make it again: run the role cluster, or the module mirror"
    )


def test_it_says_the_same_while_the_copy_goes_on():
    first = side("server1", Role.SOURCE, Copy.CATCHING_UP, remaining=4096, last_in_sync=TIME)
    later = replace(first, remaining=1024, last_in_sync=TIME.replace(second=9))
    assert alone(MIRROR, first, "server1") == alone(MIRROR, later, "server1")
    assert "source, catching up (Catching_Up)" in alone(MIRROR, first, "server1")
    old = replace(first, copy=Copy.BEHIND, synchronous=False, rpo=60, words="verified copy of 75 s ago")
    older = replace(old, words="verified copy of 90 s ago")
    assert alone(COPIED, old, "server1") == alone(COPIED, older, "server1")
    assert "source, beyond its RPO of 60 s on server1" in alone(COPIED, old, "server1")


@pytest.mark.parametrize("copy", [Copy.BEHIND, Copy.CATCHING_UP])
def test_of_what_agents_copy_their_log_tells_more(copy):
    told = alone(COPIED, side("server1", Role.SOURCE, copy), "server1")
    assert "see what the log of the agent there says of the copy" in told
    assert "Test-SRTopology" not in told
