# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real processes of a node live by the node's clocks, and stand still when it does."""

from __future__ import annotations

import time
from pathlib import Path

from test_drivers_lab import session
from test_tasks_lab import until

from ansible_collections.standby.iis.plugins.module_utils.windows import environment

_SAMPLES = """
while True:
    started = time.perf_counter()
    first = (time.monotonic(), time.monotonic_ns() / 1e9, time.time())
    time.sleep(0.2)
    second = (time.monotonic(), time.monotonic_ns() / 1e9, time.time())
    real = time.perf_counter() - started
    tell("rates", [real] + [b - a for a, b in zip(first, second)])
    tell("clocks", [time.perf_counter(), time.monotonic(), time.time()])
"""


def clock_of_windows(lab) -> float:
    node = session(lab)
    (system,) = node.cim.enumerate(environment.OPERATING_SYSTEM)
    node.close()
    return system.get("LocalDateTime").timestamp()


def fresh(program, key):
    """What it tells from now on; the sample that was under way is passed over."""
    for _rest in range(2):
        (program._drive / f"{program.name}.{key}").unlink(missing_ok=True)
        program.told(key)
    return program.told(key)


def test_a_clock_that_runs_fast_runs_fast_in_every_process(lab, program):
    running = program(_SAMPLES)
    real, *shown = fresh(running, "rates")
    assert all(abs(each / real - 1) < 0.1 for each in shown)
    lab.fault("server1", "clock_rate", rate=3.0)
    real, monotonic, nanoseconds, wall = fresh(running, "rates")
    assert 2.7 < monotonic / real < 3.3
    assert 2.7 < nanoseconds / real < 3.3
    assert 0.9 < wall / real < 1.1


def test_the_time_of_day_is_set_alone(lab, program):
    running = program(_SAMPLES)
    _real, before, wall = fresh(running, "clocks")
    assert abs(wall - time.time()) < 5
    lab.fault("server1", "wall_clock", seconds=-3600)
    _real, after, wall = fresh(running, "clocks")
    assert abs(wall + 3600 - time.time()) < 5
    assert abs(wall - clock_of_windows(lab)) < 10
    assert 0 < after - before < 60


def test_a_paused_machine_has_lost_no_monotonic_time(lab, program):
    running = program(_SAMPLES)
    real, monotonic, wall = fresh(running, "clocks")
    lab.pause("server1", 1.5)
    real_after, monotonic_after, wall_after = fresh(running, "clocks")
    assert abs((real_after - real) - (monotonic_after - monotonic) - 1.5) < 0.4
    assert abs((wall_after - wall) - (real_after - real)) < 0.1
    lab.fault("server1", "clock_rate", rate=1.0)
    assert lab.status("server1")["power"] == "on"


def test_lifetimes_of_addresses_do_not_run_while_the_machine_is_paused(lab, program):
    from datetime import timedelta

    from test_drivers_lab import INDEX, held, session

    from ansible_collections.standby.iis.plugins.module_utils.windows import address

    node, ip = session(lab), lab.address("1.230")
    address.add_address(node, ip, 16, INDEX, valid_lifetime=timedelta(seconds=2))
    lab.pause("server1", 2.5)
    assert len(held(node, ip)) == 1
    deadline = time.monotonic() + 4
    while held(node, ip):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    node.close()


_BEATS = """
n = 0
while True:
    n += 1
    tell("beat", n)
    time.sleep(0.02)
"""


def stands_still(running) -> bool:
    before = running.told("beat")
    time.sleep(0.3)
    return running.told("beat") == before


def test_an_agent_hangs_alone_and_goes_on(lab, program):
    running = program(_BEATS)
    running.told("beat")
    lab.fault("server1", "agent", action="hang")
    assert stands_still(running)
    assert lab.status("server1")["power"] == "on"
    lab.fault("server1", "agent", action="resume")
    assert not stands_still(running)
    assert lab.status("server1")["faults"] == {}


def test_a_node_that_hangs_hangs_with_its_processes_and_leaves_a_hung_agent_so(lab, program):
    running = program(_BEATS)
    other = program(_BEATS, name="other")
    running.told("beat"), other.told("beat")
    lab.fault("server1", "agent", action="hang", task="other")
    lab.hang("server1")
    assert stands_still(running)
    lab.resume("server1")
    assert not stands_still(running)
    assert stands_still(other)
    lab.fault("server1", "agent", action="resume")


def test_the_bridge_is_killed_without_its_agent(lab, program):
    running = program("""
import subprocess
shell = f"{ROOT}/C/Windows/System32/WindowsPowerShell/v1.0/powershell.exe"
line = [shell, "-Command", "C:\\\\Windows\\\\System32\\\\inetsrv\\\\appcmd.exe add site /in"]
bridge = subprocess.Popen(line, stdin=subprocess.PIPE)
tell("bridge", bridge.pid)
tell("ended", bridge.wait())
time.sleep(100)
""")
    pid = running.told("bridge")
    until(lambda: b"lab.relay" in Path(f"/proc/{pid}/cmdline").read_bytes())
    lab.fault("server1", "bridge", action="hang")
    time.sleep(0.2)
    assert not running.has_told("ended")
    lab.fault("server1", "bridge", action="kill")
    assert running.told("ended") == -9
    assert running.pid
