# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad signs of an agent that was started, and how long they are waited for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError, Unreachable
from ansible_collections.standby.iis.plugins.module_utils.monitor import health
from ansible_collections.standby.iis.plugins.module_utils.monitor.health import (
    Expected,
    trouble,
    unserved,
    wait_until,
    wait_well,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.task import Task, TaskState
from tests.unit.windows.windows_world import Clock

UP = {"reason": "in_service", "sentence": "It is in service here."}
AWAY = {"reason": "elsewhere", "sentence": "server1 has it."}
HELD = {"reason": "failed", "sentence": "It did not start."}


def shown(at=2, standing="member", **hierarchies):
    return {"at": at, "standing": standing, "witness": "reached", "hierarchies": hierarchies}


def test_an_agent_that_goes_on_as_the_one_before_is_well():
    assert trouble(shown(x=UP), Expected(shown(at=1, x=UP), ["x"])) == ""
    assert trouble(shown(standing="promised", x=UP), Expected(shown(at=1), ["x"])) == ""


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({}, "nothing yet"),
        (shown(at=1, x=UP), "nothing yet"),
        (shown(standing="out", x=UP), "no member"),
        ({**shown(x=UP), "witness": "no answer in time"}, "not read its witness: no answer in time"),
        (shown(x=HELD), "It did not start"),
        (shown(x=AWAY), "server1 has it"),
        (shown(), "does not know it"),
    ],
)
def test_each_bad_sign_is_told(status, why):
    assert why in trouble(status, Expected(shown(at=1), ["x"]))


def test_one_that_was_started_before_the_files_were_exchanged_is_not_well():
    wanted = {"program": "new", "settings": "s"}
    assert trouble(shown() | wanted, Expected(works_by=wanted)) == ""
    assert "another program" in trouble(shown() | wanted | {"program": "old"}, Expected(works_by=wanted))
    assert "another settings" in trouble(shown() | {"program": "new"}, Expected(works_by=wanted))


def test_a_hierarchy_that_is_served_nowhere_is_named_with_its_reason():
    both = ("x", "y")
    assert unserved({"a": shown(x=UP, y=AWAY), "b": shown(x=AWAY, y=UP)}, both) == ""
    held = {"a": shown(x=UP, y=AWAY), "b": shown(x=AWAY, y=HELD)}
    assert unserved(held, both) == "y is in service on no node (b: It did not start.)"
    assert unserved(held, ["x"]) == ""
    assert "(a says that another node has it)" in unserved({"a": shown(x=AWAY), "b": shown(x=AWAY)}, ["x"])
    out = {"reason": "taken_out", "sentence": "An operator took it out."}
    assert unserved({"a": shown(x=out), "b": shown(x=AWAY)}, ["x"]) == ""
    assert "(no agent shows it)" in unserved({"a": shown(), "b": {}}, ["x"])


def test_what_is_waited_for_comes_or_the_last_reason_is_told():
    clock, reasons = Clock(), ["no", "not yet", ""]
    assert wait_until(lambda: reasons.pop(0), 10.0, clock) == ""
    assert wait_until(lambda: "never", 10.0, clock) == "never"
    assert clock.now == pytest.approx(11.0)


def test_a_file_that_is_written_just_now_is_asked_for_again_a_node_that_is_gone_is_not():
    failures = [StandbyError("in use")]

    def problem():
        if failures:
            raise failures.pop()
        return ""

    assert wait_until(problem, 10.0, Clock()) == ""
    failures.append(Unreachable("gone"))
    with pytest.raises(Unreachable):
        wait_until(problem, 10.0, Clock())


@pytest.mark.parametrize(
    ("state", "result", "told"),
    [
        (TaskState.RUNNING, 0x41301, "its task is running; it has not ended"),
        (TaskState.READY, 0x41306, "its task is ready; somebody stopped it"),
        (TaskState.READY, 1, "its task is ready; it ended with 0x1"),
    ],
)
def test_an_agent_that_is_not_well_is_told_with_what_its_task_does(monkeypatch, state, result, told):
    found = Task("\\standby.iis\\", "agent", state, result, "")
    monkeypatch.setattr(health.task, "read_task", lambda *_of: found)
    monkeypatch.setattr(health, "shown", lambda *_of: {})
    with pytest.raises(StandbyError, match=told):
        wait_well(SimpleNamespace(name="a"), None, "C:\\home", Expected(), 1.0, Clock())
