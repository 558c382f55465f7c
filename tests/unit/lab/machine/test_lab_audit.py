# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from lab.audit import overlaps

INFINITE = 1e9


def address(node, t, state, text="127.77.1.1"):
    return {"t": t, "node": node, "event": "address", "address": text, "state": state}


def event(node, t, name):
    return {"t": t, "node": node, "event": name}


def test_a_handover_with_a_gap_is_no_overlap():
    one = [address("one", 1, "Preferred"), address("one", 5, "Gone")]
    two = [address("two", 3, "Tentative"), address("two", 5.1, "Preferred")]
    assert overlaps({"one": one, "two": two}, INFINITE) == []


def test_an_address_held_twice_is_told_with_its_length():
    one = [address("one", 1, "Preferred"), address("one", 5, "Gone")]
    two = [address("two", 3, "Preferred"), address("two", 9, "Gone")]
    (found,) = overlaps({"one": one, "two": two}, INFINITE)
    assert (found.address, found.start, found.seconds, found.hung) == ("127.77.1.1", 3, 2, ())
    assert "held by one and two at once for 2.000 s" in str(found)


def test_a_deprecated_address_still_counts():
    one = [address("one", 1, "Preferred"), address("one", 2, "Deprecated")]
    two = [address("two", 3, "Preferred")]
    (found,) = overlaps({"one": one, "two": two}, 10)
    assert found.seconds == 7


def test_power_loss_ends_what_was_held():
    one = [address("one", 1, "Preferred"), event("one", 2, "power_off")]
    two = [address("two", 3, "Preferred")]
    assert overlaps({"one": one, "two": two}, INFINITE) == []


def test_a_hung_holder_is_named():
    one = [address("one", 1, "Preferred"), event("one", 2, "hang")]
    two = [address("two", 3, "Preferred"), address("two", 4, "Gone")]
    (found,) = overlaps({"one": one, "two": two}, INFINITE)
    assert found.hung == ("one",)


def test_a_holder_that_was_paused_for_a_part_of_it_is_not_called_hung():
    """What a machine holds after a pause, it serves."""
    one = [address("one", 1, "Preferred"), event("one", 2, "hang"), event("one", 5, "resume")]
    two = [address("two", 3, "Preferred"), address("two", 6, "Gone")]
    (found,) = overlaps({"one": one, "two": two}, INFINITE)
    assert (found.seconds, found.hung, found.awake) == (3, (), 1)


def test_spans_in_which_either_node_stood_still_are_not_counted_as_awake():
    one = [address("one", 1, "Preferred"), event("one", 2, "hang"), event("one", 5, "resume")]
    two = [address("two", 3, "Preferred"), event("two", 4, "hang"), event("two", 6, "resume")]
    (found,) = overlaps({"one": one, "two": [*two, address("two", 9, "Gone")]}, 20)
    assert (found.seconds, found.hung, found.awake) == (6, (), 3)


def test_duplicate_and_tentative_addresses_are_not_held():
    one = [address("one", 1, "Preferred")]
    two = [address("two", 2, "Tentative"), address("two", 3, "Duplicate")]
    assert overlaps({"one": one, "two": two}, INFINITE) == []


def test_every_node_has_its_loopback_address():
    logs = {name: [address(name, 1, "Preferred", "127.0.0.1")] for name in ("one", "two")}
    assert overlaps(logs, INFINITE) == []
