# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The seam between the protocol and what carries it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TypeVar, cast

from ..errors import OutcomeUnknown, Unreachable

_T = TypeVar("_T")

# Sends one message and returns the answer as it came, faults included.
Exchange = Callable[[str], bytes]

# Told of every exchange: bytes sent, bytes received, seconds. Sizes are those of the envelopes, before
# encryption.
Observer = Callable[[int, int, float], None]


class LinkLost(Unreachable):
    """A message was sent, or may have been, and no answer came: the node may or may not have acted on it."""


class StaleLink(Unreachable):
    """The node refused the message itself, on a connection it had accepted before: it did not act on it."""


def unknown_outcome(lost: LinkLost, operation: str) -> OutcomeUnknown:
    """The error for a call that must not be repeated blindly."""
    return OutcomeUnknown(
        f"{lost.problem} during {operation}; whether it was carried out is unknown",
        node=lost.node,
        remedy="Read the state back before doing it again; the next call opens a new session",
    )


def within(seconds: float, call: Callable[[], _T]) -> _T:
    """The result of a call, or TimeoutError once it has taken longer.

    The call runs on a thread of its own, which is left behind when it is late: a node that sends a byte now
    and then, or a name server that is silent, cannot be interrupted in any other way.
    """
    outcome: queue.SimpleQueue[tuple[_T | None, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            outcome.put((call(), None))
        except BaseException as error:
            outcome.put((None, error))

    threading.Thread(target=work, name="wsman exchange", daemon=True).start()
    try:
        value, error = outcome.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no result within {seconds:g} s") from None
    if error is not None:
        raise error
    return cast(_T, value)
