# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The supervisor, with workers that end, hang, leave, and go on from one another."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import supervisor
from ansible_collections.standby.iis.plugins.module_utils.agent.supervisor import LEFT, Supervisor
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Local, LocalState
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.succession import Standing

STANDING = Standing("abc", 3, 1234.5, 99.25)

# Counts how often it was begun, and writes down what it was given.
HEAD = """
import os, sys, time
given = sys.stdin.readline()
log = open({log!r}, "a"); log.write(given); log.close()
count = open({log!r}).read().count("standing")
"""


@pytest.fixture
def supervise(tmp_path):
    log = tmp_path / "log"

    def run(program, patience=10.0):
        said = []
        text = HEAD.format(log=str(log)) + program
        made = Supervisor([sys.executable, "-c", text], patience, said.append)
        code = made.run()
        return code, said, log.read_bytes().splitlines(keepends=True)

    return run


@pytest.fixture
def world():
    """A supervisor and what it says."""
    said = []
    return Supervisor(["x"], 1.0, said.append), said


TELL = f"sys.stdout.write({supervisor.line(STANDING).decode()!r}); sys.stdout.flush()\n"


def test_a_line_carries_a_standing_or_none():
    assert supervisor.standing_in(supervisor.line(STANDING)) == STANDING
    assert supervisor.standing_in(supervisor.line(None)) is None
    ill = Local(LocalState.UP, False, 12.5, (3.5, 4.5), "answered 500", unreached=7.0)
    troubled = replace(STANDING, versions={"nodes/server1": 4}, trouble={"Shop": ill})
    assert supervisor.standing_in(supervisor.line(troubled)) == troubled


@pytest.mark.parametrize("text", [b"", b"{", b"{}", b"7\n", b'{"standing": {"instance": 3}}', b"\xff"])
def test_a_damaged_line_is_no_standing(text):
    assert supervisor.standing_in(text) is None


def test_a_worker_that_dies_is_followed_by_one_that_knows_where_it_was(supervise):
    code, said, given = supervise(f"if count == 1:\n    {TELL}    sys.exit(3)\nsys.exit({LEFT})")
    assert code == LEFT
    assert given == [supervisor.line(None), supervisor.line(STANDING)]
    assert "ended with code 3" in said[0]


def test_a_worker_that_hangs_is_killed_and_followed(supervise):
    begun = time.monotonic()
    code, said, given = supervise(
        f"if count == 1:\n    {TELL}    time.sleep(60)\nsys.exit({LEFT})", patience=0.5
    )
    assert code == LEFT
    assert given[1] == supervisor.line(STANDING)
    assert "the worker said nothing for 0.5 s, and was killed" in said[0]
    assert time.monotonic() - begun < 30


def test_one_is_not_blamed_for_a_standstill_of_the_whole_machine(tmp_path):
    log, said, began = tmp_path / "log", [], time.monotonic()

    def monotonic():
        """It stands still for a hundred seconds, once the worker has spoken."""
        now = time.monotonic()
        return now + (100.0 if now - began > 1.5 else 0.0)

    program = HEAD.format(log=str(log)) + TELL + "time.sleep(3.0)\n" + TELL + f"sys.exit({LEFT})"
    made = Supervisor([sys.executable, "-c", program], 10.0, said.append, monotonic)
    assert (made.run(), said) == (LEFT, [])


def test_one_that_begins_slowly_is_waited_for(supervise):
    code, said, _given = supervise(f"time.sleep(1.0)\n{TELL}sys.exit({LEFT})", patience=0.2)
    assert (code, said) == (LEFT, [])


def test_one_that_never_begins_is_not(monkeypatch, supervise):
    monkeypatch.setattr(supervisor, "BEGINNING", 0.5)
    _code, said, _given = supervise(f"time.sleep(60) if count == 1 else sys.exit({LEFT})", patience=0.2)
    assert said[0].startswith("the worker said nothing for 0.5 s, and was killed; another one goes on in 0 s")


def test_one_that_speaks_is_left_alone_however_long_it_lives(supervise):
    code, said, _given = supervise(
        f"for turn in range(10):\n    {TELL}    time.sleep(0.1)\nsys.exit({LEFT})", patience=0.6
    )
    assert (code, said) == (LEFT, [])


def test_one_that_never_stays_up_is_begun_less_and_less_often(monkeypatch, supervise):
    monkeypatch.setattr(supervisor, "PAUSES", (0.0, 0.01, 0.02))
    code, said, given = supervise(f"sys.exit({LEFT} if count == 5 else 1)")
    assert code == LEFT
    assert said == [
        "the worker ended with code 1; another one goes on in 0.01 s",
        "the worker ended with code 1 (2 in a row); another one goes on in 0.02 s",
        "the worker ended with code 1 (4 in a row); another one goes on in 0.02 s",
    ]
    assert len(given) == 5


def test_of_a_row_of_workers_fewer_and_fewer_are_told(monkeypatch, world):
    made, said = world
    codes = iter([1] * 700 + [LEFT])
    monkeypatch.setattr(supervisor, "PAUSES", (0.0,))
    monkeypatch.setattr(Supervisor, "_one", lambda self: (next(codes), "ended", ""))
    made.run()
    told = [int(one.partition("(")[2].partition(" ")[0] or 1) for one in said]
    assert told == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]


def test_after_a_worker_that_was_well_another_row_begins(monkeypatch, world):
    lived = iter([1.0, 1.0, 1.0, 700.0, 1.0])
    made, said = world

    def one(self):
        self.now += next(lived)
        return 1, "ended", ""

    made._monotonic, made.now = lambda: made.now, 0.0
    monkeypatch.setattr(supervisor, "PAUSES", (0.0,))
    monkeypatch.setattr(Supervisor, "_one", one)
    with pytest.raises(StopIteration):
        made.run()
    assert [one.partition(";")[0] for one in said] == [
        "the worker ended",
        "the worker ended (2 in a row)",
        "the worker ended",
        "the worker ended (2 in a row)",
    ]


def test_what_a_worker_said_last_is_told(supervise):
    words = "sys.stderr.write('x' * 100000 + ' the disk\\n is gone\\n')"
    _code, said, _given = supervise(f"if count == 1:\n    {words}; sys.exit(3)\nsys.exit({LEFT})")
    head, _said_last, told = said[0].partition(". It said last: ")
    assert head == "the worker ended with code 3; another one goes on in 0 s"
    assert told.endswith("xx the disk is gone")
    assert len(told) == supervisor._TOLD


def test_what_a_child_of_it_holds_open_is_not_waited_for(supervise):
    child = "import subprocess; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(8)'])"
    began = time.monotonic()
    _code, said, _given = supervise(
        f"if count == 1:\n    {child}; sys.stderr.write('gone'); sys.exit(3)\nsys.exit({LEFT})"
    )
    assert said[0].endswith("It said last: gone")
    assert time.monotonic() - began < 7.0


def test_a_worker_that_cannot_be_started_is_told_of_and_tried_again(monkeypatch, supervise):
    real, refused = subprocess.Popen, [1, 1]

    def popen(*args, **options):
        if refused:
            refused.pop()
            raise OSError(1455, "The paging file is too small for this operation to complete")
        return real(*args, **options)

    monkeypatch.setattr(supervisor.subprocess, "Popen", popen)
    code, said, _given = supervise(f"sys.exit({LEFT})")
    assert code == LEFT
    assert "cannot be started" in said[0]
    assert "paging file" in said[0]


def test_one_that_cannot_be_followed_is_killed_and_tried_again(monkeypatch, supervise):
    real, refused = threading.Thread.start, [1]

    def start(self):
        if refused:
            refused.pop()
            raise RuntimeError("can't start new thread")
        real(self)

    monkeypatch.setattr(threading.Thread, "start", start)
    code, said, _given = supervise(f"sys.exit({LEFT})")
    assert code == LEFT
    assert "cannot be followed, and was killed: can't start new thread" in said[0]


def test_it_ends_its_worker_when_it_is_ended(tmp_path):
    made = Supervisor([sys.executable, "-c", "import time; time.sleep(60)"], 30.0, lambda _sentence: None)
    thread = threading.Thread(target=made.run)
    thread.start()
    made.end()
    thread.join(10)
    assert not thread.is_alive()


def test_it_is_told_whenever_no_worker_lives():
    """Before one is begun, and once it has ended: what it showed last is not so any more."""
    told = []
    command = [sys.executable, "-c", "import sys; sys.stdin.readline(); sys.exit(3)"]
    made = Supervisor(command, 10.0, lambda sentence: made.end(), gone=lambda: told.append("gone"))
    assert made.run() == 3
    assert told == ["gone", "gone"]
