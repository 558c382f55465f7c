# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody has is not taken where that could harm data: old data, a disk, a record that cannot be read."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.danger import by_force
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HierarchyRecord,
    Request,
    RequestKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Power, PowerState
from tests.support.ownership_snapshots import (
    CLAIM,
    FENCED,
    NOW,
    TIMERS,
    cluster,
    decided,
    down,
    fenced,
    free,
    left,
    look,
    lost,
    node,
    owned,
    rules,
    seen,
    unreadable,
)

DISK = cluster(rules(exclusive=True), fences=("server1",))
BARE = cluster(rules(exclusive=True))
SAID = "standby.iis.switchover -e hierarchy=web -e to=server2 -e fence_confirmed=server1"


# Data

MIRRORED = cluster(rules(replicated=True))


def test_a_node_with_old_data_waits_for_who_has_all_of_it():
    found = lost(FENCED, of=MIRRORED, records={"web": owned(current=("server1", "server3"))})

    assert found.writes == []
    assert (found.reason, found.sentence) == (
        "old_data",
        "server2 has old data; it waits for server1 or server3; if that is gone for good: "
        "standby.iis.switchover -e hierarchy=web -e to=server2 -e force=true, which loses what is newer",
    )


def test_a_node_with_the_newest_data_takes_it_and_names_itself_alone_until_its_mirror_tells():
    found = lost(FENCED, of=MIRRORED, records={"web": owned(current=("server1", "server2"))})

    assert found.record("claim").current == ("server2",)


def test_a_copy_that_may_be_old_is_not_taken_although_the_record_names_it():
    told = {"web": replace(down(), stale="server1 was there for 9 s after")}
    found = lost(FENCED, of=MIRRORED, records={"web": owned(current=("server1", "server2"))}, local=told)

    assert found.writes == []
    assert found.reason == "old_data"
    assert found.sentence == (
        "server2 may have old data: server1 was there for 9 s after; if that is gone for good: "
        "standby.iis.switchover -e hierarchy=web -e to=server2 -e force=true, which loses what is newer"
    )


@pytest.mark.parametrize("name", ["Shop & Co", "it's", '50% "off"', "Größe", "a=b"])
def test_the_command_that_takes_it_names_a_hierarchy_as_ansible_reads_it(name):
    told = by_force(SimpleNamespace(node="server2"), replace(rules(), name=name))
    words = told.partition("standby.iis.switchover ")[2].removesuffix(", which loses what is newer")
    option, document = shlex.split(words)
    assert option == "-e"
    assert json.loads(document) == {"hierarchy": name, "to": "server2", "force": True}


def test_who_has_it_first_has_its_newest_data():
    found = decided("server1", of=MIRRORED, records={"web": None})

    assert found.record("claim").current == ("server1",)


def test_what_is_not_mirrored_names_nobody():
    assert lost(FENCED).record("claim").current is None


# A disk that two must not write


def test_power_that_is_being_cut_is_waited_for():
    found = lost(FENCED, of=DISK, power={"server1": Power(3, PowerState.RUNNING)})

    assert found.decision.actions == ()
    assert found.reason == "waiting_for_confirmation"


def test_then_it_is_claimed():
    found = lost(fenced("server1", confirmed=True), of=DISK)

    assert found.purposes == CLAIM
    assert found.others == []


def test_a_device_that_fails_confirms_nothing():
    found = lost(FENCED, of=DISK, power={"server1": Power(3, PowerState.FAILED, NOW)})

    assert found.decision.actions == ()
    assert found.reason == "waiting_for_confirmation"
    assert "its fence failed" in found.sentence


def test_without_a_device_a_person_is_waited_for():
    found = lost(FENCED, of=BARE)

    assert found.decision.actions == ()
    assert found.sentence == (
        "server1 had its disk, and nobody has confirmed that it is off "
        f"(it has no fence that runs by itself: switch it off, then {SAID})"
    )


@pytest.mark.parametrize(
    "owner",
    [left("server1"), node("server1", incarnation=4, age=TIMERS.ttl), fenced("server1", incarnation=4)],
    ids=["left", "joined anew", "joined anew and fenced"],
)
def test_an_owner_that_stopped_by_itself_needs_no_confirmation(owner):
    found = lost(owner, of=BARE)

    assert found.purposes == CLAIM


def test_what_was_released_needs_no_confirmation():
    assert decided("server1", of=BARE, records={"web": free()}).purposes == CLAIM


# Records that cannot be read

KNOWN = HierarchyRecord("web", "server1", 3, 4, "server1 took it")


def damaged(record=KNOWN, *, age=TIMERS.damaged, **how):
    how.setdefault("nodes", {"server1": FENCED})
    return look(records={"web": unreadable(record, age=age, version=17)}, **how)


def test_a_damaged_record_is_left_to_its_owner_for_as_long_as_one_may_be_there():
    found = damaged(age=TIMERS.damaged - 0.1)

    assert found.writes == []
    assert found.reason == "unreadable"


def test_then_it_is_claimed_over_the_damaged_version_under_a_higher_epoch():
    found = damaged()

    write = found.write("claim")
    assert (write.version, write.record.owner, write.record.epoch) == (17, "server2", 5)


@pytest.mark.parametrize("known", [4, 9])
def test_the_epoch_is_higher_than_any_that_a_nodes_record_tells(known):
    found = damaged(None, nodes={"server1": fenced("server1", owned={"web": known})})

    assert found.record("claim").epoch == known + 1


def test_it_is_not_claimed_while_its_owner_renews():
    found = damaged(nodes={"server1": node("server1", owned={"web": 4})})

    assert found.writes == []
    assert found.sentence == "it has no record that can be read; server1 had it, and is to write it again"


def test_it_is_not_claimed_while_a_node_that_may_have_it_cannot_be_read():
    found = damaged(nodes={"server1": unreadable()})

    assert found.writes == []
    assert found.sentence == ("it has no record that can be read, nor has server1, which may have it")


def test_a_vanished_record_is_claimed_where_nothing_is():
    record = unreadable(KNOWN, age=TIMERS.damaged, version=0, problem="its record has vanished")

    assert look(nodes={"server1": FENCED}, records={"web": record}).write("claim").version == 0


def test_a_record_of_a_newer_version_is_left_alone():
    record = unreadable(KNOWN, age=10_000.0, problem="it has format 2", newer=True)
    found = look(nodes={"server1": FENCED}, records={"web": record})

    assert found.writes == []
    assert (found.reason, found.sentence) == ("unreadable", "it has format 2")


@pytest.mark.parametrize("known", [KNOWN, None], ids=["known", "told by the node"])
def test_a_disk_is_not_taken_without_confirmation_because_its_record_is_damaged(known):
    found = damaged(known, of=BARE, nodes={"server1": fenced("server1", owned={"web": 4})})

    assert found.writes == []
    assert found.reason == "waiting_for_confirmation"


def test_old_data_is_not_served_because_nobody_remembers_who_has_the_newest():
    found = damaged(None, of=MIRRORED, nodes={"server1": fenced("server1", owned={"web": 4})})

    assert found.writes == []
    assert found.reason == "old_data"


def test_who_had_the_newest_data_is_remembered_over_a_damaged_record():
    found = damaged(replace(KNOWN, current=("server1",)), of=MIRRORED)

    assert (found.writes, found.reason) == ([], "old_data")


def test_the_command_that_says_so_names_a_hierarchy_as_ansible_reads_it():
    shop = replace(rules(exclusive=True), name="Shop & Co")
    found = lost(FENCED, of=cluster(shop), records={"Shop & Co": owned()})
    words = found.verdict("Shop & Co").sentence.partition("standby.iis.switchover ")[2]
    _option, document = shlex.split(words.removesuffix(")"))
    assert json.loads(document) == {"hierarchy": "Shop & Co", "to": "server2", "fence_confirmed": "server1"}


@pytest.mark.parametrize(
    ("other", "taken"),
    [(fenced("server1"), False), (fenced("server1", confirmed=True), True), (left("server1"), True)],
    ids=["fenced", "surely off", "gone by itself"],
)
def test_a_disk_whose_record_tells_nothing_waits_for_every_node_that_may_have_it(other, taken):
    found = damaged(None, of=BARE, nodes={"server1": other})

    assert (found.purposes == CLAIM) is taken
    if not taken:
        assert found.sentence == (
            "its record was damaged or lost, and server1 may have had its disk "
            f"(it has no fence that runs by itself: switch it off, then {SAID})"
        )


# Doubt that is written down

DOUBT = HierarchyRecord("web", epoch=4, reason="its record is damaged", doubt=True)
FORCED = Request("1", RequestKind.SWITCHOVER, "server2", force=True, by="anna")


def test_who_waits_over_a_damaged_record_writes_it_again_with_the_doubt():
    found = damaged(None, of=BARE, age=2 * TIMERS.damaged)

    written = found.write("repair")
    assert (written.version, written.record.owner, written.record.doubt) == (17, "", True)
    assert found.reason == "waiting_for_confirmation"


def test_where_the_last_owner_is_known_that_is_written_and_no_doubt():
    found = damaged(of=BARE, age=2 * TIMERS.damaged)

    written = found.record("repair")
    assert (written.owner, written.incarnation, written.epoch, written.doubt) == ("server1", 3, 4, False)


def test_nobody_takes_a_disk_in_doubt_before_it_is_confirmed():
    found = look(of=BARE, nodes={"server1": FENCED}, records={"web": seen(DOUBT)})

    assert (found.writes, found.reason) == ([], "waiting_for_confirmation")


def test_old_data_is_not_served_in_doubt():
    found = look(of=MIRRORED, nodes={"server1": FENCED}, records={"web": seen(replace(DOUBT, epoch=0))})

    assert (found.writes, found.reason) == ([], "old_data")


def test_a_person_may_accept_a_doubt_which_ends_it():
    asked = replace(DOUBT, request=FORCED)
    found = look(of=BARE, nodes={"server1": FENCED}, records={"web": seen(asked)})

    assert found.purposes == CLAIM
    assert not found.record("claim").doubt


def test_without_force_a_request_is_refused_with_the_doubt():
    asked = replace(DOUBT, request=replace(FORCED, force=False))
    found = look(of=BARE, nodes={"server1": FENCED}, records={"web": seen(asked)})

    answer = found.record("answer").answer
    assert not answer.accepted
    assert answer.sentence.endswith(f"switch it off, then {SAID}); force overrules this")


def test_a_node_in_doubt_is_switched_off_where_it_has_a_fence():
    found = look(of=DISK, nodes={"server1": FENCED}, records={"web": seen(DOUBT)})

    assert [action.node for action in found.others] == ["server1"]


def test_a_lost_node_is_fenced_over_a_doubt():
    found = look(of=BARE, nodes={"server1": node("server1", age=TIMERS.ttl)}, records={"web": seen(DOUBT)})

    assert [purpose for purpose, _key in found.purposes] == ["fence"]
    assert found.reason == "waiting_for_confirmation"
