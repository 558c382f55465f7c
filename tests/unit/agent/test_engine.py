# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: what it makes of a witness that fails. The simulation plays all else."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.engine import Engine, Ports
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import StoreOutage
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.memory import Memory
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Membership, Rules
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS

TIMERS = PRESETS["lan"]
WORDS = "the witness \\\\files\\web$ refuses the credentials (Logon failure)"


def after_a_read_that_fails(outage: StoreOutage) -> str:
    """What the agent says once the time of a read is over that the store has ended with an outage."""
    waiting: dict[float, Callable[[], None]] = {}
    ports = Mock(Ports)
    ports.monotonic.return_value = ports.wall.return_value = 100.0
    ports.minute.return_value = 0
    ports.spread.return_value = TIMERS.interval / 2
    ports.after.side_effect = waiting.__setitem__
    ports.list.side_effect = lambda done: done(outage)
    memory = Memory("server1", "a", Membership(("server1",), (Rules("Shop", ("server1",)),)), TIMERS)
    Engine(memory, ports).round()
    waiting[TIMERS.store_timeout]()
    (_snapshot, decision), _more = ports.decided.call_args
    return decision.verdicts[0].sentence


@pytest.mark.parametrize(
    ("permanent", "more"), [(False, ""), (True, "; this does not pass by itself: correct the account")]
)
def test_an_outage_that_waiting_does_not_end_is_told_with_its_remedy(permanent: bool, more: str):
    outage = StoreOutage(WORDS, remedy="Correct the account", permanent=permanent)
    assert after_a_read_that_fails(outage) == f"server1 must not serve: {WORDS}{more}"
