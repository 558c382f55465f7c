# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agent's eyes: runs the checks of what is in service here, and looks at others' sites from outside.

Everything but the checks themselves happens on the caller's thread, and nothing of it waits. One thread reads
the node, a fixed number of others make requests: a check that hangs costs its thread, never more, and its
silence counts as failure (``ha/health.py``). Each check runs at most once at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from ..control.survey import gather
from ..errors import StandbyError, foreseen
from ..ha.check_times import CheckSettings, defined_times, idle_interval, quick_times
from ..ha.facts import NodeFacts, Scope, narrowed, with_mirrors, with_shared
from ..ha.health import QUICK, Health, Result, Verdict, Watch, quick_result
from ..ha.mirror import copied, current, mirrors
from ..ha.model import Check, Hierarchy, Site
from ..ha.on_node import from_outside, on_node
from ..ha.ownership.timing import Timers
from ..ha.quick import Failing, Finding, blocked, look
from ..ha.views import View, view_of
from ..node import Node
from ..windows import deepcheck
from .body_search import BodySearch
from .rounds import Caller, Rounds
from .workers import Workers

T = TypeVar("T")

# Threads that make requests, at most: for what is in service here, and for looks from outside. The sites of a
# dead node, each of which takes its whole timeout, hold up no check of this one's.
THREADS = 16
OUTSIDE_THREADS = 2


def ask_bounded(check: Check) -> deepcheck.Verdict:
    """A deep check whose search in the body ends too."""
    return deepcheck.run_check(check, search=BodySearch())


@dataclass
class _Deep:
    """A deep check of a hierarchy."""

    site: str
    number: int
    check: Check
    watch: Watch
    outside: tuple[Check, ...] = ()
    busy: bool = False


@dataclass
class _Round:
    """A look from outside that is under way."""

    started: float
    open: int
    answers: dict[tuple[str, int], tuple[bool, str]] = field(default_factory=dict)


@dataclass
class _Eye:
    """What is looked at of one hierarchy."""

    hierarchy: Hierarchy
    deep: tuple[_Deep, ...]
    health: Health
    rounds: list[Rounds] = field(default_factory=list)
    serving: bool = False
    blocked: str = "its state has not been read yet"
    current: tuple[str, ...] | None = None
    mirrored_at: float | None = None
    found: tuple[Finding, ...] | None = None
    round: _Round | None = None
    looks: int = 0
    seen: tuple[View, float] | None = None
    waiting: list[Callable[[View], None]] = field(default_factory=list)


class Probes:
    """The checks of one node's hierarchies.

    Args:
        node: this node. It is used by one thread at a time.
        hierarchies: those that have this node.
        timers: of the preset.
        caller: whose thread this runs on.
        told: called on that thread after every result that counts.
        settings: what operators set otherwise.
        idle: called on that thread after every reading, for each hierarchy that is not in service here.
        ask: makes one deep check, on a thread of its own.
        threads: for deep checks of what is in service here, at most.

    Attributes:
        problems: sentences on checks whose timeout does not fit the preset; they are made all the same.

    Raises:
        BadTimers: settings do not fit the preset.
    """

    def __init__(
        self,
        node: Node,
        hierarchies: Iterable[Hierarchy],
        timers: Timers,
        caller: Caller,
        told: Callable[[str, Verdict], None],
        *,
        settings: CheckSettings | None = None,
        idle: Callable[[Hierarchy, NodeFacts], None] | None = None,
        ask: Callable[[Check], deepcheck.Verdict] = ask_bounded,
        threads: int = THREADS,
    ) -> None:
        self._node, self._caller, self._told, self._ask = node, caller, told, ask
        self._idling = idle
        self._settings = settings or CheckSettings()
        self._quick = quick_times(timers, **self._settings.quick)
        self._idle = idle_interval(timers)
        self.problems: list[str] = []
        self._eyes = {one.name: self._eye(one, timers) for one in hierarchies}
        wanted = [eye.hierarchy for eye in self._eyes.values()]
        volumes = [volume for one in wanted for volume in one.volumes]
        scope = narrowed(Scope.CHECK, (site for one in wanted for site in one.sites))
        self._scope = with_shared(with_mirrors(scope, volumes), volumes)
        self._mirrored = bool(mirrors(volumes))
        checks = sum(len(eye.deep) for eye in self._eyes.values())
        self._reader = Workers(1, "quick check")
        self._askers = Workers(min(threads, checks), "deep check")
        self._lookers = Workers(min(OUTSIDE_THREADS, checks), "outside view")
        self._reading = False
        self._facts: NodeFacts | None = None
        self._read_at = caller.monotonic()
        self._rounds = Rounds(caller, self._interval, self._read)
        self._outside_rounds = Rounds(caller, partial(float, self._idle), self._look_at_others)

    @property
    def looks_every(self) -> float:
        """Seconds between two looks at what is in service here, and at mirrors."""
        return self._quick.interval

    def begin(self) -> None:
        """Look, and go on looking: at this node, and from outside at what is not in service here."""
        self._rounds.begin()
        self._outside_rounds.begin()

    def close(self) -> None:
        """Look no more. A check that is under way is not waited for."""
        self._rounds.end()
        self._outside_rounds.end()
        for name in self._eyes:
            self.stopped(name)
        for workers in (self._reader, self._askers, self._lookers):
            workers.close()

    def restarted(self, hierarchy: str) -> None:
        """It was started here and is to be checked from now on; what checks said before counts no more."""
        eye = self._eyes[hierarchy]
        eye.serving, eye.current = True, None
        eye.health.restarted(self._caller.monotonic())
        self._rounds.begin()
        for rounds in eye.rounds:
            rounds.begin()

    def stopped(self, hierarchy: str) -> None:
        """It is not in service here, or is being stopped: its checks end."""
        eye = self._eyes[hierarchy]
        eye.serving, eye.current = False, None
        for rounds in eye.rounds:
            rounds.end()

    def woken(self) -> None:
        """This process stood still for a while: that checks were silent meanwhile is no fault of theirs."""
        now = self._caller.monotonic()
        self._read_at = max(self._read_at, now)
        for eye in self._eyes.values():
            eye.health.woken(now)

    def verdict(self, hierarchy: str) -> Verdict:
        """Health of a hierarchy that is in service here. To be asked at every tick: silence counts too."""
        return self._eyes[hierarchy].health.verdict(self._caller.monotonic())

    def spoken(self, hierarchy: str) -> bool:
        """Every check of it has answered since it came into service here."""
        return self._eyes[hierarchy].health.spoken

    def quiet_until(self, hierarchy: str) -> float:
        """Until when its verdict stays as it is where nothing is heard, caller's monotonic clock."""
        return self._eyes[hierarchy].health.quiet_until(self._caller.monotonic())

    def doubtful(self, hierarchy: str) -> bool:
        """A check of what is in service here fails, though perhaps not often enough yet to count."""
        eye = self._eyes[hierarchy]
        return eye.serving and eye.health.failing_since(self._caller.monotonic()) < float("inf")

    def blocked(self, hierarchy: str) -> str:
        """Why a hierarchy cannot be brought up on this node; "" where nothing is in the way."""
        silent = self._caller.monotonic() - self._read_at
        if silent > self._idle + self._quick.timeout:
            return f"its state has not been read for {silent:.0f} s"
        return self._eyes[hierarchy].blocked

    def current(self, hierarchy: str) -> tuple[str, ...] | None:
        """The nodes that have the newest data of its mirrors, as was seen since it came into service here.

        None where it has no mirror, or nothing was seen yet.
        """
        return self._eyes[hierarchy].current

    def mirrored_at(self, hierarchy: str) -> float | None:
        """When the copies of its mirrors on this node were last seen to be complete, caller's clock."""
        return self._eyes[hierarchy].mirrored_at

    def outside(self, hierarchy: str) -> View:
        """What this node last saw of a hierarchy's sites over the network, and how old that is."""
        eye = self._eyes[hierarchy]
        if eye.serving:
            return View(None, f"it is in service on {self._node.name} itself")
        if eye.seen is None:
            return View(None, f"{self._node.name} has not looked yet")
        view, at = eye.seen
        return View(view.healthy, view.sentence, self._caller.monotonic() - at, look=eye.looks)

    def look_outside(self, hierarchy: str, done: Callable[[View], None]) -> None:
        """Look now, for a peer that asks; one look at a time serves all who ask.

        Args:
            hierarchy: which.
            done: called once on the caller's thread, as late as the checks' timeouts allow.
        """
        eye = self._eyes[hierarchy]
        if eye.serving or not eye.deep:
            self._caller.post(partial(done, self.outside(hierarchy)))
            return
        eye.waiting.append(done)
        self._look_at(eye)

    def _eye(self, hierarchy: Hierarchy, timers: Timers) -> _Eye:
        whole, hierarchy = hierarchy, on_node(hierarchy, self._node.name)
        deep = tuple(
            self._deep(site, at, check, timers, from_outside(declared.checks[at], whole, self._node.name))
            for site, declared in zip(hierarchy.sites, whole.sites, strict=True)
            for at, check in enumerate(site.checks)
        )
        watches = (Watch(QUICK, self._quick, Failing.SYSTEM), *(one.watch for one in deep))
        eye = _Eye(hierarchy, deep, Health(watches, self._caller.monotonic(), self._settings.votes))
        for one in deep:
            interval = partial(float, one.watch.times.interval)
            eye.rounds.append(Rounds(self._caller, interval, partial(self._check, eye, one)))
        return eye

    def _deep(
        self, site: Site, number: int, check: Check, timers: Timers, outside: tuple[Check, ...]
    ) -> _Deep:
        name = f"check {number + 1} of {site.id} ({check.url})"
        times, unfit = defined_times(timers, check.timeout, **self._settings.deep)
        if unfit:
            self.problems.append(f"{name}: {unfit}")
        return _Deep(site.name, number, check, Watch(name, times, Failing.SITE, site.name), outside)

    # The quick check

    def _interval(self) -> float:
        """A mirror is looked at as often where it is copied to as where it is copied from."""
        often = self._mirrored or any(eye.serving for eye in self._eyes.values())
        return self._quick.interval if often else self._idle

    def _read(self) -> None:
        if self._reading:
            return
        self._reading = True
        lives = {name: eye.health.generation for name, eye in self._eyes.items() if eye.serving}
        work = partial(gather, self._node, self._scope)
        self._run(self._reader, work, partial(self._have_read, self._caller.monotonic(), lives))

    def _have_read(self, started: float, lives: Mapping[str, int], facts: NodeFacts | StandbyError) -> None:
        self._reading = False
        if isinstance(facts, StandbyError):
            facts = NodeFacts(self._node.name, problem=str(facts))
        self._read_at = self._caller.monotonic()
        # Most reads show what the one before has shown, and everything here follows from that.
        news, self._facts = facts != self._facts, facts
        for name, eye in self._eyes.items():
            if news:
                eye.blocked, eye.found = blocked(eye.hierarchy, facts), None
            if copied(eye.hierarchy, facts):
                eye.mirrored_at = started
            if name in lives and lives[name] == eye.health.generation and eye.serving:
                eye.current = current(eye.hierarchy, facts)
            if name in lives:
                if eye.found is None:
                    eye.found = look(eye.hierarchy, facts)
                self._observe(eye, QUICK, quick_result(eye.found, lives[name], started))
            elif self._idling is not None and not eye.serving:
                self._idling(eye.hierarchy, facts)

    def _observe(self, eye: _Eye, check: str, result: Result) -> None:
        now = self._caller.monotonic()
        if eye.serving and eye.health.observe(check, result, now):
            self._told(eye.hierarchy.name, eye.health.verdict(now))

    # Deep checks

    def _check(self, eye: _Eye, deep: _Deep) -> None:
        generation, started = eye.health.generation, self._caller.monotonic()

        def answered(verdict: deepcheck.Verdict | StandbyError) -> None:
            healthy, sentence, notices = _told_by(verdict)
            failing = Failing.NOTHING if healthy else Failing.SITE
            result = Result(generation, started, healthy, sentence, failing, notices)
            self._observe(eye, deep.watch.name, result)

        self._make(self._askers, deep, answered)

    def _make(
        self,
        workers: Workers,
        deep: _Deep,
        answered: Callable[[deepcheck.Verdict | StandbyError], None],
    ) -> bool:
        """Make a deep check, unless it is under way; False where it is."""
        if deep.busy:
            return False
        deep.busy = True

        def ended(verdict: deepcheck.Verdict | StandbyError) -> None:
            deep.busy = False
            answered(verdict)

        asked = deep.outside if workers is self._lookers else (deep.check,)
        self._run(workers, partial(self._first_good, asked), ended)
        return True

    def _first_good(self, checks: Sequence[Check]) -> deepcheck.Verdict:
        """Of a site that may be at several addresses: where it answers, else what the last one said."""
        for check in checks[:-1]:
            verdict = self._ask(check)
            if verdict.healthy:
                return verdict
        return self._ask(checks[-1])

    def _run(self, workers: Workers, work: Callable[[], T], done: Callable[[T | StandbyError], None]) -> None:
        """Have work done on another thread, and what came of it told on the caller's."""

        def run() -> None:
            try:
                value: T | StandbyError = work()
            except Exception as error:
                value = foreseen(error, self._node.name)
            self._caller.post(partial(done, value))

        workers.submit(run)

    # The view from outside

    def _look_at_others(self) -> None:
        for eye in self._eyes.values():
            if not eye.serving:
                self._look_at(eye)

    def _look_at(self, eye: _Eye) -> None:
        """One round over all deep checks; one that does not end is missing in it."""
        if eye.round is not None or not eye.deep:
            return
        eye.round = this = _Round(self._caller.monotonic(), len(eye.deep))
        bound = max(one.watch.times.patience for one in eye.deep)
        self._caller.after(bound, partial(self._have_looked, eye, this))
        for one in eye.deep:
            if not self._make(self._lookers, one, partial(self._have_seen, eye, this, one)):
                this.open -= 1
        if not this.open:
            self._have_looked(eye, this)

    def _have_seen(
        self, eye: _Eye, this: _Round, deep: _Deep, verdict: deepcheck.Verdict | StandbyError
    ) -> None:
        healthy, sentence, _notices = _told_by(verdict)
        this.answers[deep.site, deep.number] = healthy, sentence
        this.open -= 1
        if not this.open:
            self._have_looked(eye, this)

    def _have_looked(self, eye: _Eye, this: _Round) -> None:
        if eye.round is not this:
            return
        eye.round = None
        view = view_of(eye.hierarchy, this.answers, 0.0, self._settings.votes)
        eye.seen, eye.looks = (view, this.started), eye.looks + 1
        waiting, eye.waiting = eye.waiting, []
        for done in waiting:
            done(self.outside(eye.hierarchy.name))


def _told_by(verdict: deepcheck.Verdict | StandbyError) -> tuple[bool, str, tuple[str, ...]]:
    """Whether it is healthy, the sentence, notices."""
    if isinstance(verdict, StandbyError):
        return False, verdict.problem, ()
    return verdict.healthy, verdict.sentence, verdict.notices
