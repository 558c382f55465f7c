# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's program: the bounds of its calls to Windows."""

from __future__ import annotations

import subprocess
import sys
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import program, settings, supervisor
from ansible_collections.standby.iis.plugins.module_utils.agent.program import call_seconds, renewal_seconds
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import timers

_PACKAGE = "ansible_collections.standby.iis.plugins.module_utils"


@pytest.mark.parametrize(("preset", "call", "renewal"), [("fast", 5, 2), ("lan", 5, 2), ("wan", 6, 3)])
def test_no_call_is_given_up_before_a_busy_windows_answers(preset, call, renewal):
    assert (call_seconds(timers(preset)), renewal_seconds(timers(preset))) == (call, renewal)


def test_the_supervisor_stays_small():
    """It is there all the time: neither TLS nor the worker's parts belong into its memory."""
    program = (
        f"import sys; sys.path[:0] = {sys.path!r}; "
        f"import {_PACKAGE}.agent.entry, {_PACKAGE}.agent.supervising; "
        "print(*sys.modules, sep=chr(10))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = ran.stdout.split()
    assert f"{_PACKAGE}.agent.supervising" in loaded
    for name in (
        "ssl",
        "http.client",
        "urllib.request",
        f"{_PACKAGE}.agent.worker",
        f"{_PACKAGE}.agent.desk",
    ):
        assert name not in loaded


# A worker whose node takes for ever to answer: nothing but the end of its supervisor ends it.
_WORKER = f"""
import sys, time
sys.path[:0] = {sys.path!r}
from {_PACKAGE}.agent.home import Home
from {_PACKAGE}.agent.program import work

def open_node(*_place):
    print("at work", flush=True)
    time.sleep(600)

work(Home(sys.argv[1]), open_node)
"""


def test_a_worker_ends_with_its_supervisor_whatever_it_is_at(tmp_path):
    """Another agent may begin as soon as the lock of the supervisor is free; two workers never work."""
    told = Settings("server1", "web", "C:\\witness", addresses={"server1": ("127.0.0.1",)})
    (tmp_path / "agent.json").write_text(settings.write(told))
    worker = subprocess.Popen(
        [sys.executable, "-c", _WORKER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        worker.stdin.write(supervisor.line(None))
        worker.stdin.flush()
        assert worker.stdout.readline() == b"at work\n"
        assert worker.poll() is None
        worker.stdin.close()  # as the system does, however the supervisor has ended
        assert worker.wait(10) == 1
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()


def test_a_worker_ends_too_when_it_cannot_see_whether_its_supervisor_is_there(monkeypatch):
    class Ended(Exception):
        pass

    monkeypatch.setattr(program.os, "read", Mock(side_effect=OSError(9, "Bad file descriptor")))
    monkeypatch.setattr(program.os, "_exit", Mock(side_effect=Ended))
    with pytest.raises(Ended):
        program._end_with_supervisor()
