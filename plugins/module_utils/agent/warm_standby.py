# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keeps warm sites started on a node that does not have them in service.

What the quick check finds to be lacking is started, on a thread of its own: a takeover never waits for it. A
site that it starts is reached by nobody here. It starts none while an address of it is here, nor while the
hierarchy is being brought up or down.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ..control.site_services import start_lacking
from ..errors import foreseen
from ..ha.facts import NodeFacts
from ..ha.model import Hierarchy
from ..ha.warm import Warmth, standing, warmth
from ..node import Clock, Node
from .workers import Workers

# Starts at every look before looks are left out between them, and looks that are left out at most: a pool
# that crashes again and again is stopped by Windows, and not to be started again and again by this.
_AT_ONCE, _MOST_LEFT_OUT = 4, 60

# Told whether what it was asked for still holds; from any thread.
Still = Callable[[], bool]


class WarmStandby:
    """The warm sites of one node; all but the starting itself happens on the loop, and waits for nothing.

    Args:
        node: the node; used beside others.
        still: for a hierarchy that is down here, what tells whether nothing was begun with it since; None for
            one that is not down.
        post: has a call run on the loop.
        say: takes what people want to know.
        tell: takes what status shows of a hierarchy, "" for nothing.
        clock: time.
    """

    def __init__(
        self,
        node: Node,
        still: Callable[[str], Still | None],
        post: Callable[[Callable[[], None]], None],
        say: Callable[[str], None],
        tell: Callable[[str, str], None],
        clock: Clock = time,
    ) -> None:
        self._node, self._still, self._post, self._say, self._tell = node, still, post, say, tell
        self._clock = clock
        self._workers: Workers | None = None
        self._busy: set[str] = set()
        self._problems: dict[str, str] = {}
        # By hierarchy: starts of late, less the looks since at which nothing was lacking; looks to leave out.
        self._starts: dict[str, int] = {}
        self._left_out: dict[str, int] = {}

    def look(self, hierarchy: Hierarchy, facts: NodeFacts) -> None:
        """The node was read; what is lacking of a hierarchy that is down here is started."""
        name, found = hierarchy.name, warmth(hierarchy, facts)
        still = self._still(name)
        if not found or still is None:
            return
        wanted = [one for one in found if one.lacking]
        if not wanted:
            self._problems.pop(name, None)
            self._starts[name] = max(0, self._starts.get(name, 0) - 1)
        problem = self._problems.get(name, "")
        told = standing(hierarchy, facts)
        self._tell(name, "; ".join((*told, problem) if problem else told))
        if wanted and name not in self._busy and self._due(name):
            self._busy.add(name)
            self._at_work().submit(lambda: self._start(name, wanted, still))

    def _due(self, hierarchy: str) -> bool:
        """Whether to start what is lacking at this look."""
        left_out = self._left_out.get(hierarchy, 0)
        if left_out:
            self._left_out[hierarchy] = left_out - 1
            return False
        starts = self._starts[hierarchy] = self._starts.get(hierarchy, 0) + 2
        self._left_out[hierarchy] = min(max(0, starts - 2 * _AT_ONCE), _MOST_LEFT_OUT)
        return True

    def ended(self, hierarchy: str) -> None:
        """It is not down here any more, and stands by no longer."""
        self._problems.pop(hierarchy, None)
        self._tell(hierarchy, "")

    def close(self) -> None:
        """Begin nothing more."""
        if self._workers is not None:
            self._workers.close()

    def _at_work(self) -> Workers:
        """Most nodes have no warm site, and need no thread."""
        if self._workers is None:
            self._workers = Workers(1, "standby")
        return self._workers

    # On the thread

    def _start(self, hierarchy: str, wanted: list[Warmth], still: Still) -> None:
        problem = ""
        try:
            for one in wanted:
                start_lacking(self._node, one, self._clock, still)
        except Exception as error:
            failure = foreseen(error, self._node.name)
            failure.node = failure.node or self._node.name
            failure.resource = failure.resource or f'hierarchy "{hierarchy}"'
            problem = str(failure)
        self._post(lambda: self._started(hierarchy, problem))

    # Back on the loop

    def _started(self, hierarchy: str, problem: str) -> None:
        self._busy.discard(hierarchy)
        if problem and self._problems.get(hierarchy) != problem:
            self._say(f"{hierarchy} cannot be kept warm: {problem}")
        if problem:
            self._problems[hierarchy] = problem
        else:
            self._problems.pop(hierarchy, None)
