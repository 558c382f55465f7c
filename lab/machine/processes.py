# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Programs of a node that are real processes of the lab machine (``programs`` of the topology).

The program, its script and its working directory are Windows paths and become the files that stand for them,
since the interpreter opens those itself. Every other argument reaches the process as it was given: it maps
Windows paths by STANDBY_ROOT.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ntpath
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab.machine.belonging import TASK, command_line, kill_marked, marked, send
from lab.machine.host import Host
from lab.machine.tasks import NOT_FOUND, TaskFailure
from lab.machine.taskxml import Exec
from lab.shell.arguments import split_arguments

_SITE = Path(__file__).resolve().parents[1] / "agent_site"
_KILLED = 1  # exit code of a process that somebody ended (taskkill)
_ABSOLUTE = re.compile(r"[A-Za-z]:\\")
_RELAY = "lab.relay"
_BRIDGE = "powershell.exe"
# What a file holds on a node that stands for the interpreter: the python.exe of an archive for the lab.
STAND_IN = b"python.exe of the standby.iis lab\n"
# Tells a process that its logon has no credentials for other machines (agent_site/standby_lab/files.py).
NETWORK_LOGON = "STANDBY_LAB_NETWORK_LOGON"
# What the actions of the faults `agent` and `bridge` do.
_SIGNALS = {"kill": signal.SIGKILL, "hang": signal.SIGSTOP, "resume": signal.SIGCONT}


class NativeProcess:
    """A running program with everything it has started."""

    def __init__(self, child: subprocess.Popen[bytes], mark: str, label: str) -> None:
        self.pid = child.pid
        self.label = label
        self._mark = mark

    def end(self) -> None:
        """Kill the whole tree."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        kill_marked(TASK, self._mark)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal: death to the process itself, as taskkill does, any other to its group."""
        with contextlib.suppress(ProcessLookupError):
            (os.kill if number == signal.SIGKILL else os.killpg)(self.pid, number)

    def bridges(self) -> list[int]:
        """The powershell.exe that it has started, as the relays that stand for them."""
        return [pid for pid in marked(TASK, self._mark) if _is_bridge(command_line(pid))]


class NativeProcesses:
    """The real processes of a node.

    Args:
        host: the machine.
        programs: Windows path -> ``python``.
        output: folder for what they write.
        variables: what the lab tells them, beside the node's own environment.
        ended: called after one has gone.
    """

    def __init__(
        self,
        host: Host,
        programs: Mapping[str, str],
        output: Path,
        variables: Mapping[str, str],
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._host = host
        self._programs = {ntpath.normpath(path).casefold() for path in programs}
        self._output = output
        self._variables = variables
        self._ended = ended
        self.running: list[NativeProcess] = []

    def has(self, command: str) -> bool:
        """True where a program is one of these, or a file that stands for the interpreter."""
        return ntpath.normpath(command).casefold() in self._programs or self._stands_in(command)

    def _stands_in(self, command: str) -> bool:
        with contextlib.suppress(OSError):
            return self._host.local_path(command).read_bytes() == STAND_IN
        return False

    def start(self, action: Exec, label: str, on_exit: Callable[[int], None]) -> NativeProcess:
        """Start a program.

        Args:
            action: command, command line and folder, without variables in them.
            label: for its output's file.
            on_exit: called with its exit code.

        Raises:
            TaskFailure: no such program or folder.
        """
        if not self.has(action.command):
            raise TaskFailure(NOT_FOUND, f"The system cannot find the file specified: {action.command}")
        mark = uuid.uuid4().hex
        line = split_arguments(f"x {action.arguments}")[1:]
        self._output.mkdir(exist_ok=True)
        name = re.sub(r"[^\w.-]+", "_", label).strip("_") or "task"
        with (self._output / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(  # noqa: S603 - this interpreter
                [sys.executable, *_script_here(self._host, line)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder(action.directory),
                env={**self.environment(), TASK: mark},
                start_new_session=True,
            )
        native = NativeProcess(child, mark, label)
        self.running.append(native)
        self._host.record("process", pid=child.pid, label=label, started=True)
        self._watch(native, child, on_exit)
        return native

    def in_session(
        self, arguments: Sequence[str], session: Mapping[str, str]
    ) -> tuple[list[str], dict[str, str]]:
        """Arguments and environment of a process that the command shell of WinRM starts.

        Args:
            arguments: without the program.
            session: variables of the shell.
        """
        return _script_here(self._host, arguments), {**self.environment(), **session, NETWORK_LOGON: "1"}

    def environment(self) -> dict[str, str]:
        """The variables of a process: the node's, as spelled and in capitals, and the lab's own."""
        own = {
            spelling: value
            for name, value in self._host.environment().items()
            for spelling in (name, name.upper())
        }
        temporary = self._host.local_path("C:\\Windows\\TEMP")
        temporary.mkdir(parents=True, exist_ok=True)
        lab = {
            "PYTHONPATH": str(_SITE),
            "PYTHONUTF8": "1",
            "TMPDIR": str(temporary),
            "STANDBY_LAB_PARENT": str(os.getpid()),
        }
        return {**own, **lab, **self._variables}

    def end_all(self) -> None:
        """Kill every one of them."""
        for native in list(self.running):
            native.end()

    def _folder(self, directory: str) -> Path:
        try:
            folder = self._host.local_path(directory or "C:\\Windows\\System32")
        except FileNotFoundError as error:
            raise TaskFailure(NOT_FOUND, str(error)) from error
        if not folder.is_dir():
            raise TaskFailure(0x8007010B, f"The directory name is invalid: {directory}")
        return folder

    def _watch(
        self, native: NativeProcess, child: subprocess.Popen[bytes], on_exit: Callable[[int], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        descriptor = os.pidfd_open(child.pid)

        def gone() -> None:
            loop.remove_reader(descriptor)
            os.close(descriptor)
            code = child.wait()
            self.running.remove(native)
            self._host.record("process", pid=child.pid, label=native.label, started=False, code=code)
            on_exit(code if code >= 0 else _KILLED)
            self._ended()

        loop.add_reader(descriptor, gone)


def _script_here(host: Host, arguments: Sequence[str]) -> list[str]:
    """The arguments, with the script (the first that is no option) as a file of this machine."""
    options = list(itertools.takewhile(lambda text: text.startswith("-"), arguments))
    rest = list(arguments[len(options) :])
    if rest and _ABSOLUTE.match(rest[0]):
        with contextlib.suppress(FileNotFoundError):
            rest[0] = str(host.local_path(rest[0]))
    return [*options, *rest]


def _is_bridge(arguments: Sequence[str]) -> bool:
    relayed = _RELAY in arguments
    return relayed and any(ntpath.basename(text).casefold() == _BRIDGE for text in arguments)


def strike(running: Sequence[NativeProcess], what: str, parameters: Mapping[str, object]) -> int:
    """Carry out the fault ``agent`` or ``bridge``; the number of processes that it met.

    Args:
        running: the native processes of a node.
        what: ``agent`` for these, ``bridge`` for the powershell.exe that they have started.
        parameters: of the fault: ``action`` and, for one task alone, ``task``.
    """
    number = _SIGNALS[str(parameters["action"])]
    task = str(parameters.get("task", "")).casefold()
    struck = [native for native in running if task in native.label.casefold()]
    if what == "agent":
        for native in struck:
            native.signal(number)
        return len(struck)
    bridges = [pid for native in struck for pid in native.bridges()]
    for pid in bridges:
        send(pid, number)
    return len(bridges)
