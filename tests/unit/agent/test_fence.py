# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fence of a node: what it ends with, and that nothing it starts holds up the agent."""

from __future__ import annotations

import queue
import sys
import threading
import time
from pathlib import Path
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import commands, fences
from ansible_collections.standby.iis.plugins.module_utils.agent.fence_providers import fence_of
from ansible_collections.standby.iis.plugins.module_utils.agent.fences import Fences
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError


def run(code: str, seconds: float = 30.0) -> None:
    command = ("C:\\fence.exe", "-c", code, "server1")
    fence_of(
        Settings("server2", "web", fences={"server1": command}, fence_timeout=seconds), "server1", here
    ).cut()


def here(path: str) -> Path:
    assert path == "C:\\fence.exe"
    return Path(sys.executable)


def test_a_fence_that_ends_with_0_is_sure_and_knows_the_node():
    run("import sys; sys.exit(sys.argv[1] != 'server1')")


def test_a_fence_that_fails_says_what_it_said_and_what_to_do():
    with pytest.raises(StandbyError) as failed:
        run("import sys; sys.exit('no answer from the controller.')")
    assert str(failed.value) == (
        "server1: its fence C:\\fence.exe: it ended with code 1 and said: no answer from the controller. "
        "Make sure that the node is off, then say so by the playbook standby.iis.switchover with -e "
        "fence_confirmed=server1, or on any other node: python standby.pyz confirm-off --home FOLDER server1 "
        "(docs/fencing.md); mend the fence."
    )


def test_a_fence_that_finds_no_room_for_its_words_says_so(monkeypatch):
    full = Mock(side_effect=OSError(28, "No space left on device"))
    monkeypatch.setattr(commands.tempfile, "TemporaryFile", full)
    with pytest.raises(StandbyError, match="its input and output cannot be kept: No space left on device"):
        run("")


def test_a_fence_that_does_not_end_is_killed_with_what_it_has_started():
    began = time.monotonic()
    with pytest.raises(StandbyError, match=r"did not end within 0\.5 s and was killed"):
        run(
            "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])",
            0.5,
        )
    assert time.monotonic() - began < 30


# Whoever asked is told, whatever becomes of it


@pytest.fixture
def cut(monkeypatch):
    """Have a node switched off by a stand-in of the program; gives what is told of it, and why."""
    monkeypatch.setattr(fences, "_MARGIN", 0.0)
    settings = Settings("server2", "web", fences={"server1": ("C:\\fence.exe", "x")}, fence_timeout=0.3)

    def begin(program):
        said: list[str] = []
        made = Fences(settings, here, said.append)
        monkeypatch.setattr(commands, "run", program)

        def once() -> bool:
            told: queue.SimpleQueue[bool] = queue.SimpleQueue()
            made.run("server1", told.put)
            found = told.get(timeout=20.0)
            time.sleep(0.05)
            assert told.empty()
            return found

        return once, said

    return begin


def test_a_node_that_is_surely_off_is_told(cut):
    once, said = cut(lambda *_arguments, **_options: None)
    assert (once(), once(), said) == (True, True, [])


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError(), KeyError("x")])
def test_a_fence_that_cannot_be_run_has_failed(cut, error):
    def broken(*_arguments, **_options):
        raise error

    once, said = cut(broken)
    assert not once()
    assert len(said) == 1


def test_one_that_tells_nothing_has_failed_and_is_not_run_beside_itself(cut):
    free, begun = threading.Event(), []

    def hangs(*_arguments, **_options):
        begun.append(1)
        free.wait(20.0)

    once, said = cut(hangs)
    assert not once()
    assert said == ["server1: its fence has told nothing within 0.3 s, and counts as failed"]
    assert not once()
    assert said[1] == "server1: its fence of before has not ended"
    assert len(begun) == 1
    free.set()


def test_where_no_thread_can_be_started_it_has_failed(cut, monkeypatch):
    def refused(_thread):
        raise RuntimeError("can't start new thread")

    once, said = cut(lambda *_arguments, **_options: None)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refused)
        assert not once()
    assert "can't start new thread" in said[0]
    assert once()


# Its arguments are not told


@pytest.mark.parametrize(
    "argument", ["BMCSECRET", "--password=BMCSECRET", "/p:BMCSECRET", "BMC SECRET", "a=b:BMCSECRET", "abc"]
)
def test_a_fence_that_repeats_its_arguments_does_not_tell_them(argument):
    code = (
        "import re, sys; sys.exit(f'bad usage: {sys.argv[1]} server1 ({re.split(chr(58), sys.argv[1])[-1]})')"
    )
    command = ("C:\\fence.exe", "-c", code, argument, "server1")
    with pytest.raises(StandbyError) as failed:
        fence_of(Settings("server2", "web", fences={"server1": command}), "server1", here).cut()
    told = str(failed.value)
    assert "bad usage: *** server1" in told
    assert "SECRET" not in told
    assert "abc" not in told


def test_one_that_does_not_end_does_not_tell_its_arguments():
    command = ("C:\\fence.exe", "-c", "import time; time.sleep(30)", "--password", "BMCSECRET")
    with pytest.raises(StandbyError) as failed:
        fence_of(
            Settings("server2", "web", fences={"server1": command}, fence_timeout=0.3), "server1", here
        ).cut()
    assert "BMCSECRET" not in str(failed.value)
