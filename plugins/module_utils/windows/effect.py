# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changes that may take effect although their call failed: told apart from refusals, and waited for.

That a call whose time ran out is carried out all the same is assumed of every one; docs/assumptions.md.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import CimError, MethodError, OutcomeUnknown, StandbyError, Unreachable
from ..node import Clock
from ..wsman.protocol import OPERATION_TIMED_OUT
from .storage import TIMEOUT
from .waiting import attempts

# Seconds for which the effect of a call without an end is looked for: a slow disk, a controller under load.
EFFECT_TIMEOUT = 30.0


def may_take_effect(failure: StandbyError) -> bool:
    """Whether what was asked may be done, or be done later, although the call failed.

    No answer came, or the node answered that its time ran out. Any other answer ends a call.
    """
    if isinstance(failure, MethodError):
        return failure.code == TIMEOUT
    return isinstance(failure, OutcomeUnknown) or (
        isinstance(failure, CimError) and failure.wsman_code == OPERATION_TIMED_OUT
    )


def await_effect(done: Callable[[], bool], failure: StandbyError, clock: Clock, timeout: float) -> None:
    """Wait until the effect of a failed call is seen. The call is not made again: two may take effect twice.

    Args:
        done: whether it is seen now.
        failure: of the call.
        clock: time.
        timeout: seconds in all.

    Raises:
        StandbyError: the failure, where the effect is not seen in time or the node falls silent; what
            ``done`` raises for any other reason.
    """
    for _elapsed in attempts(clock, timeout):
        try:
            if done():
                return
        except Unreachable as silent:
            raise failure from silent
        except CimError as slow:
            if slow.wsman_code != OPERATION_TIMED_OUT:
                raise
    raise failure
