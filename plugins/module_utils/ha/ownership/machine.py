# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The machine that ``decide`` is, as data: which standing and which role of a node may follow which.

A transition is that from one decision of an agent process to the next; its first comes from ``off``. What
the words mean stands in ``decide`` and ``decision.Role``. ``tests/simulation`` checks that there are no
others, and that each is reached but for the rare ones that it names, which unit tests have.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


def _machine(text: str) -> Mapping[str, tuple[str, ...]]:
    lines = (line.split(" -> ") for line in text.strip().splitlines())
    return MappingProxyType({before: tuple(afters.split(", ")) for before, afters in lines})


AFTER_STANDING = _machine(
    """
off -> doubt, member, out
out -> member, lapsed
member -> doubt, promised, lapsed, ended
promised -> member, doubt, lapsed, ended
doubt -> member, lapsed, ended
lapsed -> member, ended
ended -> member, lapsed
"""
)

AFTER_ROLE = _machine(
    """
off -> barred, serving
barred -> claiming, falling, resting, rising, waiting, watching
claiming -> barred, falling, resting, rising, waiting, watching
falling -> barred, claiming, resting, rising, waiting, watching
resting -> barred, claiming, falling, rising, serving, waiting, watching
rising -> barred, claiming, falling, resting, serving, waiting, watching
serving -> barred, falling, resting
waiting -> barred, claiming, falling, resting, rising, watching
watching -> barred, claiming, resting, rising, waiting
"""
)
