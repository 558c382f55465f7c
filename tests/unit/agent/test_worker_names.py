# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names between the worker and its checks: followed once all is well, and never a reason to be unhealthy."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import worker as module
from ansible_collections.standby.iis.plugins.module_utils.agent.place import Outside, Place
from ansible_collections.standby.iis.plugins.module_utils.agent.worker import Worker
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    Local,
    LocalState,
    Membership,
    Rules,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS
from ansible_collections.standby.iis.plugins.module_utils.ha.views import Cause, Where

NODES = ("server1", "server2")


@pytest.fixture
def worker(monkeypatch):
    cluster = Membership(NODES, (Rules("Shop", NODES),))
    made = Worker(
        Place("server1", "a", "m", Mock(), Mock(), {}, cluster, PRESETS["fast"], Mock()), Mock(Outside)
    )
    made._hands.close()
    made._hands, made._observers, made.engine = Mock(), Mock(), Mock()
    made._probes = Mock(problems=())
    made._probes.blocked.return_value = ""
    made._probes.quiet_until.return_value = 0.0
    made._probes.verdict.return_value = Mock(healthy=True, notices=(), since=0.0)
    made._names = Mock()
    made._names.notice.return_value = ""
    monkeypatch.setattr(module, "cause", lambda *_given: Cause(Where.NOWHERE, "", False))
    yield made
    made._witness.close()


def followed(worker):
    return [call.kwargs["serving"] for call in worker._names.follow.call_args_list]


def look(worker, state=LocalState.UP, healthy=True, spoken=True):
    worker.memory.local["Shop"] = Local(state, healthy=healthy)
    worker._probes.spoken.return_value = spoken
    worker._look("Shop")
    return worker.memory.local["Shop"]


def test_names_wait_until_every_check_has_answered(worker):
    look(worker, spoken=False)
    assert followed(worker) == []
    look(worker)
    assert followed(worker) == [True]


@pytest.mark.parametrize("state", [LocalState.DOWN, LocalState.STOPPING, LocalState.STARTING])
def test_names_of_what_is_not_up_here_are_let_go(worker, state):
    look(worker, state)
    assert followed(worker) == [False]


def test_what_is_wrong_with_a_name_is_told_and_makes_nothing_unhealthy(worker):
    worker._names.notice.return_value = "dns www.example.com A is to be 10.2.0.50"
    local = look(worker)
    assert (local.healthy, local.notice) == (True, "dns www.example.com A is to be 10.2.0.50")
    worker._names.notice.return_value = ""
    worker._look("Shop")
    assert worker.memory.local["Shop"].notice == ""


def test_without_records_there_is_nothing_that_follows():
    cluster = Membership(NODES, (Rules("Shop", NODES),))
    made = Worker(
        Place("server1", "a", "m", Mock(), Mock(), {}, cluster, PRESETS["fast"], Mock()), Mock(Outside)
    )
    assert made._names is None
    made._hands.close()
    made._witness.close()
