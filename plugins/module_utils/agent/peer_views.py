# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The view from outside as a question between agents, both ends of it; each on threads of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from ..errors import StandbyError
from ..ha.views import View
from . import lookout
from .lookout import Views
from .peers.client import ask
from .peers.keys import Key
from .settings import Settings
from .workers import Workers

VIEWS = "views"
# What gives this node's views of hierarchies, on its loop: by looking now, or as they were seen last.
Look: TypeAlias = Callable[[Sequence[str], bool, Callable[[Views], None]], None]
# Hierarchies in one question: the answer fits into a message, with sentences of a line. Of more it is asked
# several times; an agent of an earlier version asks for all at once, and is answered in short for so many.
_EACH, _MOST = 200, 1000


class PeerViews:
    """Asks other agents for their views, and answers them.

    Args:
        settings: of the agent.
        keys: of the cluster.
        patience: seconds that a look may take before what was seen last is told: ``Timers.store_timeout``.
        look: see Look.
        problem: takes sentences, on any thread.
    """

    def __init__(
        self,
        settings: Settings,
        keys: Callable[[], tuple[Key, ...]],
        patience: float,
        look: Look,
        problem: Callable[[str], None],
    ) -> None:
        self._settings, self._keys, self._patience = settings, keys, patience
        self._look, self._problem = look, problem
        # As many as there are peers, each of which is asked one question at a time.
        self._threads = Workers(max(1, len(settings.addresses) - 1), "views")
        self._told: dict[str, str] = {}

    def ask(self, peer: str, hierarchies: Sequence[str], now: bool, done: Callable[[Views], None]) -> None:
        """Ask a peer; ``done`` is called once, on a thread, with nothing where there is no answer."""
        self._threads.submit(lambda: done(self._asked(peer, hierarchies, now)))

    def close(self) -> None:
        """Ask no more."""
        self._threads.close()

    def answer(self, _peer: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """A peer asks: what is seen in time.

        Raises:
            StandbyError: the question is none, or the loop does not answer.
        """
        names, now = payload.get("hierarchies"), payload.get("now")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise StandbyError("views are of hierarchies, which are a list of names")
        if len(names) > _MOST:
            raise StandbyError(f"views of {len(names)} hierarchies are asked for, and of {_MOST} are given")
        told: list[Views] = []
        answered = threading.Event()

        def take(views: Views) -> None:
            told.append(views)
            answered.set()

        self._look(names, now is True, take)
        if not answered.wait(2 * self._patience):
            raise StandbyError("the agent is busy, and tells no view in time")
        return lookout.told(told[0])

    def _tell(self, peer: str, problem: str) -> None:
        """A peer is asked every few seconds: what is wrong is told when it begins, and when it changes."""
        before = self._told.get(peer, "")
        self._told[peer] = problem
        if problem and problem != before:
            self._problem(f"No view from outside: {problem}")

    def _asked(self, peer: str, hierarchies: Sequence[str], now: bool) -> Views:
        found: dict[str, View] = {}
        try:
            for first in range(0, len(hierarchies), _EACH):
                found |= self._some(peer, hierarchies[first : first + _EACH], now)
        except StandbyError as error:
            self._tell(peer, str(error))
        else:
            self._tell(peer, "")
        return found

    def _some(self, peer: str, hierarchies: Sequence[str], now: bool) -> Views:
        answer = ask(
            self._settings.addresses.get(peer, ()),
            self._settings.port,
            node=self._settings.node,
            peer=peer,
            keys=self._keys,
            kind=VIEWS,
            payload={"hierarchies": list(hierarchies), "now": now},
            timeout=2 * self._patience + 1.0,
        )
        return lookout.heard(answer)
