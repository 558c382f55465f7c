# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a recorded history of one register can have happened one operation after the other.

The search is that of Wing and Gong ("Testing and verifying concurrent objects", 1993) with the memory of Lowe
("Testing for linearizability", 2017): take any operation that began before every other one ended, if the
register allows it, and never come twice to the same set of operations with the same content.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What an operation did.

    It read a value; it replaced one value by another; it found another value than the one it was to replace;
    or it was to replace one and nobody told whether it did: then it may have, at any time from its beginning
    on.
    """

    READ = "read"
    SWAPPED = "swapped"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True)
class Operation:
    """One operation; None stands for a register that does not exist.

    Attributes:
        kind: what it did.
        invoked: seconds on a clock that all processes share.
        returned: likewise.
        expected: what was read, or what was to be replaced.
        value: what it was to be replaced by.
    """

    kind: Kind
    invoked: float
    returned: float
    expected: str | None
    value: str | None = None


def is_linearizable(history: Sequence[Operation], initial: str | None = None) -> bool:
    """Whether there is an order of the operations that explains every answer."""
    operations = sorted(history, key=lambda one: one.invoked)
    ends = [math.inf if one.kind is Kind.UNCERTAIN else one.returned for one in operations]
    needed = sum(1 << at for at, one in enumerate(operations) if one.kind is not Kind.UNCERTAIN)
    seen: set[tuple[int, str | None]] = set()
    waiting: list[tuple[int, str | None]] = [(0, initial)]
    while waiting:
        done, content = waiting.pop()
        if done & needed == needed:
            return True
        if (done, content) in seen:
            continue
        seen.add((done, content))
        for at in _next(operations, ends, done):
            allowed, after = _applied(operations[at], content)
            if allowed:
                waiting.append((done | 1 << at, after))
    return False


def _next(operations: Sequence[Operation], ends: Sequence[float], done: int) -> list[int]:
    """The operations that may come next: those that began before any other that is left had ended."""
    earliest = math.inf
    left: list[int] = []
    at = ((done + 1) & ~done).bit_length() - 1
    while at < len(operations) and operations[at].invoked <= earliest:
        if not done >> at & 1:
            left.append(at)
            earliest = min(earliest, ends[at])
        at += 1
    return [at for at in left if operations[at].invoked <= earliest]


def _applied(operation: Operation, content: str | None) -> tuple[bool, str | None]:
    """Whether the register allows an operation, and what it holds after it."""
    if operation.kind is Kind.READ:
        return content == operation.expected, content
    if operation.kind is Kind.REFUSED:
        return content != operation.expected, content
    return content == operation.expected, operation.value
