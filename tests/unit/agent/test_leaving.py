# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker that is to leave: the supervisor knows that before anything of it is decided."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.outbox import Outbox
from ansible_collections.standby.iis.plugins.module_utils.agent.place import Outside, Place
from ansible_collections.standby.iis.plugins.module_utils.agent.surroundings import Surroundings
from ansible_collections.standby.iis.plugins.module_utils.agent.worker import Worker
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Membership
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS


@pytest.fixture
def outside():
    return Mock(Outside)


@pytest.fixture
def worker(outside):
    """One without hierarchies; it decides when its loop is let run."""
    cluster = Membership(("server1",), ())
    place = Place("server1", "a", "m", Mock(), Mock(), {}, cluster, PRESETS["fast"], Mock())
    made = Worker(place, outside)
    made.engine = Mock()
    yield made
    made._hands.close()


def catch_up(worker):
    """Everything that was posted has been done; once for each worker."""
    worker.loop.post(worker.stop)
    worker.loop.run()


def test_nothing_is_decided_before_the_supervisor_knows(worker, outside):
    worker.leave()
    ((standing, told), _none) = outside.standing.call_args
    assert (standing, worker.memory.leaving) == (None, False)
    worker.engine.think.assert_not_called()

    told()
    told()
    catch_up(worker)
    assert worker.memory.leaving
    worker.engine.think.assert_called_once_with()


def test_it_is_told_again_until_that_is_so(worker, outside):
    """The first time something may be in the way: a supervisor that is held up, an older line."""
    worker.leave()
    worker._tick()
    assert [call.args[0] for call in outside.standing.call_args_list] == [None, None]
    outside.standing.call_args.args[1]()
    catch_up(worker)
    assert worker.memory.leaving


def test_what_waits_for_it_is_called_once_the_line_is_written():
    """``Surroundings.standing``, without all that stands beside it."""
    said = []
    surroundings = Surroundings.__new__(Surroundings)
    surroundings._tell = said.append
    surroundings._left = Outbox(surroundings._pass_on, 1, said.append)
    surroundings.standing(None, lambda: said.append("told"))
    assert surroundings._left.close(10)
    assert said == [None, "told"]
