# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of an agent's decisions is news for people outside, as events; no I/O.

A node tells what it does, and what it cannot do. What it merely watches is told by the node that does it.
Every event carries the sentence of the decision that it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from ..ha.certificate_notes import Note
from ..ha.ownership.decision import Decision, Purpose, Reason, Verdict, Write
from ..ha.ownership.journal import timeless
from ..ha.ownership.records import HIERARCHIES, HierarchyRecord
from ..ha.ownership.snapshot import Local, Snapshot
from .notify import Event
from .severity import Severity

# Reasons that are told, with their severity; ``what`` of the event is the reason's own word, but for those
# that ``_special`` names otherwise.
TOLD: Mapping[Reason, Severity] = MappingProxyType(
    {
        Reason.IN_SERVICE: Severity.INFO,
        Reason.MAINTENANCE: Severity.INFO,
        Reason.TAKEN_OUT: Severity.INFO,
        Reason.CLAIMING: Severity.INFO,
        Reason.HANDING_OVER: Severity.INFO,
        Reason.FENCING: Severity.WARNING,
        Reason.RECOVERING: Severity.WARNING,
        Reason.FAILED: Severity.ERROR,
        Reason.HELD: Severity.ERROR,
        Reason.UNFIT: Severity.ERROR,
        Reason.LIMIT: Severity.ERROR,
        Reason.OLD_DATA: Severity.ERROR,
        Reason.WAITING_FOR_CONFIRMATION: Severity.ERROR,
        Reason.UNREADABLE: Severity.ERROR,
        Reason.NO_STANDING: Severity.ERROR,
        Reason.STORE_OUTAGE: Severity.ERROR,
        Reason.NOT_A_MEMBER: Severity.ERROR,
    }
)
FAILOVER, NOTICE, CERTIFICATE = "failover", "notice", "certificate"
WITNESS_LOST, WITNESS_BACK = "witness_lost", "witness_back"
# Every word that ``what`` may be.
KINDS = (*(reason.value for reason in TOLD), FAILOVER, NOTICE, CERTIFICATE, WITNESS_LOST, WITNESS_BACK)

# What goes on for days is told when it begins, whatever its sentence says later.
_LASTING = frozenset({Reason.IN_SERVICE, Reason.MAINTENANCE, Reason.TAKEN_OUT})


def of_certificates(before: Iterable[Note], now: Iterable[Note], node: str, at: str) -> list[Event]:
    """What is news of certificates: each note once, and that none is left.

    Args:
        before: notes of the last look.
        now: those of this one.
        node: this one.
        at: wall clock, ISO 8601.
    """
    known, found = set(before), list(now)
    events = [
        Event(at, node, one.hierarchy, CERTIFICATE, f"To be mended: {one.sentence}.", Severity.WARNING)
        for one in found
        if one not in known
    ]
    if known and not found:
        told = f"The certificates of the https sites on {node} are in order."
        events.append(Event(at, node, "", CERTIFICATE, told, Severity.INFO))
    return events


class News:
    """Follows the decisions of one agent."""

    def __init__(self) -> None:
        self._verdicts: dict[str, tuple[Reason, str]] = {}
        self._notices: dict[str, str] = {}
        self._outage_since: float | None = None
        self._lost = False

    def of(self, snapshot: Snapshot, decision: Decision, at: str) -> list[Event]:
        """What is news in a decision, in the order in which it is to be told.

        Args:
            snapshot: what the decision rests on.
            decision: the decision.
            at: wall clock, ISO 8601.
        """
        events = [Event(at, snapshot.node, "", *told) for told in self._witness(snapshot)]
        for verdict in decision.verdicts:
            told = (*self._verdict(snapshot, decision, verdict), *self._notice(snapshot, verdict))
            events.extend(Event(at, snapshot.node, verdict.hierarchy, *one) for one in told)
        return events

    def _witness(self, s: Snapshot) -> Iterator[tuple[str, str, Severity]]:
        """An outage that lasts longer than a read that is lost, and its end."""
        if not s.outage:
            self._outage_since = None
            if self._lost:
                self._lost = False
                yield WITNESS_BACK, "The witness is reached again.", Severity.INFO
            return
        if self._outage_since is None:
            self._outage_since = s.now
        if not self._lost and s.now - self._outage_since >= 2 * s.timers.interval:
            self._lost = True
            yield WITNESS_LOST, f"The witness cannot be reached: {s.outage}.", Severity.ERROR

    def _verdict(
        self, s: Snapshot, decision: Decision, verdict: Verdict
    ) -> Iterator[tuple[str, str, Severity]]:
        reason = verdict.reason
        sentence = "" if reason in _LASTING else timeless(verdict.sentence)
        before = self._verdicts.get(verdict.hierarchy)
        self._verdicts[verdict.hierarchy] = reason, sentence
        if before == (reason, sentence) or reason not in TOLD:
            return
        if before is None and (reason is Reason.IN_SERVICE or _beginning(s)):
            return  # an agent that begins, or goes on: nothing has happened
        local = s.local.get(verdict.hierarchy)
        if reason is Reason.STORE_OUTAGE and (local is None or local.down):
            return  # the outage itself is told, and nothing of this node goes out of service by it
        if _beginning(s) and reason is Reason.NO_STANDING:
            return
        what, severity = _special(s, decision, verdict, local) or (reason.value, TOLD[reason])
        yield what, f"{verdict.sentence.rstrip('.')}.", severity

    def _notice(self, s: Snapshot, verdict: Verdict) -> Iterator[tuple[str, str, Severity]]:
        """What somebody has to mend although it serves: once, and again where it says something else."""
        local = s.local.get(verdict.hierarchy)
        notice = local.notice if local is not None else ""
        before = self._notices.get(verdict.hierarchy, "")
        self._notices[verdict.hierarchy] = timeless(notice)
        if notice and timeless(notice) != before:
            yield NOTICE, f"It serves; to be mended: {notice.rstrip('.')}.", Severity.WARNING


def _beginning(s: Snapshot) -> bool:
    """The agent has not joined yet, and has never had a standing to lose."""
    return not s.own.incarnation and not s.own.lost


def _special(
    s: Snapshot, decision: Decision, verdict: Verdict, local: Local | None
) -> tuple[str, Severity] | None:
    if verdict.reason is Reason.CLAIMING and _unplanned(s, decision, verdict.hierarchy):
        return FAILOVER, Severity.WARNING
    failed = local is not None and (bool(local.failures or local.blocked) or not local.healthy)
    if verdict.reason is Reason.HANDING_OVER and failed:
        return verdict.reason.value, Severity.WARNING
    return None


def _unplanned(s: Snapshot, decision: Decision, hierarchy: str) -> bool:
    """A claim that follows a failure or a loss, not a request."""
    for action in decision.actions:
        if isinstance(action, Write) and action.purpose is Purpose.CLAIM:
            record = action.record
            if action.key == HIERARCHIES + hierarchy and isinstance(record, HierarchyRecord):
                return record.failovers > 0
    seen = s.hierarchies.get(hierarchy)
    return seen is not None and seen.record is not None and seen.record.failovers > 0
