# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who of many connections is answered next, and who gives way."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.peers.room import Room

NODE, OTHER_NODE, STRANGER = "10.0.0.1", "fd00::2", "192.0.2.9"


@pytest.fixture
def room() -> Room[int]:
    return Room(2, [NODE, "FD00:0::2"], proof=0.3, most=4)


def seated(room, now=0.0):
    """Everybody who gets a slot now."""
    found = []
    while (guest := room.admit(now)) is not None:
        found.append(guest)
    return found


def come(room, *addresses):
    return [room.come(number, address) for number, address in enumerate(addresses)]


def test_who_comes_gets_a_slot_while_there_are_some(room):
    come(room, STRANGER, NODE, NODE)
    assert [guest.address for guest in seated(room)] == [NODE, NODE]
    assert [guest.address for guest in room.waiting] == [STRANGER]


def test_nodes_of_the_cluster_come_first_however_they_are_written(room):
    come(room, STRANGER, STRANGER, "fd00:0:0::2%eth0", "::1")
    assert seated(room)[0].address == "fd00:0:0::2%eth0"


def test_of_the_same_kind_who_has_fewer_slots_comes_first_and_then_who_came_first(room):
    come(room, NODE, NODE, OTHER_NODE)
    assert [(guest.address, guest.connection) for guest in seated(room)] == [(NODE, 0), (OTHER_NODE, 2)]


def test_a_slot_that_is_left_goes_to_the_next_one(room):
    come(room, NODE, NODE, NODE)
    first, _second = seated(room)
    room.leave(first)
    assert [guest.connection for guest in seated(room)] == [2]


def test_nobody_gives_way_while_nobody_waits_or_a_slot_is_free(room):
    come(room, STRANGER)
    seated(room)
    assert room.send_off(99.0) is None
    come(room, STRANGER)
    assert room.send_off(99.0) is None


def test_who_has_shown_nothing_gives_way_after_a_moment_the_first_one_first(room):
    come(room, STRANGER)
    (first,) = seated(room, 0.0)
    come(room, STRANGER)
    seated(room, 0.1)
    come(room, STRANGER)
    assert room.send_off(0.29) is None
    assert room.send_off(0.3) is first
    assert room.send_off(9.0) is None, "one for each that waits"


def test_who_has_shown_a_key_gives_way_to_nobody(room):
    come(room, STRANGER, STRANGER)
    for guest in seated(room):
        guest.proven = True
    come(room, NODE)
    assert room.send_off(99.0) is None


def test_a_stranger_never_takes_the_slot_of_a_node(room):
    come(room, NODE, STRANGER)
    node, stranger = seated(room)
    come(room, STRANGER, STRANGER)
    assert room.send_off(1.0) is stranger
    assert room.send_off(1.0) is None
    come(room, NODE)
    assert room.send_off(1.0) is node


def test_of_too_many_that_wait_the_last_of_the_order_goes(room):
    come(room, STRANGER, STRANGER)
    seated(room)
    assert come(room, STRANGER, NODE, NODE, NODE) == [None] * 4
    last = room.come(9, NODE)
    assert last is not None
    assert last.address == STRANGER
    assert len(room.waiting) == 4
    assert len(room.guests) == 6
