# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the loss of a site leaves to be moved, also after a run that broke off."""

from __future__ import annotations

from typing import Any

from ansible_collections.standby.iis.plugins.plugin_utils.site_moves import site_moves

LOST = ["server1"]


def seen(name: str = "Shop", **changes: Any) -> dict[str, Any]:
    """A hierarchy in service on its primary, as hierarchy_info shows it."""
    return {
        "name": name,
        "nodes": ["server1", "server2", "server3"],
        "primary": "server1",
        "owner": "server1",
        "state": "in_service",
        "reason": "so it is",
        "agents": [],
        "records": [],
        "intent": None,
    } | changes


def asked(owner: str | None) -> dict[str, Any]:
    return {"owner": owner, "moving_from": None, "running": False}


def down(**changes: Any) -> dict[str, Any]:
    return seen(**{"owner": None, "state": "out_of_service", **changes})


def targets(*hierarchies: dict[str, Any], **how: Any) -> list[tuple[str, str, str]]:
    return [(one["name"], one["from"], one["to"]) for one in site_moves(hierarchies, LOST, **how)]


def test_what_the_lost_site_has_goes_to_the_first_node_that_is_left() -> None:
    assert targets(seen(), seen("Wiki", owner="server2")) == [("Shop", "server1", "server2")]
    assert site_moves([seen()], LOST)[0]["before"] == "so it is"


def test_it_goes_to_the_node_that_is_asked_for_where_it_has_it() -> None:
    wiki = seen("Wiki", nodes=["server1", "server2"])
    assert [one[2] for one in targets(seen(), wiki, to="server3")] == ["server3", "server2"]


def test_without_a_node_that_is_left_there_is_no_target() -> None:
    assert targets(seen(nodes=["server1"])) == [("Shop", "server1", "")]


def test_what_it_had_last_counts_while_nothing_is_up() -> None:
    assert targets(down()) == [("Shop", "server1", "server2")]
    assert targets(down(state="unknown", intent=asked("server1"))) == [("Shop", "server1", "server2")]


def test_a_move_that_broke_off_is_taken_up_where_it_was_going() -> None:
    broken = down(intent=asked("server3"))
    assert targets(broken) == [("Shop", "server3", "server3")]
    assert targets(seen(owner="server2", state="partial", intent=asked("server2"))) == [
        ("Shop", "server2", "server2")
    ]
    # Another site's own trouble is none of this move.
    assert targets(down(nodes=["server2", "server3"], primary="server2")) == []


def test_records_that_do_not_follow_are_put_right_where_it_is() -> None:
    lagging = seen(owner="server2", records=[{"settled": True}, {"settled": False}])
    assert targets(lagging) == [("Shop", "server2", "server2")]
    assert targets(seen(owner="server2", records=[{"settled": True}])) == []


def test_what_was_taken_out_on_purpose_stays_so() -> None:
    assert targets(down(intent=asked(None))) == []
    taken = [{"reason": "taken_out"}, {"reason": "taken_out"}]
    assert targets(down(agents=taken, intent=asked("server1"))) == []
    assert targets(down(intent=asked(None)), back=True) == []


def test_agents_finish_what_they_have_by_themselves() -> None:
    trying = [{"reason": "recovering"}, {"reason": "elsewhere"}]
    assert targets(seen(owner="server2", state="partial", agents=trying)) == []
    waiting = [{"reason": "waiting_for_confirmation"}]
    assert targets(down(agents=waiting, intent=asked("server1"))) == [("Shop", "server1", "server2")]
    # A definition that was taken out before agents came is theirs since.
    assert targets(down(agents=waiting, intent=asked(None))) == [("Shop", "server1", "server2")]


def test_the_way_back_brings_home_what_is_elsewhere_or_nowhere() -> None:
    away, at_home = seen(owner="server2"), seen("Wiki")
    foreign = seen("News", nodes=["server2", "server1"], primary="server2", owner="server1")
    assert targets(away, at_home, foreign, back=True) == [("Shop", "server2", "server1")]
    assert targets(down(intent=asked("server1")), back=True) == [("Shop", "server1", "server1")]
    assert targets(seen(records=[{"settled": False}]), back=True) == [("Shop", "server1", "server1")]


def test_those_named_first_come_first_and_once() -> None:
    order = targets(seen("a"), seen("b"), seen("c"), first=["c", "x", "b"])
    assert [one[0] for one in order] == ["c", "b", "a"]
