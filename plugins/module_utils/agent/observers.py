# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks the other nodes what they see of what is in service here: in rounds, and at once where there is doubt.

Everything happens on the caller's thread, and nothing of it waits. Each node is asked one question at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from ..ha.check_times import idle_interval
from ..ha.outlook import Outlook
from ..ha.ownership.timing import Timers
from ..ha.views import View
from .lookout import Views
from .rounds import Caller, Rounds

# Asks a node for its views of some hierarchies, looking anew or not; what it is given is called once, on the
# caller's thread, with nothing where there is no answer.
Ask: TypeAlias = Callable[[str, Sequence[str], bool, Callable[[Views], None]], None]

# Rounds of looks and of questions that a view may be old.
_ROUNDS = 3
# Intervals of the preset between two looks while there is doubt: those of deep checks.
_DOUBT = 2.0


class Observers:
    """The other nodes as observers of this one.

    Args:
        others: hierarchy -> the other nodes that it has.
        timers: of the preset.
        caller: whose thread this runs on.
        ask: asks a node.
    """

    def __init__(self, others: Mapping[str, Sequence[str]], timers: Timers, caller: Caller, ask: Ask) -> None:
        self._others, self._caller, self._ask = others, caller, ask
        self.freshness = _ROUNDS * idle_interval(timers)
        self._pause = _DOUBT * timers.interval
        self._outlooks = {name: Outlook(self.freshness, caller.monotonic()) for name in others}
        self._serving: set[str] = set()
        self._busy: set[str] = set()
        self._doubted: set[str] = set()
        self._rounds = Rounds(caller, partial(float, idle_interval(timers)), self._round)

    def begin(self) -> None:
        """Ask in rounds."""
        self._rounds.begin()

    def close(self) -> None:
        """Ask no more."""
        self._rounds.end()
        self._serving.clear()

    def restarted(self, hierarchy: str) -> None:
        """It has come into service here."""
        self._serving.add(hierarchy)
        self._outlooks[hierarchy].restarted(self._caller.monotonic())

    def stopped(self, hierarchy: str) -> None:
        """It is not in service here, or is being stopped."""
        self._serving.discard(hierarchy)

    def view(self, hierarchy: str) -> View:
        """What the others see of it."""
        return self._outlooks[hierarchy].view(self._caller.monotonic())

    def doubt(self, hierarchy: str) -> None:
        """Somebody does not find it well: have all others look at it now."""
        if hierarchy in self._serving:
            for node in self._others[hierarchy]:
                self._question(node, (hierarchy,), now=True)

    def _round(self) -> None:
        for node in {node for name in self._serving for node in self._others[name]}:
            shared = tuple(name for name in sorted(self._serving) if node in self._others[name])
            self._question(node, shared, now=False)

    def _question(self, node: str, hierarchies: Sequence[str], *, now: bool) -> None:
        if node in self._busy:
            return
        self._busy.add(node)
        self._ask(node, hierarchies, now, partial(self._answered, node, self._caller.monotonic()))

    def _answered(self, node: str, asked: float, views: Views) -> None:
        self._busy.discard(node)
        for hierarchy, view in views.items():
            if hierarchy not in self._serving:
                continue
            self._outlooks[hierarchy].heard(node, view, asked)
            if view.healthy is False and hierarchy not in self._doubted:
                self._doubted.add(hierarchy)
                self._caller.after(self._pause, partial(self._look_again, hierarchy))

    def _look_again(self, hierarchy: str) -> None:
        self._doubted.discard(hierarchy)
        if self.view(hierarchy).healthy is False:
            self.doubt(hierarchy)
