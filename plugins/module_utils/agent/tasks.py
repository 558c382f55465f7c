# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The scheduled tasks of the agent, as XML ([MS-TSCH] 2.5; learn.microsoft.com, "Task Scheduler Schema").

The agent's own task starts when the machine boots and is looked after every minute: a supervisor that has
gone is started again, one that runs is left alone (IgnoreNew). The other one has everything given away when
an orderly shutdown begins (event 1074 of User32). A third one is there for a moment, before the first agents
start: it has no trigger, and says that the former agent of the node has left.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from ..control.agents import AGENT, FOLDER, PROGRAM, SHUTDOWN

__all__ = ["AGENT", "PATH", "RETIRE", "SHUTDOWN", "agent", "retire", "shutdown"]

PATH = FOLDER
RETIRE = "retire"

_NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
# The account SYSTEM.
_SYSTEM = "S-1-5-18"
# Above normal (learn.microsoft.com, "TaskSettings.Priority property": 2 and 3); 7, the default, is below it.
_PRIORITY = 3
_EVENT = escape(
    "<QueryList><Query Id='0'><Select Path='System'>"
    "*[System[Provider[@Name='User32'] and EventID=1074]]</Select></Query></QueryList>"
)
_TRIGGERS = {
    AGENT: (
        "<BootTrigger/>"
        "<TimeTrigger><StartBoundary>2020-01-01T00:00:00</StartBoundary>"
        "<Repetition><Interval>PT1M</Interval></Repetition></TimeTrigger>"
    ),
    SHUTDOWN: f"<EventTrigger><Subscription>{_EVENT}</Subscription></EventTrigger>",
    RETIRE: "",
}


def agent(python: str, home: str) -> str:
    r"""The definition of the agent's task.

    Args:
        python: Windows path of the interpreter.
        home: Windows path of the agent's folder, without a final backslash.
    """
    return _task(AGENT, python, home, "run")


def shutdown(python: str, home: str) -> str:
    """The definition of the task that gives everything away at a shutdown; arguments as for ``agent``."""
    return _task(SHUTDOWN, python, home, "leave")


def retire(python: str, home: str) -> str:
    """The definition of the task that closes the former agent's record; arguments as for ``agent``."""
    return _task(RETIRE, python, home, "retire")


def _task(name: str, python: str, home: str, command: str) -> str:
    arguments = f'"{home}\\{PROGRAM}" {command} --home "{home}"'
    return (
        f'<Task version="1.2" xmlns="{_NAMESPACE}">'
        f"<Triggers>{_TRIGGERS[name]}</Triggers>"
        f'<Principals><Principal id="system"><UserId>{_SYSTEM}</UserId>'
        "<RunLevel>HighestAvailable</RunLevel></Principal></Principals>"
        "<Settings><MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>"
        "<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>"
        "<StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>"
        "<StartWhenAvailable>true</StartWhenAvailable>"
        f"<ExecutionTimeLimit>PT0S</ExecutionTimeLimit><Priority>{_PRIORITY}</Priority></Settings>"
        f'<Actions Context="system"><Exec><Command>{escape(python)}</Command>'
        f"<Arguments>{escape(arguments)}</Arguments></Exec></Actions></Task>"
    )
