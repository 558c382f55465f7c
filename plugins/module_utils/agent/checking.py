# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All checks of this node's hierarchies, made once and now: the command ``check``.

It asks Windows and the sites itself, whether an agent runs or not. What is in service here is checked as an
agent checks it. Of the rest it tells whether this node could take it, and whether it is reached from here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..control.san_policy import policy_caution
from ..control.survey import gather
from ..errors import StandbyError, foreseen
from ..ha.facts import NodeFacts, Scope, with_mirrors, with_shared
from ..ha.model import Check, Hierarchy, Site, VolumeKind
from ..ha.observe import Presence, presence
from ..ha.on_node import on_node
from ..ha.quick import blocked, look
from ..ha.warm import warmth
from ..node import Node
from ..windows.deepcheck import Verdict
from .fence_providers import fence_of, provider_of
from .home import Home
from .probes import ask_bounded
from .program import OpenNode, call_seconds, definition, own_hierarchies
from .settings import Settings, timers_of

# Requests at once.
_THREADS = 16


@dataclass(frozen=True)
class Line:
    """What one check found.

    Attributes:
        check: its name.
        healthy: it is as it should be.
        sentence: what was found, without a final full stop.
        notices: what somebody has to mend all the same.
    """

    check: str
    healthy: bool
    sentence: str
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Looked:
    """What was found of one hierarchy.

    Attributes:
        hierarchy: its name.
        here: it is in service on this node, or a part of it is.
        lines: what its checks found.
    """

    hierarchy: str
    here: bool
    lines: tuple[Line, ...]

    @property
    def healthy(self) -> bool:
        """Every check is well."""
        return all(line.healthy for line in self.lines)


def check_now(
    node: Node, hierarchies: Iterable[Hierarchy], ask: Callable[[Check], Verdict]
) -> tuple[Looked, ...]:
    """Make all checks; takes as long as the slowest of them.

    Args:
        node: this node.
        hierarchies: that have this node.
        ask: makes one deep check.
    """
    wanted = tuple(hierarchies)
    volumes = [volume for one in wanted for volume in one.volumes]
    facts = gather(node, with_shared(with_mirrors(Scope.CHECK, volumes), volumes))
    caution = policy_caution(node) if any(one.kind is VolumeKind.SHARED for one in volumes) else ""
    with ThreadPoolExecutor(_THREADS) as threads:
        asked = [
            (one, [(site, at, threads.submit(ask, check)) for site, at, check in _checks(one, facts)])
            for one in wanted
        ]
        return tuple(
            _looked(
                one,
                facts,
                _policy(one, caution),
                [_deep(site, at, future.result) for site, at, future in futures],
            )
            for one, futures in asked
        )


def fences_now(settings: Settings, here: Callable[[str], Path]) -> tuple[Line, ...]:
    """Whether the fences of the other nodes would work, found out without any effect; all at once."""
    declared = sorted({*settings.fences, *settings.bmcs, *settings.manual} - {settings.node})

    def one(node: str) -> Line:
        name = f"fence of {node} ({provider_of(settings, node)})"
        try:
            return Line(name, True, fence_of(settings, node, here).look())
        except Exception as error:  # a fence that breaks is one that does not work
            return Line(name, False, str(foreseen(error, node)).rstrip("."))

    with ThreadPoolExecutor(_THREADS) as threads:
        return tuple(threads.map(one, declared))


def in_words(found: Sequence[Looked]) -> str:
    """What was found, for people."""
    lines = []
    for one in found:
        lines.append(f"{one.hierarchy}: {'in service here' if one.here else 'not in service here'}")
        for line in one.lines:
            lines.append(f"  {'well ' if line.healthy else 'FAILS'} {line.check}: {line.sentence}")
            lines.extend(f"        {notice}" for notice in line.notices)
    return "".join(f"{line}\n" for line in lines)


def document(found: Sequence[Looked]) -> list[dict[str, Any]]:
    """What was found, as what JSON knows."""
    return [{**asdict(one), "healthy": one.healthy} for one in found]


def _checks(hierarchy: Hierarchy, facts: NodeFacts) -> list[tuple[Site, int, Check]]:
    """The deep checks of its sites, at the address where it is in service, as far as this node knows."""
    here = facts.problem is None and presence(hierarchy, facts) is not Presence.DOWN
    elsewhere = next((one for one in hierarchy.nodes if one != facts.name), facts.name)
    there = on_node(hierarchy, facts.name if here else elsewhere)
    return [(site, at, check) for site in there.sites for at, check in enumerate(site.checks, start=1)]


def _policy(hierarchy: Hierarchy, caution: str) -> list[Line]:
    """The SAN policy of this node, for a hierarchy with a shared disk."""
    if all(volume.kind is not VolumeKind.SHARED for volume in hierarchy.volumes):
        return []
    told = caution or "it leaves shared disks offline that the node has not seen before"
    return [Line("SAN policy", not caution, told)]


def _looked(hierarchy: Hierarchy, facts: NodeFacts, policy: Sequence[Line], deep: Sequence[Line]) -> Looked:
    if facts.problem is None and presence(hierarchy, facts) is Presence.DOWN:
        against = blocked(hierarchy, facts)
        told = against or "nothing is in the way of bringing it into service"
        standby = (
            Line(f'standby of site "{one.site}"', not one.lacking, one.sentence)
            for one in warmth(hierarchy, facts)
        )
        first = Line("this node", not against, told)
        return Looked(hierarchy.name, False, (first, *policy, *standby, *deep))
    quick = (
        Line(one.resource, one.healthy, one.sentence, (one.sentence,) if one.notice else ())
        for one in look(hierarchy, facts)
    )
    return Looked(hierarchy.name, True, (*quick, *policy, *deep))


def _deep(site: Site, number: int, result: Callable[[], Verdict]) -> Line:
    name = f"check {number} of {site.id}"
    try:
        verdict = result()
    except Exception as error:  # a check that breaks is one that fails, as in the agent
        failure = error if isinstance(error, StandbyError) else foreseen(error, None)
        return Line(name, False, failure.problem)
    return Line(name, verdict.healthy, verdict.sentence, verdict.notices)


# The command


def check_fences(home: Home, *, as_json: bool) -> int:
    """Ask whether the fences of the other nodes would work; the exit code."""
    lines = fences_now(home.settings(), home.here)
    told = json.dumps([asdict(line) for line in lines], indent=1) + "\n" if as_json else _of_fences(lines)
    sys.stdout.write(told)
    return _code(lines, home.settings().node)


def _of_fences(lines: Sequence[Line]) -> str:
    return "".join(
        f"{'well ' if line.healthy else 'FAILS'} {line.check}: {line.sentence}\n" for line in lines
    )


def _code(lines: Sequence[Line], node: str) -> int:
    if failing := sum(not line.healthy for line in lines):
        sys.stderr.write(f"{failing} of {len(lines)} checks fail on {node}\n")
    return 1 if failing else 0


def check(home: Home, open_node: OpenNode, hierarchy: str | None, *, as_json: bool) -> int:
    """Make all checks now, beside the agent, with a PowerShell of its own; the exit code.

    Args:
        home: of the agent.
        open_node: opens this machine.
        hierarchy: one alone; None for all.
        as_json: print a document instead of words.

    Raises:
        StandbyError: this node has no such hierarchy, or its settings or definition cannot be read.
    """
    settings = home.settings()
    node = open_node(settings.node, home.name, call_seconds(timers_of(settings)))
    try:
        own = own_hierarchies(definition(node), settings.node)
        wanted = [one for one in own if hierarchy in (None, one.name)]
        if hierarchy is not None and not wanted:
            raise StandbyError(
                f"{settings.node} has no such hierarchy",
                resource=f'hierarchy "{hierarchy}"',
                remedy=f"There are {', '.join(one.name for one in own) or 'none'}",
            )
        found = check_now(node, wanted, ask_bounded)
    finally:
        node.close()
    fences = fences_now(settings, home.here) if hierarchy is None else ()
    told = in_words(found) + _of_fences(fences)
    sys.stdout.write(json.dumps(document(found), indent=1) + "\n" if as_json else told)
    return _code([*(line for one in found for line in one.lines), *fences], settings.node)
