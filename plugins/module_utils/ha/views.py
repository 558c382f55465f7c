# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two views of one hierarchy, from its owner and from outside: a broken site told from a broken network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from .health import Verdict
from .model import Hierarchy
from .quick import Failing


@dataclass(frozen=True, slots=True)
class View:
    """What another node sees of a hierarchy's sites over the network.

    Attributes:
        healthy: None where nobody has looked, or there is nothing to look at.
        sentence: what was seen, one clause without a final full stop.
        age: seconds since the look began; infinite where there was none.
        sure: it is no passing failure: seen several times in a row, after it had been reached.
        look: number of the look, of the node that made it.
    """

    healthy: bool | None
    sentence: str
    age: float = float("inf")
    sure: bool = True
    look: int = field(default=0, compare=False)


class Where(str, Enum):
    """Where the fault lies."""

    NOWHERE = "nowhere"
    SITE = "site"  # the site itself: local recovery first
    ADDRESS = "address"  # its address on the owner: local recovery first
    NETWORK = "network"  # NIC, firewall or route of the owner: another node is to take it
    NODE = "node"  # the owner as a whole, or its volume: another node is to take it
    VIEW = "view"  # the checks on the owner alone see it: clients are served


@dataclass(frozen=True, slots=True)
class Cause:
    """What two views together tell.

    Attributes:
        where: the fault lies.
        sentence: one clause without a final full stop.
        outside: it was seen from outside alone.
    """

    where: Where
    sentence: str
    outside: bool = False


_OWN = {
    Failing.SITE: Where.SITE,
    Failing.ADDRESS: Where.ADDRESS,
    Failing.NIC: Where.NETWORK,
    Failing.VOLUME: Where.NODE,
    Failing.SYSTEM: Where.NODE,
}


def cause(own: Verdict, outside: View, freshness: float) -> Cause:
    """Where the fault lies, from what the owner sees and what a standby sees.

    A request that fails on the owner alone is no fault of the site; state that is not as it should be is one,
    whoever is still served.

    Args:
        own: verdict of the owner.
        outside: view of another node.
        freshness: an older view is none, seconds.
    """
    seen = outside.healthy if outside.age <= freshness else None
    if own.healthy:
        return _well(own, outside, seen)
    if seen and own.asked and own.failing is Failing.SITE:
        return Cause(Where.VIEW, f"the owner's own checks fail ({own.sentence}), but others are served")
    where = _OWN.get(own.failing, Where.SITE)
    if seen is False and where is Where.SITE:
        return Cause(where, f"{own.sentence}, and it is not reached from outside either")
    return Cause(where, own.sentence)


def _well(own: Verdict, outside: View, seen: bool | None) -> Cause:
    if seen is False:
        broken = f"it serves on the owner, but is not reached from outside: {outside.sentence}"
        return Cause(Where.NETWORK if outside.sure else Where.NOWHERE, broken, outside=True)
    unseen = "" if seen else "; nobody outside has looked lately"
    return Cause(Where.NOWHERE, f"{own.sentence}{unseen}")


def view_of(
    hierarchy: Hierarchy,
    answers: Mapping[tuple[str, int], tuple[bool, str]],
    age: float,
    votes: Mapping[str, int] | None = None,
) -> View:
    """The outside view from one round of deep checks.

    Args:
        hierarchy: with its sites.
        answers: (site, number of its check) -> healthy, sentence; one that is missing gave no answer.
        age: seconds since the round began.
        votes: site -> how many of its checks must be well; all of them where it is not named.
    """
    asked = [(site.name, number) for site in hierarchy.sites for number in range(len(site.checks))]
    if not asked:
        return View(None, "it has no deep checks", age)
    bad = []
    for site in hierarchy.sites:
        found = [answers.get((site.name, at), (False, "")) for at in range(len(site.checks))]
        well = sum(healthy for healthy, _sentence in found)
        if well < min((votes or {}).get(site.name, len(found)), len(found)):
            said = (sentence or "a check did not end" for healthy, sentence in found if not healthy)
            bad.append(f"{site.id}: {next(said)}")
    if not bad:
        return View(True, "all sites are reached", age)
    return View(False, bad[0] if len(bad) == 1 else f"{bad[0]} (and {len(bad) - 1} more)", age)
