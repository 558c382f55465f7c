# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled tasks of an emulated node over WinRM: real processes under its scheduler."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_drivers_lab import session

from ansible_collections.standby.iis.plugins.module_utils.errors import CimError, StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows import task

PATH, NAME = "\\standby.iis\\", "agent"
SHUTDOWN = (
    "<EventTrigger><Subscription>&lt;QueryList&gt;&lt;Query Id='0'&gt;&lt;Select Path='System'&gt;"
    "*[System[Provider[@Name='User32'] and EventID=1074]]&lt;/Select&gt;&lt;/Query&gt;&lt;/QueryList&gt;"
    "</Subscription></EventTrigger>"
)


def definition(triggers: str = "", arguments: str = "C:\\program.py", settings: str = "") -> str:
    return (
        '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">'
        f"<Triggers>{triggers}</Triggers><Settings>{settings}<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>"
        "</Settings><Actions><Exec><Command>C:\\Python313\\python.exe</Command>"
        f"<Arguments>{arguments}</Arguments></Exec></Actions></Task>"
    )


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def drive(lab) -> Path:
    return lab.state.node("server1") / "drives" / "C"


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def state(node: Node, name: str = NAME) -> task.Task:
    found = task.read_task(node, PATH, name)
    assert found is not None
    return found


@pytest.fixture
def node(lab) -> Iterator[Node]:
    node = session(lab)
    yield node
    for entry in (NAME, "other"):
        task.stop_task(node, PATH, entry)
        task.delete_task(node, PATH, entry)
    node.close()


@pytest.fixture
def program(lab) -> Callable[[str], None]:
    """Write the program of the task; it tells its process id first."""

    def write(text: str) -> None:
        (drive(lab) / "pid").unlink(missing_ok=True)
        head = "import os, sys, time\nroot = os.environ['STANDBY_ROOT']\n"
        tell = "new = f'{root}/C/pid.new'\nopen(new, 'w').write(str(os.getpid()))\n"
        tell += "os.rename(new, f'{root}/C/pid')\n"
        (drive(lab) / "program.py").write_text(f"{head}{tell}{text}\n")

    return write


def pid_of(lab) -> int:
    until((drive(lab) / "pid").exists)
    return int((drive(lab) / "pid").read_text())


def test_a_task_runs_a_real_process_and_tells_its_exit_code(lab, node, program):
    program("open(f'{root}/C/told', 'w').write(repr(sys.argv[1:])); sys.exit(7)")
    assert task.read_task(node, PATH, NAME) is None
    xml = definition(arguments='C:\\program.py --home "C:\\Program Data" a')
    task.register_task(node, PATH, NAME, xml)
    found = state(node)
    assert (found.state, found.last_result, found.definition) == (
        task.TaskState.READY,
        task.RESULT_NEVER_RAN,
        xml,
    )
    task.start_task(node, PATH, NAME)
    until(lambda: state(node).state is task.TaskState.READY)
    assert state(node).last_result == 7
    assert (drive(lab) / "told").read_text() == repr(["--home", "C:\\Program Data", "a"])


def test_stopping_kills_the_whole_tree(lab, node, program):
    program(
        "import subprocess; line = [sys.executable, '-c', 'import time; time.sleep(100)']\n"
        "subprocess.run(line, start_new_session=True)"
    )
    task.register_task(node, PATH, NAME, definition())
    task.start_task(node, PATH, NAME)
    pid = pid_of(lab)
    until(lambda: Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert state(node).last_result == task.RESULT_RUNNING
    assert task.stop_task(node, PATH, NAME) is True
    until(lambda: not alive(pid) and not alive(int(child)))
    assert (state(node).state, state(node).last_result) == (task.TaskState.READY, task.RESULT_STOPPED)
    assert task.stop_task(node, PATH, NAME) is False


def test_a_program_that_is_not_there_is_told_as_the_result(node):
    task.register_task(node, PATH, NAME, definition().replace("Python313", "Python99"))
    task.start_task(node, PATH, NAME)
    assert state(node).last_result == 0x80070002


def test_a_disabled_task_does_not_start(node, program):
    program("")
    task.register_task(node, PATH, NAME, definition())
    task.set_task_enabled(node, PATH, NAME, False)
    assert not state(node).enabled
    with pytest.raises(StandbyError, match=r"server1, task \\standby.iis\\agent: .*disabled"):
        task.start_task(node, PATH, NAME)
    task.set_task_enabled(node, PATH, NAME, True)
    assert state(node).enabled


def test_a_definition_that_windows_would_refuse_is_refused_with_its_code(node):
    with pytest.raises(CimError, match="unexpected node") as refused:
        task.register_task(node, PATH, NAME, definition(settings="<Unheard/>"))
    assert refused.value.provider_code == 0x80041316
    with pytest.raises(CimError, match="does not emulate"):
        task.register_task(node, PATH, NAME, definition("<IdleTrigger/>"))


def test_what_is_not_there_is_deleted_without_complaint(node):
    assert task.delete_task(node, PATH, NAME) is False
    task.register_task(node, PATH, NAME, definition())
    assert task.delete_task(node, PATH, NAME) is True


def test_a_repetition_starts_the_task_again_after_its_process_was_killed(lab, node, program):
    program("time.sleep(100)")
    start = "<StartBoundary>2020-01-01T00:00:00</StartBoundary>"
    again = "<Repetition><Interval>PT1M</Interval></Repetition>"
    task.register_task(node, PATH, NAME, definition(f"<TimeTrigger>{start}{again}</TimeTrigger>"))
    first = pid_of(lab)
    lab.fault("server1", "agent", action="kill", task=NAME)
    until(lambda: (drive(lab) / "pid").read_text() != str(first))
    assert not alive(first)


def test_tasks_survive_a_restart_which_runs_those_that_wait_for_it_first(make_lab, program_of):
    lab = make_lab()
    node = session(lab)
    program_of(lab, "program.py", "time.sleep(100)")
    program_of(lab, "leave.py", "time.sleep(0.3); open(f'{root}/C/left', 'w').write('in order')")
    task.register_task(node, PATH, NAME, definition("<BootTrigger/>"))
    task.register_task(node, PATH, "other", definition(SHUTDOWN, "C:\\leave.py"))
    task.start_task(node, PATH, NAME)
    first = lab.status("server1")["processes"][f"{PATH}{NAME}"]
    lab.reboot("server1")
    assert (drive(lab) / "left").read_text() == "in order"
    assert not alive(first)
    assert state(node).state is task.TaskState.RUNNING
    second = lab.status("server1")["processes"][f"{PATH}{NAME}"]
    (drive(lab) / "left").unlink()
    lab.power_off("server1")
    assert not alive(second)
    assert not (drive(lab) / "left").exists()
    lab.power_on("server1")
    assert state(node).state is task.TaskState.RUNNING
    node.close()


def test_a_task_that_does_not_come_to_its_end_delays_a_shutdown_for_a_bounded_time(
    make_lab, program_of, tmp_path
):
    text = (Path(__file__).parents[1] / "topologies" / "fast.yml").read_text()
    text = text.replace("task_pace: 0.02", "task_pace: 0.02, shutdown_seconds: 0.5")
    text = text.replace("../../../lab", str(Path(__file__).parents[3] / "lab"))
    (tmp_path / "short.yml").write_text(text)
    lab = make_lab(tmp_path / "short.yml")
    node = session(lab)
    program_of(lab, "leave.py", "time.sleep(100)")
    task.register_task(node, PATH, "other", definition(SHUTDOWN, "C:\\leave.py"))
    began = time.monotonic()
    lab.reboot("server1")
    assert 0.5 <= time.monotonic() - began < 8.0
    assert lab.status("server1")["processes"] == {}
    node.close()


@pytest.fixture
def program_of() -> Callable[..., None]:
    def write(lab, name: str, text: str) -> None:
        (drive(lab) / name).write_text(f"import os, time\nroot = os.environ['STANDBY_ROOT']\n{text}\n")

    return write


def test_no_process_outlives_its_node(make_lab, program_of):
    lab = make_lab()
    node = session(lab)
    program_of(lab, "program.py", "os.setsid() if os.getpid() != os.getsid(0) else None; time.sleep(100)")
    task.register_task(node, PATH, NAME, definition())
    task.start_task(node, PATH, NAME)
    pid = lab.status("server1")["processes"][f"{PATH}{NAME}"]
    node.close()
    os.kill(lab.status("server1")["pid"], 9)
    until(lambda: not alive(pid), 2.0)
