# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Health of a hierarchy on its node: what its checks have said over time, folded into one verdict.

What holds:

- One result changes nothing where ``fall`` and ``rise`` are above one: a check falls after ``fall``
  consecutive failures, and is well again after ``rise`` consecutive successes.
- A check that is silent does not look healthy: every ``interval + timeout`` without an answer counts as one
  failure. The answer that ends a silence, where it is a failure, is not counted beside it.
- A result counts once, and only where it belongs to the present life of the hierarchy (its generation: a
  start bumps it) and its check began no longer than ``interval + timeout`` ago.
- A hierarchy that has just started counts as healthy: its start ended with the checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .check_times import CheckTimes
from .quick import Failing, Finding, gravest

QUICK = "quick check"


@dataclass(frozen=True, slots=True)
class Watch:
    """A check that a verdict rests on.

    Attributes:
        name: of the check, unique in its hierarchy.
        times: when it runs and how many results count.
        failing: what is at fault where it does not answer at all.
        site: the site that it votes for; None where it is no deep check, and its word alone counts.
    """

    name: str
    times: CheckTimes
    failing: Failing
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What one run of a check said.

    Attributes:
        generation: that of the hierarchy when the run began.
        started: when it began, own monotonic clock.
        healthy: what it found.
        sentence: one clause without a final full stop.
        failing: what is at fault; NOTHING where it is healthy.
        notices: what somebody has to mend although it serves.
    """

    generation: int
    started: float
    healthy: bool
    sentence: str
    failing: Failing = Failing.NOTHING
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Health of a hierarchy.

    Attributes:
        healthy: it serves.
        sentence: why, one clause without a final full stop.
        failing: what is at fault; NOTHING where it is healthy.
        notices: what somebody has to mend although it serves.
        asked: where it is unhealthy, only requests failed: all state is as it should be.
        since: start of the first run of a check in its present row of failures, own monotonic clock; infinite
            where none fails.
    """

    healthy: bool
    sentence: str
    failing: Failing = Failing.NOTHING
    notices: tuple[str, ...] = ()
    asked: bool = field(default=False, compare=False)
    since: float = field(default=float("inf"), compare=False)


def quick_result(findings: Iterable[Finding], generation: int, started: float) -> Result:
    """The findings of one quick check as its result: the gravest speaks, and the others are counted."""
    found = tuple(findings)
    bad = sorted((one for one in found if not one.healthy), key=_gravity, reverse=True)
    notices = tuple(one.sentence for one in found if one.notice)
    if not bad:
        return Result(generation, started, True, "everything is in place", notices=notices)
    return Result(
        generation, started, False, _and_more([one.sentence for one in bad]), bad[0].failing, notices
    )


class _State:
    """What one check has said in the present generation."""

    __slots__ = (
        "bad",
        "down",
        "failing",
        "first",
        "good",
        "heard",
        "notices",
        "sentence",
        "spoken",
        "started",
        "watch",
    )

    def __init__(self, watch: Watch, now: float) -> None:
        self.watch = watch
        self.begin(now)

    def begin(self, now: float) -> None:
        self.bad = self.good = 0
        # When the row of failures began that goes on.
        self.first = now
        self.down = False
        self.spoken = False
        self.heard = now
        self.started = float("-inf")
        self.sentence = ""
        self.failing = self.watch.failing
        self.notices: tuple[str, ...] = ()

    def missed(self, now: float) -> int:
        """Failures that a silence amounts to."""
        return max(0, int((now - self.heard) / self.watch.times.patience))

    def silent_at(self, now: float) -> float:
        """When the silence that goes on amounts to one failure more."""
        return self.heard + (self.missed(now) + 1) * self.watch.times.patience

    def failing_since(self, now: float) -> float:
        """When its present row of failures began, infinite where there is none."""
        if self.bad or self.down:
            return self.first
        return self.heard if self.missed(now) else float("inf")

    def fallen(self, now: float) -> bool:
        return self.down or self.bad + self.missed(now) >= self.watch.times.fall

    def take(self, result: Result, now: float) -> None:
        times = self.watch.times
        missed = self.missed(now)
        if not self.bad and not self.down:
            self.first = self.heard if missed else result.started
        if missed and not self.down and self.bad + missed >= times.fall:
            self.down, self.failing = True, self.watch.failing
        if result.healthy:
            self.good = 1 if missed else self.good + 1
            self.bad = 0
            self.down = self.down and self.good < times.rise
        else:
            self.bad += max(missed, 1)
            self.good = 0
            self.down = self.down or self.bad >= times.fall
            self.failing = result.failing
        self.heard, self.started, self.spoken = now, result.started, True
        self.sentence, self.notices = result.sentence, result.notices

    def why(self, now: float) -> tuple[str, Failing]:
        """Why it counts as failed, and what is at fault; a short silence hides nothing that was said."""
        if not self.down or self.missed(now) >= self.watch.times.fall:
            silent = f"{self.watch.name} has not answered for {now - self.heard:.0f} s"
            return silent, self.watch.failing
        if self.good:
            more = self.watch.times.rise - self.good
            return f"{self.sentence}, which counts as well after {more} more answers like it", self.failing
        return self.sentence, self.failing


class Health:
    """Health of one hierarchy on the node that has it in service.

    Args:
        watches: its checks.
        now: own monotonic clock.
        votes: site -> how many of its deep checks must be well; all of them where it is not named.
    """

    def __init__(self, watches: Iterable[Watch], now: float, votes: Mapping[str, int] | None = None) -> None:
        self.generation = 0
        self._states = {watch.name: _State(watch, now) for watch in watches}
        self._votes = dict(votes or {})

    @property
    def watches(self) -> tuple[Watch, ...]:
        """Its checks."""
        return tuple(state.watch for state in self._states.values())

    def restarted(self, now: float) -> int:
        """The hierarchy was started: what was said before counts no more. Gives the new generation."""
        self.generation += 1
        for state in self._states.values():
            state.begin(now)
        return self.generation

    def woken(self, now: float) -> None:
        """This process itself stood still: the silence up to now says nothing of the checks."""
        for state in self._states.values():
            state.heard = max(state.heard, now)

    @property
    def spoken(self) -> bool:
        """Every check has answered since it was started."""
        return all(state.spoken for state in self._states.values())

    def failing_since(self, now: float) -> float:
        """When a check began to fail that still does, fallen or not; infinite where none does."""
        return min((one.failing_since(now) for one in self._states.values()), default=float("inf"))

    def quiet_until(self, now: float) -> float:
        """When a silence amounts to one failure more, if nothing is heard until then; own monotonic clock."""
        return min((one.silent_at(now) for one in self._states.values()), default=float("inf"))

    def observe(self, check: str, result: Result, now: float) -> bool:
        """Take in what a check said; False where it does not count.

        Args:
            check: name of a watch; another name does not count.
            result: what it said.
            now: own monotonic clock.
        """
        state = self._states.get(check)
        if state is None or result.generation != self.generation or result.started <= state.started:
            return False
        if now - result.started > state.watch.times.patience:
            return False
        state.take(result, now)
        return True

    def verdict(self, now: float) -> Verdict:
        """What all checks together say.

        Args:
            now: own monotonic clock.
        """
        against = self._against(now)
        notices = tuple(dict.fromkeys(text for one in self._states.values() for text in one.notices))
        if not against:
            return Verdict(True, self._well(now), notices=notices)
        told = sorted((one.why(now) for one in against), key=_gravity_of_pair, reverse=True)
        failing = gravest(one for _sentence, one in told)
        return Verdict(
            False,
            _and_more([sentence for sentence, _failing in told]),
            failing,
            notices,
            asked=all(one.watch.site is not None for one in against),
            since=min(one.failing_since(now) for one in against),
        )

    def _against(self, now: float) -> list[_State]:
        """The checks that make it unhealthy; one that is outvoted is none of them."""
        fallen = [state for state in self._states.values() if state.fallen(now)]
        lost = {site for site in self._sites() if self._lost(site, fallen)}
        return [state for state in fallen if state.watch.site is None or state.watch.site in lost]

    def _sites(self) -> set[str]:
        return {state.watch.site for state in self._states.values() if state.watch.site is not None}

    def _lost(self, site: str, fallen: list[_State]) -> bool:
        voters = sum(state.watch.site == site for state in self._states.values())
        well = voters - sum(state.watch.site == site for state in fallen)
        return well < self._votes.get(site, voters)

    def _well(self, now: float) -> str:
        """In words: also which checks were outvoted, and which have not spoken yet."""
        states = self._states.values()
        if not any(state.spoken for state in states):
            return "it has just started, and no check has answered yet"
        if fallen := [state.why(now)[0] for state in states if state.fallen(now)]:
            return f"enough checks answer, although {_and_more(fallen)}"
        return "all checks answer"


def _and_more(sentences: list[str]) -> str:
    """The first sentence, and how many others there are."""
    distinct = list(dict.fromkeys(sentences))
    return distinct[0] if len(distinct) == 1 else f"{distinct[0]} (and {len(distinct) - 1} more)"


def _gravity(finding: Finding) -> int:
    return tuple(Failing).index(finding.failing)


def _gravity_of_pair(told: tuple[str, Failing]) -> int:
    return tuple(Failing).index(told[1])
