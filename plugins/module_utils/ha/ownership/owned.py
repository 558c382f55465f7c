# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A hierarchy that this node owns: bring it up, keep it up, hand it over."""

from __future__ import annotations

from dataclasses import replace

from .decision import Do, Purpose, Reason, Result, Verb, Verdict, Write
from .fitness import alive, failed_too_often, maintained, obstacle
from .gate import waits_for
from .records import HIERARCHIES, Answer, HierarchyRecord, Request, RequestKind
from .snapshot import Local, LocalState, Rules, Snapshot, Switchback


def own(s: Snapshot, rules: Rules, record: HierarchyRecord) -> Result:
    """What the owner does with a hierarchy, with standing; the record is that of ``s.owned``."""
    seen = s.hierarchies[rules.name]
    owner = _Owner(s, rules, record, seen.version, s.local[rules.name])
    if seen.newer:
        return owner.leave_alone(seen.problem)
    if seen.problem:
        return owner.repair(seen.problem)
    if owner.writes_alone():
        return owner.name_the_newest()
    if record.request is not None:
        return owner.answer(record.request)
    return owner.go_on()


class _Owner:
    def __init__(
        self, s: Snapshot, rules: Rules, record: HierarchyRecord, version: int, local: Local
    ) -> None:
        self.s = s
        self.rules = rules
        self.record = record
        self.version = version
        self.local = local

    # Its mirror

    def writes_alone(self) -> bool:
        """A node that the record names has not got what is written here.

        That is written down before all else, also in maintenance: whoever takes it goes by the record.
        """
        return self.s.reachable and self.local.state is LocalState.UP and self._wrote_alone()

    def _wrote_alone(self) -> bool:
        named, current = self.record.current, self.local.current
        return bool(named and current and not set(named) <= set(current))

    def name_the_newest(self) -> Result:
        """Write down what its mirror tells."""
        current = self.local.current or ()
        told = f"it is in service on {self.s.node}; {' and '.join(current)} have its newest data"
        return self._write(Purpose.MARK, told, self._as_it_is(), current=current)

    # Requests

    def answer(self, request: Request) -> Result:
        """Do what an operator asks, or say why not."""
        if request.kind is RequestKind.ACKNOWLEDGE:
            told = f"{self.record.failovers} unplanned moves are acknowledged"
            return self._answered(request, True, told, failovers=0)
        if request.kind is RequestKind.OUT:
            return self._give("", f"{request.by or 'an operator'} took it out of service", request)
        target = request.target if request.kind is RequestKind.SWITCHOVER else self._best(request.force)
        refusal = self._refusal(target, request)
        if refusal:
            return self._answered(request, False, refusal)
        if target == self.s.node:
            why = self._exhausted()
            told = f"it is on {target}" + (f", where it cannot serve: {why}" if why else "")
            return self._answered(request, True, told, wanted=True, failovers=0, successor="")
        return self._give(target, f"{request.by or 'an operator'} moves it to {target}", request)

    def _answered(self, request: Request, accepted: bool, told: str, **changes: object) -> Result:
        """Answer, with the hierarchy as it is."""
        answer = Answer(request.id, accepted, told)
        return self._record(Purpose.ANSWER, told, self._as_it_is(), request=None, answer=answer, **changes)

    def _as_it_is(self) -> Reason:
        if self.local.state is LocalState.UP:
            return Reason.IN_SERVICE if self.local.healthy else Reason.FAILED
        rising = self.local.state in (LocalState.STARTING, LocalState.DOWN)
        return Reason.STARTING if rising else Reason.STOPPING

    def _best(self, force: bool) -> str:
        """The first of its nodes that can take it, in order of priority."""
        for node in self.rules.nodes:
            against = None if node == self.s.node else obstacle(self.s, self.rules, self.record, node)
            if against is None or (force and against.soft):
                return node
        return self.s.node

    def _refusal(self, target: str, request: Request) -> str:
        if target not in self.rules.nodes:
            return f"{target or 'no node'} is none of its nodes ({', '.join(self.rules.nodes)})"
        if target == self.s.node:
            return ""
        against = obstacle(self.s, self.rules, self.record, target)
        if against is None or (against.soft and request.force):
            return ""
        return f"{against.sentence}; " + (
            "force overrules this" if against.soft else "it has to be back first"
        )

    # Its course

    def go_on(self) -> Result:
        """Nothing was asked."""
        local, s = self.local, self.s
        if not self.record.wanted:
            return self._take_out()
        why = maintained(s, self.rules, s.node)
        if s.own.leaving:
            told = f"{s.node} is being shut down"
            # In maintenance it is left to this node, which brings it up again when it is back.
            return self._give(s.node, f"{told}, and {why}") if why else self._give(self._heir(), told)
        untried = not (local.failures or local.blocked or local.given_up)
        if why and untried and local.down:
            return self._bring_up()  # it was up before this agent was started, or a person asked for it
        if why and untried and local.state is LocalState.UNKNOWN:
            return self._stopping()  # an earlier process of this agent died half-way, and left it so
        if why:
            return self._say(Reason.MAINTENANCE, f"{why}; it is {local.state.value} on {s.node}")
        if self.record.successor:
            return self._hand_over(self.record.successor)
        if local.state is LocalState.STARTING:
            return self._say(Reason.STARTING, f"it is being brought into service on {s.node}")
        if local.state is LocalState.UP and local.healthy:
            return self._serve()
        if local.state in (LocalState.STOPPING, LocalState.UNKNOWN):
            return self._stopping()
        return self._bring_up()

    def _stopping(self) -> Result:
        told = f"it is being stopped on {self.s.node}"
        late = self.s.now - self.local.since - self.s.timers.stop
        return self._do(Verb.STOP, Reason.STOPPING, told if late < 0 else f"{told}, which does not end")

    def _take_out(self) -> Result:
        told = self.record.reason
        if not self.local.down:
            return self._do(Verb.STOP, Reason.TAKEN_OUT, told)
        return self._write(Purpose.RELEASE, told, Reason.TAKEN_OUT, owner="", successor="")

    def _serve(self) -> Result:
        s, record, local = self.s, self.record, self.local
        told = f"it is in service on {s.node}"
        if self.rules.replicated and local.current is not None and local.current != record.current:
            return self.name_the_newest()
        if record.failovers and s.now - local.since >= s.timers.stability:
            return self._write(Purpose.SETTLE, f"{told}, and stable", Reason.IN_SERVICE, failovers=0)
        better = self._switchback()
        if better:
            back = f"{better} is back and comes first"
            return self._write(Purpose.MARK, back, Reason.IN_SERVICE, successor=better)
        if s.own.promised:
            return self._say(
                Reason.IN_SERVICE, f"{told}, as its peers promised: {s.outage or 'the witness is slow'}"
            )
        if s.own.jumped:
            return self._say(Reason.IN_SERVICE, f"{told}; its clocks jumped, and its lease is being renewed")
        return self._say(Reason.IN_SERVICE, f"{told}; {local.notice}" if local.notice else told)

    def _hand_over(self, successor: str) -> Result:
        """It was marked for a successor: on the way, unless that one cannot take it any more."""
        against = obstacle(self.s, self.rules, self.record, successor)
        if against is None:
            return self._give(successor, f"{successor} is back and comes first")
        told = f"it stays on {self.s.node}: {against.sentence}"
        return self._write(Purpose.MARK, told, self._as_it_is(), successor="")

    def _switchback(self) -> str:
        """A node of higher priority that has been back for long enough, "" where there is none."""
        s, rules = self.s, self.rules
        if rules.switchback is not Switchback.AUTOMATIC or self.record.failovers or not _open(s, rules):
            return ""
        for node in rules.nodes[: rules.nodes.index(s.node)]:
            steady = alive(s, node) and s.now - s.nodes[node].steady >= s.timers.stability
            if steady and obstacle(s, rules, self.record, node) is None:
                return node
        return ""

    def _bring_up(self) -> Result:
        """It is down, or up and failed: start it, restart it, or give it to another node."""
        s, local = self.s, self.local
        why = self._exhausted()
        if why and self._anybody_else():
            return self._give(self._heir(), why, failed=True)
        if why:
            told = waits_for(self.rules, s.node, self._able()) or "no other node can take it"
            return self._say(Reason.FAILED, f"{why}, and {told}; it is {local.state.value}")
        if not local.down:
            told = f"it failed on {s.node} ({local.problem}) and is restarted there"
            return self._do(Verb.STOP, Reason.RECOVERING, told)
        if HIERARCHIES + self.rules.name in s.busy:
            told = f"it is down on {s.node}; a write of its record is on its way, which may release it"
            return self._say(Reason.HANDING_OVER, told)
        if self.rules.name in s.unsure:
            told = f"whether {s.node} has released it is not known: its record is written first"
            return self._record(Purpose.REPAIR, told, Reason.STARTING)
        if s.own.jumped:
            return self._say(
                Reason.STARTING, f"{s.node} owns it; its clocks jumped, and its lease comes first"
            )
        return self._do(Verb.START, Reason.STARTING, f"{s.node} owns it and brings it into service")

    def _exhausted(self) -> str:
        """Why it is not tried here any more for the time being, "" where it is."""
        if self.local.blocked:
            return self.local.blocked
        if self.local.given_up and self._anybody_else():
            return self.local.given_up
        if often := failed_too_often(self.s, self.rules, self.s.timers.recovery_period):
            return f"it failed {often} on {self.s.node} ({self.local.problem})"
        return ""

    def _anybody_else(self) -> bool:
        """Whether another node could take it by itself."""
        return any(not self.rules.apart(self.s.node, node) for node in self._able())

    def _able(self) -> list[str]:
        """The other nodes that could take it, in order of priority."""
        others = (node for node in self.rules.nodes if node != self.s.node)
        return [node for node in others if obstacle(self.s, self.rules, self.record, node) is None]

    def _heir(self) -> str:
        """Whom it is left to where nobody asked for it: nobody in particular, unless a gate has to hold.

        A gate is told from the last owner, or from whom it was released for.
        """
        if not self.rules.places:
            return ""
        near = [node for node in self._able() if not self.rules.apart(self.s.node, node)]
        return near[0] if near else self.s.node

    # What it answers

    def _give(self, to: str, why: str, request: Request | None = None, *, failed: bool = False) -> Result:
        """Stop it here; once it is down, release it."""
        if not self.local.down:
            told = f"{why}; it is stopped on {self.s.node} first"
            return self._do(Verb.STOP, Reason.HANDING_OVER, told)
        changes: dict[str, object] = {"owner": "", "successor": to}
        if self._wrote_alone():
            changes["current"] = self.local.current
        if request is not None:
            out = request.kind is RequestKind.OUT
            changes |= {"request": None, "answer": Answer(request.id, True, why), "wanted": not out}
            changes |= {"failovers": 0, "forced": request.force and bool(to)}
        if failed:
            changes["failovers"] = self.record.failovers + 1
        return self._write(Purpose.RELEASE, why, Reason.HANDING_OVER, **changes)

    def repair(self, problem: str) -> Result:
        """The record is lost or damaged while this node has standing: nobody else can have taken it.

        Unless it had released it: ``lost.outranked`` is asked first.
        """
        told = f"{problem}; {self.s.node} owns it and writes it again"
        return self._record(Purpose.REPAIR, told, self._as_it_is())

    def leave_alone(self, problem: str) -> Result:
        """The record was written by a newer version, which knows what this one does not."""
        return self._say(Reason.UNREADABLE, f"{problem}; it is {self.local.state.value} on {self.s.node}")

    def _say(self, reason: Reason, sentence: str) -> Result:
        return Verdict(self.rules.name, reason, sentence), []

    def _do(self, verb: Verb, reason: Reason, sentence: str) -> Result:
        action = Do(verb, self.rules.name, self.record.epoch, reason, sentence)
        return Verdict(self.rules.name, reason, sentence), [action]

    def _write(self, purpose: Purpose, sentence: str, verdict: Reason, **changes: object) -> Result:
        """Write the record, with the sentence as its reason."""
        return self._record(purpose, sentence, verdict, reason=sentence, **changes)

    def _record(self, purpose: Purpose, sentence: str, verdict: Reason, **changes: object) -> Result:
        key = HIERARCHIES + self.rules.name
        told = Verdict(self.rules.name, verdict, sentence)
        if key in self.s.busy:
            return told, []
        record = replace(self.record, **changes)  # type: ignore[arg-type]
        return told, [Write(purpose, key, self.version, record, sentence)]


def _open(s: Snapshot, rules: Rules) -> bool:
    """True within the window; one that ends before it begins goes over midnight."""
    if rules.window is None:
        return True
    begin, end = rules.window
    return begin <= s.minute < end if begin <= end else s.minute >= begin or s.minute < end
