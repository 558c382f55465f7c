# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which decisions are news, for whom it is in the middle of the night."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.news import KINDS, TOLD, News
from ansible_collections.standby.iis.plugins.module_utils.agent.severity import Severity
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decide import decide
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import (
    Decision,
    Reason,
    Verdict,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import LocalState, Own
from tests.support.ownership_snapshots import (
    NOW,
    TIMERS,
    cluster,
    down,
    failed,
    fenced,
    free,
    node,
    owned,
    rules,
    snapshot,
    up,
)

SERVING = snapshot()


def told(*snapshots, news=None):
    """What is told of each, (what, severity)."""
    news = news or News()
    found = []
    for one in snapshots:
        found.append([(event.what, event.severity.value) for event in news.of(one, decide(one), "at")])
    return found


def test_an_agent_that_begins_or_goes_on_is_no_news():
    joining = snapshot(own=Own(), local={"web": down()})
    assert told(joining, SERVING) == [[], [("in_service", "info")]]
    assert told(SERVING, SERVING) == [[], []]


def test_a_failover_is_told_by_the_node_that_takes_it():
    watching = snapshot("server2")
    lost = snapshot("server2", nodes={"server1": node(age=TIMERS.ttl + 1)})
    dead = snapshot("server2", nodes={"server1": fenced()})
    assert told(watching, lost, dead) == [[], [("fencing", "warning")], [("failover", "warning")]]


def test_a_planned_move_is_no_failover():
    asked = free(successor="server2", reason="an operator moves it to server2")
    assert told(snapshot("server2", records={"web": asked}))[0] == [("claiming", "info")]
    forth = free(successor="server2", failovers=1)
    assert told(snapshot("server2", records={"web": forth}))[0] == [("failover", "warning")]


def test_a_local_recovery_and_its_end():
    ill = snapshot(local={"web": failed(1, state=LocalState.UP)})
    assert told(SERVING, ill, SERVING) == [[], [("recovering", "warning")], [("in_service", "info")]]


def test_a_hierarchy_that_nobody_can_take_is_an_error():
    alone = {"server2": node("server2", unfit={"web": "no disk"})}
    ill = snapshot(nodes=alone, local={"web": failed(5, state=LocalState.UP)})
    assert told(SERVING, ill) == [[], [("failed", "error")]]


def test_giving_it_away_after_failures_is_a_warning():
    ill = snapshot(local={"web": failed(5, state=LocalState.UP)})
    assert told(SERVING, ill) == [[], [("handing_over", "warning")]]


def test_a_hold_is_told_once_while_its_seconds_go_by():
    held = [snapshot(records={"web": free(failovers=3, age=age)}) for age in (1.0, 2.0, 3.0)]
    assert told(*held) == [[("held", "error")], [], []]


def test_a_witness_that_stays_away_is_told_once_and_that_it_is_back():
    away = [
        replace(SERVING, now=NOW + seconds, reachable=False, outage="the share does not answer")
        for seconds in (0.0, 2.5)
    ]
    news = News()
    assert told(SERVING, *away, away[1], SERVING, news=news) == [
        [],
        [],
        [("witness_lost", "error")],
        [],
        [("witness_back", "info")],
    ]


def test_an_outage_of_one_read_is_no_news():
    away = replace(SERVING, reachable=False, outage="the share does not answer")
    assert told(SERVING, away, SERVING) == [[], [], []]


def test_a_node_that_must_stop_without_its_witness_says_so_and_one_that_has_nothing_does_not():
    over = Own(3, NOW - 1.0, NOW - 8.0)
    for local, wanted in ((up(), [("store_outage", "error")]), (down(), [])):
        stopped = snapshot(own=over, local={"web": local}, reachable=False, outage="gone")
        assert told(SERVING, stopped)[1] == wanted


def test_a_notice_is_told_when_it_begins_and_when_it_changes():
    news = News()
    looks = [snapshot(local={"web": up(notice=text)}) for text in ("", "5 days", "5 days", "4 days", "")]
    found = [news.of(one, decide(one), "at") for one in looks]
    assert [[event.what for event in one] for one in found] == [[], ["notice"], [], ["notice"], []]
    assert found[1][0].sentence == "It serves; to be mended: 5 days."
    assert found[1][0].severity is Severity.WARNING


def test_every_reason_is_told_or_is_that_of_a_node_that_only_watches_or_is_on_the_way():
    silent = {
        *(Reason.STARTING, Reason.STOPPING, Reason.ELSEWHERE, Reason.WATCHING),
        *(Reason.ANSWERING, Reason.WAITING_FOR_BETTER, Reason.WAITING_FOR_SUCCESSOR),
    }
    assert set(TOLD) | silent == set(Reason)
    assert not set(TOLD) & silent
    assert len(set(KINDS)) == len(KINDS)


@pytest.mark.parametrize("reason", TOLD)
def test_every_told_reason_is_an_event_with_its_sentence_and_hierarchy(reason):
    of = cluster(rules("web"), rules("ftp"))
    one = snapshot(of=of, records={"ftp": owned(name="ftp")})
    before = Decision((), (Verdict("web", Reason.ELSEWHERE, "x"),))
    after = Decision((), (Verdict("web", reason, "it is so"),))
    news = News()
    assert news.of(one, before, "at") == []
    (event,) = news.of(one, after, "at")
    assert (event.at, event.node, event.hierarchy, event.sentence) == ("at", "server1", "web", "it is so.")
    assert event.what in KINDS
    assert event.severity in (TOLD[reason], Severity.WARNING)
