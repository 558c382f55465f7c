# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab's own address log says of agents: that no two nodes ever had an address at once."""

from __future__ import annotations

import time

from lab.audit import overlaps, read_logs
from lab.state import State


class AddressJudge:
    """Looks at every moment once, in the order of time.

    Args:
        state: of the lab.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._judged = 0.0  # what the log says before has been judged

    def judge(self, exposure: float = 0.0) -> None:
        """Fail where two nodes that were awake had an address at once since the last look.

        Args:
            exposure: seconds for which they may have.
        """
        logs, now = read_logs(self._state), time.monotonic()
        found = [one for one in overlaps(logs, now) if one.start >= self._judged and not one.hung]
        self._judged = now
        if sum(one.awake for one in found) <= exposure:
            return
        addresses = {one.address for one in found}
        raise AssertionError(
            [(str(one), one.awake) for one in found],
            [
                (round(event["t"], 2), event["node"], event["event"], event.get("state"))
                for events in logs.values()
                for event in events
                if event["event"] in ("hang", "resume") or event.get("address") in addresses
            ],
        )
