# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator asks of a hierarchy that nobody has is done or refused by one node, with a reason."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    Answer,
    Maintenance,
    RequestKind,
)
from tests.support.ownership_snapshots import (
    CLAIM,
    FENCE,
    FENCED,
    SILENT,
    TIMERS,
    cluster,
    decided,
    down,
    failed,
    free,
    look,
    member,
    node,
    owned,
    request,
    rules,
    seen,
)

BARE = cluster(rules(exclusive=True))
MIRRORED = cluster(rules(replicated=True))
SAID = "standby.iis.switchover -e hierarchy=web -e to=server2 -e fence_confirmed=server1"


def asks(kind=RequestKind.SWITCHOVER, target="", *, force=False, by="Ada", me="server2", told=None, **how):
    record = free(request=request(kind, target, force=force, by=by), age=0.0, **(told or {}))
    return decided(me, records={"web": record}, **how)


def test_the_node_that_is_asked_for_takes_it_at_once():
    found = asks(target="server2")

    record = found.record("claim")
    assert (record.owner, record.epoch, record.request) == ("server2", 5, None)
    assert record.answer == Answer("r1", True, "Ada asked for it on server2")


def test_others_leave_it_to_the_node_that_is_asked_for():
    found = asks(target="server2", me="server1")

    assert found.writes == []
    assert (found.reason, found.sentence) == ("answering", "Ada wants it on server2")


LONG = TIMERS.stop + TIMERS.handover


@pytest.mark.parametrize(("waited", "refused"), [(LONG - 0.1, False), (LONG, True)])
def test_a_target_that_is_alive_and_does_not_take_it_is_not_waited_for_without_end(waited, refused):
    record = free(request=request(target="server1"), age=waited)
    found = look(records={"web": record}, nodes={"server1": node("server1", age=0.5, steady=waited)})

    assert (found.purposes == [("answer", "hierarchies/web")]) is refused


def test_without_a_target_the_first_that_can_takes_it():
    assert asks(RequestKind.SWITCHBACK, me="server1").purposes == CLAIM
    assert asks(RequestKind.SWITCHBACK, me="server2").writes == []

    unfit = node("server1", unfit={"web": "there is no disk E:"})
    assert asks(RequestKind.SWITCHBACK, me="server2", nodes={"server1": unfit}).purposes == CLAIM
    assert asks(RequestKind.SWITCHBACK, me="server2", nodes={"server1": unfit}, force=True).writes == []


@pytest.mark.parametrize(
    "told",
    [{"failovers": TIMERS.hold_after}, {"wanted": False}],
    ids=["held", "taken out"],
)
def test_a_person_passes_what_was_held_or_taken_out(told):
    record = asks(target="server2", told=told).record("claim")

    assert (record.failovers, record.wanted) == (0, True)


@pytest.mark.parametrize(
    "how",
    [
        {"maintenance": Maintenance(cluster=True)},
        {"maintenance": Maintenance(hierarchies=("web",))},
        {"local": {"web": failed(TIMERS.recovery_attempts + 1)}},
        {"of": cluster(rules(), limits={"server2": 0})},
    ],
    ids=["cluster in maintenance", "hierarchy in maintenance", "failed", "limit"],
)
def test_a_person_passes_what_keeps_it_from_moving_by_itself(how):
    assert asks(target="server2", **how).purposes == CLAIM


def test_no_person_passes_a_lease():
    record = owned(request=request(target="server2", force=True))
    found = look(records={"web": record}, nodes={"server1": node("server1", age=TIMERS.ttl)})

    assert found.purposes == FENCE


def test_old_data_is_refused_with_who_has_the_newest():
    found = asks(target="server2", of=MIRRORED, told={"current": ("server1",)})

    record = found.record("answer")
    assert (record.owner, record.request) == ("", None)
    assert record.answer == Answer(
        "r1", False, "server2 has old data; it waits for server1; force overrules this"
    )
    assert found.reason == "old_data"


def test_old_data_by_force_is_the_newest_from_then_on():
    found = asks(target="server2", of=MIRRORED, told={"current": ("server1",)}, force=True)

    assert found.record("claim").current == ("server2",)


def test_force_that_is_not_needed_leaves_who_has_the_newest_data():
    found = asks(target="server2", of=MIRRORED, told={"current": ("server1", "server2")}, force=True)

    assert found.record("claim").current == ("server1", "server2")


def disk_wanted(*, force):
    record = owned(request=request(target="server2", force=force))
    return look(of=BARE, records={"web": record}, nodes={"server1": FENCED})


def test_a_disk_is_refused_while_nobody_has_confirmed_that_its_owner_is_off():
    answer = disk_wanted(force=False).record("answer").answer

    assert not answer.accepted
    assert answer.sentence.endswith(f"switch it off, then {SAID}); force overrules this")


def test_who_has_switched_it_off_may_force_it():
    assert disk_wanted(force=True).purposes == CLAIM


@pytest.mark.parametrize(
    ("target", "me", "nodes"),
    [
        ("server9", "server1", {}),
        ("server1", "server2", {"server1": SILENT}),
        ("server1", "server2", {"server1": None}),
    ],
    ids=["none of its nodes", "silent", "never seen"],
)
def test_a_target_that_cannot_take_it_is_refused_by_who_is_there(target, me, nodes):
    found = asks(target=target, me=me, nodes=nodes, force=True)

    answer = found.record("answer").answer
    assert answer == Answer(
        "r1", False, f"{target} cannot take it: it is none of its nodes, or does not renew its record"
    )


def test_one_node_answers_for_all():
    found = asks(target="server9", me="server2")

    assert (found.writes, found.sentence) == ([], "server1 answers the request")


def test_what_is_free_is_taken_out_by_a_mere_word():
    found = asks(RequestKind.OUT, me="server1", told={"failovers": 2})

    record = found.record("answer")
    assert (record.wanted, record.failovers, record.owner) == (False, 0, "")
    assert record.answer == Answer("r1", True, "Ada took it out of service")
    assert found.reason == "taken_out"
    assert asks(RequestKind.OUT, me="server2").writes == []


def test_a_hold_ends_when_it_is_acknowledged():
    found = asks(RequestKind.ACKNOWLEDGE, me="server1", told={"failovers": TIMERS.hold_after})

    record = found.record("answer")
    assert (record.failovers, record.wanted) == (0, True)
    assert record.answer == Answer("r1", True, "its failures are acknowledged")

    assert decided("server1", records={"web": seen(record)}).purposes == CLAIM


def test_what_was_taken_out_is_not_wanted_again_by_an_acknowledgement():
    out = {"wanted": False, "reason": "Grace took it out of service"}
    found = asks(RequestKind.ACKNOWLEDGE, me="server1", told=out)

    record = found.record("answer")
    assert record.wanted is False
    assert record.answer == Answer("r1", True, record.reason) == Answer("r1", True, out["reason"])


def test_what_is_acknowledged_is_not_said_to_be_taken_out():
    assert asks(RequestKind.ACKNOWLEDGE, me="server1", told={"failovers": 3}).reason != "taken_out"


def test_a_refusal_is_told_with_its_reason():
    found = asks(target="server2", of=MIRRORED, told={"current": ("server1",)})

    assert "has old data" in found.sentence


def test_a_node_that_is_shut_down_takes_nothing_at_a_request():
    found = asks(target="server2", own=member(leaving=True), local={"web": down()})

    assert "claim" not in [purpose for purpose, _key in found.purposes]


@pytest.mark.parametrize("kind", RequestKind)
def test_a_record_that_is_being_written_is_not_answered(kind):
    assert asks(kind, target="server2", busy=frozenset({"hierarchies/web"})).writes == []
