# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds that have shown something once: each is played in every run of the tests.

A seed is a schedule only as long as the schedules draw the same numbers, and the timers are the same: the
tests look whether each still shows what it is kept for. Who changes either takes others where they do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tests.simulation.schedule import Outcome


@dataclass(frozen=True)
class Kept:
    """What a seed is kept for.

    Attributes:
        why: in words.
        pattern: of the account, which shows it; lines are skipped by ``...``.
        exposures: so many overlaps after suspensions, at least.
    """

    why: str
    pattern: str
    exposures: int = 0

    def is_shown(self, outcome: Outcome) -> bool:
        """The schedule came to what it is kept for."""
        pattern = self.pattern.replace("...", r".*\n(?:.*\n)*?.*")
        return outcome.exposures >= self.exposures and re.search(pattern, outcome.account) is not None


KEPT: Mapping[int, Kept] = MappingProxyType(
    {
        55: Kept(
            "a hierarchy's record vanishes, and its owner writes it again",
            r"hierarchies/(site \d) vanishes... repair hierarchies/\1: its record has vanished",
        ),
        70: Kept(
            "a suspended machine goes on and is visible beside the new owner, within the bound",
            r"(node\d) .*is suspended with its clocks... \1 .*goes on after a suspension",
            exposures=1,
        ),
        215: Kept(
            "the fence device of a lost node with a disk does not work",
            r"the fence of (node\d) does not work... the power of \1 is not cut",
        ),
        427: Kept(
            "a node that is back comes first again, within the window that was declared",
            r"release hierarchies/(site \d): (node\d) is back and comes first... \2 .* claim hierarchies/\1",
        ),
        6772: Kept(
            "maintenance is set between a release and the claim of its successor",
            r"release hierarchies/(site \d):... maintenance: Maintenance\(cluster=True"
            r"... claim hierarchies/\1",
        ),
    }
)
