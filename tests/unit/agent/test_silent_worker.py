# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker that hangs is replaced while its lease still runs, and no sooner than it has really hung."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import settings, supervising
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS


def patience(monkeypatch, folder, preset: str, **timers: float) -> float:
    """Seconds of silence after which the supervisor of such an agent replaces its worker."""
    keeper = Mock(**{"run.return_value": 10, "ended": False})
    made = Mock(return_value=keeper)
    monkeypatch.setattr(supervising.supervisor, "Supervisor", made)
    told = Settings(
        "server1",
        "web",
        "C:\\witness",
        preset=preset,
        timers=timers,
        addresses={"server1": ("127.0.0.1",)},
    )
    (folder / "agent.json").write_text(settings.write(told))
    assert supervising.supervise(Home(str(folder)), ["worker"], Mock()) == 10
    (folder / "relieve").touch()  # ends the thread that looks for it
    (_command, seconds, _say), _more = made.call_args
    return seconds


@pytest.mark.parametrize("preset", PRESETS)
def test_the_next_worker_has_half_of_the_lease_left_to_go_on(monkeypatch, tmp_path, preset):
    assert patience(monkeypatch, tmp_path, preset) <= PRESETS[preset].lease / 2


@pytest.mark.parametrize("preset", PRESETS)
def test_a_worker_may_miss_some_ticks(monkeypatch, tmp_path, preset):
    assert patience(monkeypatch, tmp_path, preset) >= 4 * PRESETS[preset].tick


def test_it_follows_timers_that_were_set_otherwise(monkeypatch, tmp_path):
    assert patience(monkeypatch, tmp_path, "lan", ttl=20.0, margin=3.0) == 8.5
