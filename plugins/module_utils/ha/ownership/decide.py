# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node does next: ``decide(snapshot)``, pure.

The invariant (I1): a hierarchy is in service on a node only while that node has *standing* and the store's
record of the hierarchy names its incarnation. Standing ends, on the node's own clock, before anybody else may
end its incarnation; a hierarchy changes its owner only after the owner's incarnation has ended, or after the
owner has stopped it and said so. Every change of a record is a compare-and-swap on the version that was seen,
so that what was seen may be old without harm: a decision on old knowledge fails, it does not win.

A node's standing (``standing.py``):

| standing | means |
|---|---|
| out | it has not joined; everything is stopped first |
| member | it renews its record; it may serve, fence and claim |
| promised | the store is out of reach; all peers promised not to fence it |
| doubt | its clocks jumped; it serves for a moment, until a renewal is confirmed |
| lapsed | its time is over; it stops everything, and goes on renewing |
| ended | its incarnation was fenced, or has left; it stops everything |

What a node is to a hierarchy is a ``decision.Role``, by the reason of its verdict; what it owns is decided in
``owned.py``, all else in ``vacant.py``. Which standing and role follow which is the data of ``machine.py``;
``tests/simulation`` checks the invariant after every step, and that each state and transition is reached
that is not too rare for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from .decision import Action, Decision, Do, Reason, Verb, Verdict
from .fencing import fence_the_lost
from .lost import outranked
from .owned import own
from .records import HIERARCHIES
from .snapshot import LocalState, Rules, Snapshot
from .standing import keep_standing, stuck, usurped
from .vacant import look_at


def decide(snapshot: Snapshot) -> Decision:
    """What this node does next, and why every hierarchy is as it is.

    Raises nothing: whatever the snapshot holds, there is a decision.
    """
    s = snapshot
    if s.node not in s.cluster.nodes:
        return _no_member(s)
    actions: list[Action] = list(keep_standing(s))
    actions.extend(fence_the_lost(s))
    verdicts: dict[str, Verdict] = {}
    claims = 0
    # What is being written comes first: a claim that is under way counts, whatever the order.
    for rules in _busy_first(s):
        if s.node in rules.nodes:
            verdict, more = _hierarchy(s, rules, claims)
            claims += verdict.reason is Reason.CLAIMING
            verdicts[rules.name] = verdict
            actions.extend(more)
    declared = s.cluster.hierarchies
    return Decision(tuple(actions), tuple([verdicts[one.name] for one in declared if one.name in verdicts]))


def _busy_first(s: Snapshot) -> Sequence[Rules]:
    if not s.busy:
        return s.cluster.hierarchies
    return sorted(s.cluster.hierarchies, key=lambda one: HIERARCHIES + one.name not in s.busy)


def _hierarchy(s: Snapshot, rules: Rules, claims: int) -> tuple[Verdict, list[Action]]:
    if not s.standing:
        return _without_standing(s, rules)
    if s.blank:
        return _resumed(s, rules)
    owned = s.owned(rules.name)
    if owned is not None and not outranked(s, rules):
        return own(s, rules, owned)
    local = s.local[rules.name]
    if local.down:
        return look_at(s, rules, claims)
    # A node that still has something of an earlier life up claims nothing before that is down.
    return _stop(s, rules, Reason.STOPPING, "it is not this node's, and what is up of it here is stopped")


def _resumed(s: Snapshot, rules: Rules) -> tuple[Verdict, list[Action]]:
    """Everything stays as an earlier process of this agent left it."""
    up = s.local[rules.name].state is LocalState.UP
    told = f"the agent of {s.node} was restarted and has not read the witness again yet"
    if up:
        return Verdict(rules.name, Reason.IN_SERVICE, f"it is in service on {s.node}; {told}"), []
    return Verdict(rules.name, Reason.NO_STANDING, told), []


def _without_standing(s: Snapshot, rules: Rules) -> tuple[Verdict, list[Action]]:
    why = s.own.lost or s.outage or "no renewal was confirmed in time"
    if not s.own.incarnation:
        why = s.outage or usurped(s) or "it has not joined yet"
    elif not s.own.lost and (name := stuck(s)):
        why = f"the stop of {name} does not end, and another node can take it"
    reason = Reason.STORE_OUTAGE if s.outage else Reason.NO_STANDING
    sentence = f"{s.node} must not serve: {why}"
    if s.local[rules.name].down:
        return Verdict(rules.name, reason, sentence), []
    return _stop(s, rules, reason, sentence)


def _stop(s: Snapshot, rules: Rules, reason: Reason, sentence: str) -> tuple[Verdict, list[Action]]:
    epoch = record.epoch if (seen := s.hierarchies.get(rules.name)) and (record := seen.record) else 0
    return Verdict(rules.name, reason, sentence), [Do(Verb.STOP, rules.name, epoch, reason, sentence)]


def _no_member(s: Snapshot) -> Decision:
    told = f"{s.node} is no node of this cluster ({', '.join(s.cluster.nodes)}): check its name"
    running = [name for name, local in s.local.items() if not local.down]
    return Decision(
        tuple(Do(Verb.STOP, name, 0, Reason.NOT_A_MEMBER, told) for name in running),
        tuple(Verdict(name, Reason.NOT_A_MEMBER, told) for name in s.local),
    )
