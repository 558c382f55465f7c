# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's own record: it joins with everything down, renews in time, asks its peers, and leaves last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Ask
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HierarchyRecord,
    NodeRecord,
    NodeState,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Local, LocalState, Own
from tests.support.ownership_snapshots import (
    NOW,
    TIMERS,
    cluster,
    decided,
    down,
    failed,
    fenced,
    free,
    member,
    node,
    owned,
    rules,
    seen,
    unreadable,
    up,
)

KEY = "nodes/server2"
OUT = Own()
ENDED = Own(3, lost="server1 has fenced it", renewed=NOW - 20.0)
DUE = member(renewed=NOW - TIMERS.interval)
OVERDUE = member(renewed=NOW - TIMERS.interval - TIMERS.store_timeout)


def joins(*, own=OUT, **how):
    """What a node writes that is to join, None where it writes nothing."""
    found = [one for one in decided("server2", own=own, **how).writes if one.key == KEY]
    assert all(one.purpose.value == "join" for one in found)
    return found[0] if found else None


def renewals(*, own=DUE, me="server2", **how):
    found = decided(me, own=own, **how).writes
    return [one for one in found if one.purpose.value == "renew"]


def asks(*, own=OVERDUE, me="server1", **how):
    return [one for one in decided(me, own=own, **how).others if isinstance(one, Ask)]


# Joining


def test_a_node_joins_with_the_next_incarnation():
    write = joins()

    assert (write.version, write.record.incarnation, write.record.instance) == (7, 4, "server2-process")
    assert write.sentence == "server2 joins as incarnation 4"


def test_the_first_join_is_put_where_no_record_is():
    write = joins(nodes={"server2": None})

    assert (write.version, write.record.incarnation) == (0, 1)


def test_a_joined_record_is_alive_and_owns_nothing():
    record = joins(nodes={"server2": fenced("server2", by="server1", owned={"web": 4})}).record

    assert record == NodeRecord("server2", 4, "server2-process", peers=("server1",), terms=TIMERS.digest)


@pytest.mark.parametrize(
    "state", [LocalState.UNKNOWN, LocalState.UP, LocalState.STARTING, LocalState.STOPPING]
)
def test_a_node_joins_only_when_everything_is_surely_stopped(state):
    assert joins(local={"web": Local(state)}) is None


def test_one_hierarchy_that_may_be_up_is_enough_to_wait():
    two = cluster(rules("web"), rules("db"))

    assert joins(of=two, local={"db": Local(LocalState.UNKNOWN)}) is None
    assert joins(of=two) is not None


def test_a_node_that_was_fenced_joins_again():
    assert joins(own=ENDED, nodes={"server2": fenced("server2", by="server1")}).record.incarnation == 4


def test_an_incarnation_is_higher_than_any_that_a_hierarchys_record_names():
    assert (
        joins(records={"web": owned("server2", incarnation=17)}, local={"web": down()}).record.incarnation
        == 18
    )


def test_an_incarnation_is_higher_than_the_last_own_one():
    own = Own(21, lost="its record has vanished")

    assert joins(own=own, nodes={"server2": unreadable()}).record.incarnation == 22


def test_an_incarnation_is_higher_than_what_was_known_of_a_damaged_record():
    known = unreadable(NodeRecord("server2", 30, "old"), version=12)

    write = joins(nodes={"server2": known})
    assert (write.version, write.record.incarnation) == (12, 31)


def test_incarnations_of_other_owners_do_not_count():
    assert joins(records={"web": owned("server1", incarnation=99)}).record.incarnation == 4


def test_nothing_joins_over_a_record_of_a_newer_version():
    assert joins(nodes={"server2": unreadable(newer=True)}) is None


def test_nobody_joins_before_the_store_was_read():
    assert joins(reachable=False, outage="the witness has not been read yet") is None


def test_nobody_joins_on_the_way_out():
    assert joins(own=Own(leaving=True)) is None


def test_a_join_is_not_tried_again_within_a_tick():
    assert joins(own=Own(attempted=NOW - TIMERS.tick / 2)) is None
    assert joins(own=Own(attempted=NOW - TIMERS.tick)) is not None


def test_nothing_is_written_to_a_record_that_is_being_written():
    assert joins(busy=frozenset({KEY})) is None
    assert renewals(busy=frozenset({KEY})) == []


# Renewing


def test_a_renewal_is_due_an_interval_after_the_start_of_the_last():
    assert renewals(own=member(renewed=NOW - TIMERS.interval + 0.01)) == []
    assert len(renewals(own=member(renewed=NOW - TIMERS.interval))) == 1


def test_a_renewal_raises_the_beat_on_the_version_that_was_seen():
    (write,) = renewals(nodes={"server2": node("server2", version=12, beat=41)})

    assert (write.key, write.version, write.record.beat) == (KEY, 12, 42)
    assert (write.record.incarnation, write.record.state) == (3, NodeState.ALIVE)


def test_a_lapsed_node_goes_on_renewing():
    assert len(renewals(own=member(until=NOW - 1.0, renewed=NOW - 5.0))) == 1


@pytest.mark.parametrize("reachable", [True, False])
def test_a_renewal_is_tried_whether_the_store_was_read_or_not(reachable):
    assert len(renewals(reachable=reachable, outage="" if reachable else "it does not answer")) == 1


def test_after_a_jump_a_renewal_is_due_at_once():
    assert len(renewals(own=member(renewed=NOW - 0.1, jumped=True))) == 1


def test_attempts_are_a_tick_apart_also_after_a_jump():
    own = member(renewed=NOW - 0.1, jumped=True, attempted=NOW - TIMERS.tick / 2)

    assert renewals(own=own) == []


def test_a_renewal_tells_what_this_incarnation_owns():
    two = cluster(rules("web"), rules("db"))
    records = {"web": owned("server2", epoch=9), "db": owned("server2", name="db", incarnation=2, epoch=5)}

    (write,) = renewals(of=two, records=records, local={"db": down()})
    assert write.record.owned == {"web": 9}


def test_what_is_owned_since_a_moment_is_told_before_a_renewal_is_due():
    (write,) = renewals(
        own=member(renewed=NOW - 0.3), records={"web": owned("server2")}, nodes={"server2": node("server2")}
    )

    assert write.record.owned == {"web": 4}


def test_a_renewal_tells_what_the_node_is_not_fit_for():
    (write,) = renewals(local={"web": down(blocked="there is no disk E:")})

    assert write.record.unfit == {"web": "there is no disk E:"}


def test_a_hierarchy_that_failed_too_often_is_told_as_unfit():
    (write,) = renewals(local={"web": failed(TIMERS.recovery_attempts + 1)})

    assert write.record.unfit == {"web": "it failed there 3 times (no answer on port 80)"}


def test_failures_older_than_the_hold_are_forgiven():
    (write,) = renewals(local={"web": failed(5, ago=TIMERS.hold_off)})

    assert write.record.unfit == {}


@pytest.mark.parametrize(
    "record", [None, unreadable(newer=True), unreadable(NodeRecord("server2", 3, "p"), newer=True)]
)
def test_nothing_is_renewed_that_is_not_there_or_newer(record):
    assert renewals(nodes={"server2": record}) == []


# Asking for promises


def test_an_owner_whose_renewal_is_overdue_asks_its_peers():
    (ask,) = asks(outage="it does not answer", reachable=False)

    assert ask.peers == ("server2",)
    assert ask.sentence == "no renewal was confirmed for 2.0 s (it does not answer)"


def test_all_that_share_a_hierarchy_are_asked_and_nobody_else():
    of = cluster(rules("web", ("server1", "server2", "server3")), rules("db", ("server4", "server3")))

    (ask,) = asks(of=of)
    assert ask.peers == ("server2", "server3")


def test_a_renewal_that_is_merely_late_is_no_reason_to_ask():
    assert asks(own=member(renewed=NOW - TIMERS.interval - TIMERS.store_timeout + 0.01)) == []


def test_who_owns_nothing_asks_nobody():
    assert asks(me="server2") == []


def test_peers_are_asked_once_in_an_interval():
    renewed = OVERDUE.renewed

    assert asks(own=member(renewed=renewed, asked=NOW - TIMERS.interval + 0.01)) == []
    assert len(asks(own=member(renewed=renewed, asked=NOW - TIMERS.interval))) == 1


@pytest.mark.parametrize(
    "own",
    [
        member(renewed=OVERDUE.renewed, until=NOW),
        member(renewed=OVERDUE.renewed, jumped=True),
        member(renewed=None),
    ],
    ids=["lapsed", "in doubt", "never renewed"],
)
def test_promises_are_no_use_without_an_unbroken_standing(own):
    assert asks(own=own) == []


def test_who_has_no_peers_asks_nobody():
    assert asks(of=cluster(rules(nodes=("server1",)))) == []


def test_peers_are_asked_and_the_renewal_is_tried_on():
    found = decided("server1", own=OVERDUE)

    assert [one.purpose.value for one in found.writes] == ["renew"]
    assert len(found.others) == 1


# Leaving


def leaves(**how):
    how.setdefault("records", {"web": free()})
    own = member(renewed=how.pop("renewed", NOW - 0.1), leaving=True, until=how.pop("until", NOW + 3.0))
    return [one for one in decided("server2", own=own, **how).writes if one.key == KEY]


def test_a_node_leaves_when_nothing_is_up_and_nothing_is_owned():
    (write,) = leaves(nodes={"server2": node("server2", version=12, owned={"web": 4})})

    assert (write.purpose.value, write.version) == ("leave", 12)
    assert write.record.state is NodeState.LEFT
    assert write.record.owned == {}


@pytest.mark.parametrize("state", [LocalState.UP, LocalState.STOPPING, LocalState.UNKNOWN])
def test_a_node_does_not_leave_with_something_up(state):
    assert leaves(local={"web": Local(state)}) == []


def test_a_node_does_not_leave_before_it_has_released_what_it_owns():
    found = leaves(records={"web": owned("server2")}, local={"web": down()})

    assert [one for one in found if one.purpose.value == "leave"] == []


@pytest.mark.parametrize("newer", [False, True])
def test_a_record_that_it_may_not_write_does_not_keep_it(newer):
    record = owned("server2", epoch=4).record
    (write,) = leaves(
        records={"web": unreadable(record, newer=newer)},
        local={"web": down()},
        unsure=frozenset() if newer else frozenset({"web"}),
        nodes={"server2": node("server2", owned={"web": 4})},
    )

    assert (write.purpose.value, write.record.owned) == ("leave", {"web": 4})


def test_a_node_renews_while_it_stops_what_it_has():
    (write,) = leaves(records={"web": owned("server2")}, local={"web": up()}, renewed=NOW - TIMERS.interval)

    assert write.purpose.value == "renew"


@pytest.mark.parametrize("until", [NOW + 1.0, NOW - 1.0], ids=["member", "lapsed"])
def test_a_node_renews_until_it_has_released_what_it_owns(until):
    found = leaves(
        records={"web": owned("server2")}, local={"web": down()}, renewed=NOW - TIMERS.interval, until=until
    )

    assert [one.purpose.value for one in found] == ["renew"]


def test_a_node_stays_while_the_rest_of_what_it_gave_away_is_copied_from_it():
    own = replace(member(renewed=NOW - TIMERS.interval, leaving=True, until=NOW + 3.0), awaited=True)
    found = decided("server2", own=own, records={"web": free()}, local={"web": down()})

    assert [one.purpose.value for one in found.writes if one.key == KEY] == ["renew"]


def test_a_node_that_has_left_does_not_come_back_by_itself():
    own = Own(3, lost="it has left", leaving=True)

    assert [
        one for one in decided("server2", own=own, records={"web": free()}).writes if one.key == KEY
    ] == []


@pytest.mark.parametrize("record", [None, unreadable()])
def test_who_has_no_record_leaves_without_a_word(record):
    assert leaves(nodes={"server2": record}) == []


def test_the_record_of_a_hierarchy_elsewhere_does_not_keep_a_node():
    (write,) = leaves(records={"web": seen(HierarchyRecord("web", "server2", 2, 4))}, local={"web": down()})

    assert write.purpose.value == "leave"
