# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the service that a test asks for by name through the machine (``Host.fault``).

| fault | parameters |
|---|---|
| ``slow`` | ``seconds`` added to every HTTP request |
| ``stall`` | a request is taken and never answered |
| ``reset`` | half of an answer is sent and the connection is cut |
| ``refuse`` | nothing listens |

``stall`` and ``reset`` take ``after`` (so many matching requests are served first), ``action``, ``method``
and ``resource`` (a part of the action URI, the whole last segment of it, a part of the resource URI; without
regard to case) and ``performed`` (False: the request has no effect; default False for stall, True for reset).
``stall`` takes ``late`` as well: so many seconds after it came, the request takes effect all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lab.machine.host import Host
from lab.winrm.envelope import Request


@dataclass(frozen=True)
class Verdict:
    """What happens to a request: ``serve``, ``stall`` or ``reset``, performed before that or not at all.

    Attributes:
        kind: what its client sees.
        performed: it takes effect before that.
        late: seconds after which it takes effect, None for never.
    """

    kind: Literal["serve", "stall", "reset"]
    performed: bool = True
    late: float | None = None


_SERVE = Verdict("serve")


class Interference:
    """Asks the machine for its faults and counts matching requests while they are active."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._seen = {"stall": 0, "reset": 0}

    def delay(self) -> float:
        """Seconds that every request waits."""
        return _number((self._host.fault("slow") or {}).get("seconds", 0.0))

    def refuses(self) -> bool:
        """True while nothing may listen."""
        return self._host.fault("refuse") is not None

    def judge(self, request: Request) -> Verdict:
        """What happens to this request."""
        kinds: tuple[Literal["stall", "reset"], ...] = ("stall", "reset")
        for kind in kinds:
            parameters = self._host.fault(kind)
            if parameters is None:
                self._seen[kind] = 0
            elif _matches(parameters, request):
                self._seen[kind] += 1
                if self._seen[kind] > _number(parameters.get("after", 0)):
                    late = _number(parameters["late"]) if "late" in parameters else None
                    return Verdict(kind, bool(parameters.get("performed", kind == "reset")), late)
        return _SERVE


def _number(value: object) -> float:
    if isinstance(value, (int, float, str)):
        return float(value)
    raise TypeError(f"a fault's parameter is {value!r} and has to be a number")


def _matches(parameters: Mapping[str, object], request: Request) -> bool:
    action, resource = request.action.casefold(), request.resource.casefold()
    method = parameters.get("method")
    return (
        str(parameters.get("action", "")).casefold() in action
        and str(parameters.get("resource", "")).casefold() in resource
        and (method is None or str(method).casefold() == action.rpartition("/")[2])
    )
