# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A statement about Windows that the code relies on and that no public source confirms, and how to try it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from ..errors import AccessDenied, StandbyError, Unreachable

Subject = TypeVar("Subject")


class Verdict(str, Enum):
    """What a node shows of an assumption."""

    HOLDS = "holds"
    DOES_NOT_HOLD = "does not hold"
    NOT_CHECKED = "not checked"


class Refuted(Exception):
    """The node behaves otherwise; the text says how."""


class NotCheckable(Exception):
    """The node has nothing to try it on; the text says what is missing."""


@dataclass(frozen=True)
class Assumption(Generic[Subject]):
    """One statement.

    Attributes:
        id: its name in docs/assumptions.md.
        statement: one sentence, without a final full stop.
        where: the file of module_utils that relies on it.
        probe: tries it on a subject (a node, or what was named for writing) and says what was seen.
            Raises Refuted or NotCheckable.
    """

    id: str
    statement: str
    where: str
    probe: Callable[[Subject], str]


@dataclass(frozen=True)
class Finding:
    """An assumption and what a node shows of it; ``seen`` is a sentence without a final full stop."""

    id: str
    statement: str
    where: str
    verdict: Verdict
    seen: str


def try_all(assumptions: Iterable[Assumption[Subject]], subject: Subject) -> list[Finding]:
    """Try each assumption; what one of them meets does not keep the others from being tried.

    Raises:
        Unreachable, AccessDenied: the node cannot be asked, which says nothing of Windows.
    """
    return [_try(assumption, subject) for assumption in assumptions]


def leave_out(assumptions: Iterable[Assumption[Subject]], why: str) -> list[Finding]:
    """The findings of assumptions that were not tried."""
    return [_finding(assumption, Verdict.NOT_CHECKED, why) for assumption in assumptions]


def _try(assumption: Assumption[Subject], subject: Subject) -> Finding:
    try:
        return _finding(assumption, Verdict.HOLDS, assumption.probe(subject))
    except NotCheckable as reason:
        return _finding(assumption, Verdict.NOT_CHECKED, str(reason))
    except Refuted as seen:
        return _finding(assumption, Verdict.DOES_NOT_HOLD, str(seen))
    except (Unreachable, AccessDenied):
        raise
    except StandbyError as failure:
        return _finding(assumption, Verdict.DOES_NOT_HOLD, str(failure).rstrip("."))


def _finding(assumption: Assumption[Subject], verdict: Verdict, seen: str) -> Finding:
    return Finding(assumption.id, assumption.statement, assumption.where, verdict, seen)
