# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fences ended stands in status and log; whether they would work is found out without running them."""

from __future__ import annotations

import queue
import threading
import time
from pathlib import Path
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import fence_providers, fences
from ansible_collections.standby.iis.plugins.module_utils.agent.bmc import Bmc
from ansible_collections.standby.iis.plugins.module_utils.agent.checking import fences_now
from ansible_collections.standby.iis.plugins.module_utils.agent.fences import Fences
from ansible_collections.standby.iis.plugins.module_utils.agent.requests import _in_words
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError

TOLD = Settings(
    "server2",
    "web",
    fences={"server1": ("C:\\off.exe", "server1", "BMCSECRET")},
    bmcs={
        "server2": Bmc("https://bmc2", "1", "a", "C:\\p"),
        "server3": Bmc("https://bmc3", "1", "a", "C:\\p"),
    },
    manual=frozenset({"server4"}),
)


def here(path: str) -> Path:
    return Path("/nowhere") / path.rpartition("\\")[2]


@pytest.fixture
def made(monkeypatch):
    """Fences whose programs end as the test says; with what was said of them."""
    said = ([], [])
    monkeypatch.setattr(fences, "wall", lambda: "2026-11-29T00:00:00.000+00:00")

    def run(node: str, program) -> bool:
        monkeypatch.setattr(fence_providers.commands, "run", program)
        told: queue.SimpleQueue[bool] = queue.SimpleQueue()
        one.run(node, told.put)
        return told.get(timeout=20.0)

    one = Fences(TOLD, here, said[0].append, said[1].append)
    return one, run, said


def fails(*_arguments, **_options):
    raise StandbyError("it ended with code 1", remedy="Run it by hand")


def test_every_other_node_is_shown_with_its_provider_before_anything_was_tried(made):
    one, _run, _said = made
    assert one.shown() == {
        "server1": {"provider": "command", "last": None},
        "server3": {"provider": "redfish", "last": None},
        "server4": {"provider": "manual", "last": None},
    }


def test_how_it_ended_last_is_shown_and_logged(made):
    one, run, (problems, told) = made
    assert run("server1", lambda *_arguments, **_options: None)
    assert one.shown()["server1"]["last"] == {
        "off": True,
        "told": "C:\\off.exe was run, and ended with 0",
        "at": "2026-11-29T00:00:00.000+00:00",
    }
    assert (told, problems) == (["server1 is surely off: C:\\off.exe was run, and ended with 0"], [])
    assert not run("server1", fails)
    last = one.shown()["server1"]["last"]
    assert (last["off"], len(problems)) == (False, 1)
    assert last["told"] == problems[0]
    assert "BMCSECRET" not in str(one.shown())


def test_one_that_ends_too_late_stays_failed(made, monkeypatch):
    one, run, (problems, told) = made
    monkeypatch.setattr(fences, "_MARGIN", 0.05 - TOLD.fence_timeout)
    free = threading.Event()
    assert not run("server1", lambda *_arguments, **_options: free.wait(20.0))
    free.set()
    while "server1" in one._running:
        time.sleep(0.01)
    assert not one.shown()["server1"]["last"]["off"]
    assert (len(problems), told) == (1, [])


def test_a_controller_whose_password_is_missing_confirms_nothing(made):
    _one, run, (problems, _told) = made
    assert not run("server3", None)
    assert "server3: its fence: the password file" in problems[0]


def test_files_of_a_controller_are_looked_for_where_the_machine_has_them(monkeypatch, tmp_path):
    (tmp_path / "p").write_text("SECRETWORD\n")
    bmc = Bmc("https://bmc", "1", "a", "C:\\p", ca_file="C:\\ca.pem")
    opened = []

    class Service:
        def __init__(self, bmc, password, seconds) -> None:
            opened.append((bmc.ca_file, password))

        def __enter__(self):
            return Mock(force_off=lambda: "off")

        def __exit__(self, *_error) -> None:
            pass

    monkeypatch.setattr(fence_providers, "Redfish", Service)
    told = Settings("server2", "web", bmcs={"server1": bmc})
    fence = fence_providers.fence_of(told, "server1", lambda path: tmp_path / path.rpartition("\\")[2])
    assert fence.cut() == "off"
    assert opened == [(str(tmp_path / "ca.pem"), "SECRETWORD")]


def test_a_person_is_not_run(made):
    _one, run, (problems, _told) = made
    assert not run("server4", None)
    assert (
        "standby.iis.switchover with -e fence_confirmed=server4, or on any other node: python" in problems[0]
    )


def test_people_read_it_in_the_status(made):
    one, run, _said = made
    run("server1", lambda *_arguments, **_options: None)
    shown = {"nodes": {}, "hierarchies": {}, "here": {"fences": one.shown()}, "running": True, "problems": []}
    words = _in_words(shown)
    assert "here, fence of server1: command, off at 2026-11-29T00:00:00" in words
    assert "here, fence of server3: redfish, not tried since the agent's worker began" in words


def test_whether_they_would_work_is_asked_without_running_any(monkeypatch, tmp_path):
    monkeypatch.setattr(
        fence_providers.commands, "run", lambda *_arguments, **_options: pytest.fail("it was run")
    )
    (tmp_path / "off.exe").touch()
    found = fences_now(TOLD, lambda path: tmp_path / path.rpartition("\\")[2])
    assert [(line.check, line.healthy) for line in found] == [
        ("fence of server1 (command)", True),
        ("fence of server3 (redfish)", False),
        ("fence of server4 (manual)", True),
    ]
    assert "it is not run to try it" in found[0].sentence
    (tmp_path / "off.exe").unlink()
    assert not fences_now(TOLD, lambda path: tmp_path / path.rpartition("\\")[2])[0].healthy
