# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health over time: every short history against a model that looks at the whole of it, and what it says."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ansible_collections.standby.iis.plugins.module_utils.ha.check_times import CheckTimes
from ansible_collections.standby.iis.plugins.module_utils.ha.health import (
    QUICK,
    Health,
    Result,
    Verdict,
    Watch,
    quick_result,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.quick import Failing, Finding

TIMES = CheckTimes(interval=2.0, timeout=3.0, fall=2, rise=2)
NIC_DOWN = "the adapter is down"


def answer(healthy, started, generation=0, failing=Failing.SITE):
    sentence = "answered 200" if healthy else "answered 500"
    return Result(generation, started, healthy, sentence, Failing.NOTHING if healthy else failing)


def outcomes(history, now, patience):
    """All that a check has said, a letter each; a silence is failures, and swallows the one that ends it."""
    letters, heard = "", 0.0
    for at, healthy in history:
        missed = int((at - heard) // patience)
        letters += "F" * missed + ("S" if healthy else "" if missed else "F")
        heard = at
    return letters + "F" * int((now - heard) // patience)


def is_down(letters, fall, rise):
    down = False
    for end in range(1, len(letters) + 1):
        seen = letters[:end]
        down = (down or seen.endswith("F" * fall)) and not seen.endswith("S" * rise)
    return down


@pytest.mark.parametrize(("fall", "rise"), list(product((1, 2, 3), repeat=2)))
def test_every_short_history_ends_as_the_whole_of_it_says(fall, rise):
    times = CheckTimes(2.0, 3.0, fall, rise)
    steps = {"good": True, "bad": False}
    for events in product(("good", "bad", "wait", "long wait", "late"), repeat=6):
        health, now, history = Health([Watch("one", times, Failing.SITE)], 0.0), 0.0, []
        for event in events:
            now += {"wait": 2.0, "long wait": 5.0}.get(event, 0.25)
            if event in steps:
                history.append((now, steps[event]))
                assert health.observe("one", answer(steps[event], now - 0.125), now)
            elif event == "late":
                assert not health.observe("one", answer(True, now - 5.125), now)
        wanted = is_down(outcomes(history, now, times.patience), fall, rise)
        assert health.verdict(now).healthy is not wanted, events


class Life(RuleBasedStateMachine):
    """A hierarchy with a quick check and two deep checks of one site, one of which is enough."""

    def __init__(self):
        super().__init__()
        self.watches = (
            Watch(QUICK, TIMES, Failing.SYSTEM),
            Watch("deep 1", CheckTimes(4.0, 1.0, 3, 1), Failing.SITE, "Shop"),
            Watch("deep 2", CheckTimes(4.0, 1.0, 1, 3), Failing.SITE, "Shop"),
        )
        self.now = self.begun = 0.0
        self.health = Health(self.watches, 0.0, {"Shop": 1})
        self.histories = {watch.name: [] for watch in self.watches}

    @rule(seconds=st.sampled_from([0.5, 1.0, 4.0, 11.0]))
    def wait(self, seconds):
        self.now += seconds

    @rule(name=st.sampled_from([QUICK, "deep 1", "deep 2"]), healthy=st.booleans())
    def answer(self, name, healthy):
        self.now += 0.25
        assert self.health.observe(name, answer(healthy, self.now - 0.125, self.health.generation), self.now)
        self.histories[name].append((self.now - self.begun, healthy))

    @rule(name=st.sampled_from([QUICK, "deep 1", "deep 2"]), healthy=st.booleans())
    @precondition(lambda self: self.health.generation)
    def answer_of_an_earlier_life(self, name, healthy):
        old = answer(healthy, self.now, self.health.generation - 1)
        assert not self.health.observe(name, old, self.now)

    @rule()
    def restart(self):
        before = self.health.generation
        assert self.health.restarted(self.now) == before + 1
        self.begun = self.now
        self.histories = {watch.name: [] for watch in self.watches}

    def _down(self, watch):
        said = outcomes(self.histories[watch.name], self.now - self.begun, watch.times.patience)
        return is_down(said, watch.times.fall, watch.times.rise)

    @invariant()
    def the_verdict_is_that_of_the_whole_history(self):
        quick, *deep = (self._down(watch) for watch in self.watches)
        verdict = self.health.verdict(self.now)
        assert verdict.healthy is not (quick or all(deep))
        assert (verdict.failing is Failing.NOTHING) is verdict.healthy
        assert verdict.sentence
        assert not verdict.sentence.endswith(".")


TestLife = Life.TestCase


def one(fall=2, rise=2, failing=Failing.SYSTEM):
    return Health([Watch(QUICK, CheckTimes(2.0, 3.0, fall, rise), failing)], 0.0)


def test_a_start_counts_as_healthy_until_checks_have_answered():
    assert one().verdict(1.0) == Verdict(True, "it has just started, and no check has answered yet")


def test_one_failure_changes_nothing_and_two_do():
    health = one()
    health.observe(QUICK, answer(False, 1.0), 1.5)
    assert health.verdict(1.5).healthy
    health.observe(QUICK, answer(False, 3.0, failing=Failing.NIC), 3.5)
    assert health.verdict(3.5) == Verdict(False, "answered 500", Failing.NIC)


def test_one_success_does_not_heal_and_says_how_many_are_missing():
    health = one(rise=3)
    for at in (1.0, 2.0):
        health.observe(QUICK, answer(False, at), at)
    health.observe(QUICK, answer(True, 3.0), 3.0)
    verdict = health.verdict(3.0)
    assert not verdict.healthy
    assert verdict.failing is Failing.SITE
    assert verdict.sentence == "answered 200, which counts as well after 2 more answers like it"
    for at in (4.0, 5.0):
        health.observe(QUICK, answer(True, at), at)
    assert health.verdict(5.0) == Verdict(True, "all checks answer")


def test_a_checker_that_hangs_does_not_look_healthy():
    health = one()
    health.observe(QUICK, answer(True, 1.0), 1.0)
    assert health.verdict(10.9).healthy
    assert health.verdict(11.0) == Verdict(False, "quick check has not answered for 10 s", Failing.SYSTEM)


def test_a_short_silence_does_not_hide_what_was_said():
    health = one()
    for at in (1.0, 2.0):
        health.observe(QUICK, answer(False, at), at)
    assert health.verdict(7.5) == Verdict(False, "answered 500", Failing.SITE)
    assert health.verdict(12.5).sentence == "quick check has not answered for 10 s"


def test_a_check_that_answers_again_after_a_silence_is_not_blamed_for_what_it_had_said_long_before():
    health = one()
    health.observe(QUICK, answer(False, 1.0), 1.0)
    health.observe(QUICK, answer(True, 2.0), 2.0)
    health.observe(QUICK, answer(True, 12.0), 12.5)
    verdict = health.verdict(12.5)
    assert (verdict.healthy, verdict.failing) == (False, Failing.SYSTEM)


def test_one_check_that_ends_late_is_one_failure_and_not_two():
    health = one()
    assert health.observe(QUICK, answer(False, 2.0), 5.25)
    assert health.verdict(5.25).healthy


def test_what_comes_out_of_order_or_twice_counts_once():
    health = one()
    late = answer(False, 1.0)
    assert health.observe(QUICK, late, 1.5)
    assert not health.observe(QUICK, late, 2.0)
    assert health.observe(QUICK, answer(True, 2.5), 2.6)
    assert not health.observe(QUICK, answer(False, 2.0), 2.7)
    assert not health.observe("another", answer(False, 3.0), 3.0)


def test_a_process_that_stood_still_itself_blames_no_check():
    health = one()
    health.observe(QUICK, answer(True, 1.0), 1.0)
    health.woken(60.0)
    assert health.verdict(60.0).healthy
    assert health.verdict(69.9).healthy
    assert not health.verdict(70.0).healthy


def test_what_was_said_before_a_restart_is_forgotten():
    health = one()
    for at in (1.0, 2.0):
        health.observe(QUICK, answer(False, at), at)
    assert health.restarted(3.0) == 1
    assert health.verdict(3.0).healthy
    assert not health.observe(QUICK, answer(False, 3.5, generation=0), 4.0)
    assert health.observe(QUICK, answer(False, 3.5, generation=1), 4.0)
    assert health.verdict(4.0).healthy


def deep(votes=None):
    times = CheckTimes(2.0, 3.0, 1, 1)
    watches = [Watch(f"check {at}", times, Failing.SITE, "Shop") for at in (1, 2, 3)]
    return Health(watches, 0.0, votes)


@pytest.mark.parametrize("needed", [0, 1, 2, 3, 9, None])
def test_a_site_needs_as_many_votes_as_were_asked_for_and_never_more_than_it_has(needed):
    for fallen in range(4):
        health = deep({} if needed is None else {"Shop": needed})
        for at in (1, 2, 3):
            health.observe(f"check {at}", answer(at > fallen, 1.0), 1.0)
        wanted = 3 if needed is None else min(needed, 3)
        assert health.verdict(1.0).healthy is (3 - fallen >= wanted)


def test_a_check_that_is_outvoted_is_told_of():
    health = deep({"Shop": 2})
    for at in (1, 2, 3):
        health.observe(f"check {at}", answer(at > 1, 1.0), 1.0)
    assert health.verdict(1.0).sentence == "enough checks answer, although answered 500"


def test_the_gravest_cause_speaks_and_the_others_are_counted():
    health = Health([*deep().watches, *one(fall=1).watches], 0.0)
    for at in (1, 2):
        health.observe(f"check {at}", Result(0, 1.0, False, f"check {at} failed", Failing.SITE), 1.0)
    nic = Result(0, 1.0, False, NIC_DOWN, Failing.NIC)
    health.observe(QUICK, nic, 1.0)
    assert health.verdict(1.0) == Verdict(False, f"{NIC_DOWN} (and 2 more)", Failing.NIC)


def test_notices_are_kept_until_the_check_says_otherwise():
    health = one()
    health.observe(QUICK, Result(0, 1.0, True, "well", notices=("expires soon",)), 1.0)
    assert health.verdict(1.0).notices == ("expires soon",)
    health.observe(QUICK, Result(0, 2.0, True, "well"), 2.0)
    assert health.verdict(2.0).notices == ()


def test_the_findings_of_a_quick_check_are_one_result():
    fine = Finding("service WAS", True, "service WAS is running")
    lasting = Finding("ip 10.0.0.50", True, "ip 10.0.0.50 is persistent", notice=True)
    stopped = Finding("site", False, "the site is stopped", Failing.SITE)
    nic = Finding("ip 10.0.0.51", False, NIC_DOWN, Failing.NIC)
    assert quick_result([fine, lasting], 3, 1.5) == Result(
        3, 1.5, True, "everything is in place", notices=("ip 10.0.0.50 is persistent",)
    )
    assert quick_result([fine, stopped, nic], 3, 1.5) == Result(
        3, 1.5, False, f"{NIC_DOWN} (and 1 more)", Failing.NIC
    )
    assert re.fullmatch("the site is stopped", quick_result([stopped], 0, 0.0).sentence)


def test_requests_alone_that_failed_are_told_apart_from_state():
    health = Health([*deep().watches, *one(fall=1).watches], 0.0)
    health.observe("check 1", Result(0, 1.0, False, "answered 500", Failing.SITE), 1.0)
    assert health.verdict(1.0).asked
    health.observe(QUICK, Result(0, 1.0, False, "the site is stopped", Failing.SITE), 1.0)
    assert not health.verdict(1.0).asked


def test_a_row_of_failures_began_with_the_run_of_its_first_one():
    health = one()
    assert health.failing_since(0.5) == float("inf")
    for started, healthy in ((1.0, True), (3.0, False), (5.0, False)):
        health.observe(QUICK, answer(healthy, started), started + 0.5)
    assert health.failing_since(6.0) == 3.0
    assert health.verdict(6.0).since == 3.0
    health.observe(QUICK, answer(True, 6.5), 6.6)
    assert health.failing_since(7.0) == 3.0, "two successes are needed"
    health.observe(QUICK, answer(True, 7.0), 7.1)
    assert health.failing_since(7.2) == float("inf")


def test_a_silence_began_with_the_last_answer():
    health = one()
    health.observe(QUICK, answer(True, 1.0), 1.5)
    assert health.failing_since(6.0) == float("inf")
    assert health.failing_since(6.5) == 1.5
    health.observe(QUICK, answer(False, 7.0), 7.5)
    assert health.failing_since(7.5) == 1.5


def test_all_checks_have_to_speak_before_it_has_spoken():
    health = Health([*deep().watches, *one().watches], 0.0)
    for name in ("check 1", "check 2", "check 3", QUICK):
        assert not health.spoken
        health.observe(name, answer(True, 1.0), 1.0)
    assert health.spoken
    health.restarted(2.0)
    assert not health.spoken


def test_a_verdict_stays_as_it_is_until_the_silence_counts_once_more():
    health = Health([*deep().watches, *one().watches], 0.0)
    for name in ("check 1", "check 2", "check 3", QUICK):
        health.observe(name, answer(True, 1.0), 1.0 if name == "check 2" else 2.0)
    for now in (2.0, 5.9):
        assert health.quiet_until(now) == 6.0
        assert health.verdict(now).healthy
    assert not health.verdict(6.0).healthy, "one miss is enough for these"
    assert health.quiet_until(6.0) == 7.0
    assert health.quiet_until(7.0) == 11.0
