# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations of a store run step by step against each other, with a fate for every request."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError


class Fate(Enum):
    """What becomes of a request.

    Its answer comes; it is carried out and its answer is lost; it is lost itself; or it is given up for lost
    and carried out later.
    """

    ANSWERED = "answered"
    ANSWER_LOST = "answer lost"
    LOST = "lost"
    LATE = "late"


class Running:
    """An operation between two of its requests.

    Attributes:
        outcome: its result or its error, None while it goes on.
        late: requests of it that are still on the way.
        requests: how many it has made.
    """

    def __init__(self, operation: Any, perform: Callable[[Any], Any]) -> None:
        self._operation = operation
        self._perform = perform
        self.outcome: Any = None
        self.done = False
        self.late: list[Any] = []
        self.requests = 0
        self._request = self._advance(lambda: next(operation))

    def step(self, fate: Fate = Fate.ANSWERED) -> None:
        """Let the request that is waiting meet its fate."""
        request, self.requests = self._request, self.requests + 1
        if fate in (Fate.LOST, Fate.LATE):
            if fate is Fate.LATE:
                self.late.append(request)
            answer, error = None, TimeoutError("timed out")
        else:
            answer, error = _carried_out(self._perform, request)
            if fate is Fate.ANSWER_LOST:
                error = TimeoutError("timed out")
        self._request = self._advance(
            lambda: self._operation.throw(error) if error else self._operation.send(answer)
        )

    def arrive(self) -> None:
        """Let the first late request arrive."""
        _carried_out(self._perform, self.late.pop(0))

    def _advance(self, move: Callable[[], Any]) -> Any:
        try:
            return move()
        except StopIteration as done:
            self.outcome = done.value
        except StandbyError as error:
            self.outcome = error
        self.done = True
        return None


def _carried_out(perform: Callable[[Any], Any], request: Any) -> tuple[Any, OSError | None]:
    try:
        return perform(request), None
    except OSError as error:
        return None, error
