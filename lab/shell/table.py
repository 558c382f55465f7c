# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of a node, by Windows path, and the search along PATH and PATHEXT."""

from __future__ import annotations

import ntpath
import re

from lab.machine.host import Host
from lab.shell.cmd import CommandProcessor
from lab.shell.environment import Environment
from lab.shell.powershell import PowerShell
from lab.shell.program import Find, Program
from lab.shell.programs import HostName, WhoAmI

_SYSTEM32 = "%SystemRoot%\\System32"
_DEFAULT_PATHEXT = ".COM;.EXE;.BAT;.CMD"


class ProgramTable:
    """Programs of a node; an instance is the ``Find`` of :mod:`lab.shell.program`.

    A program writes UTF-8; the session turns it into the code page of its console. What a program reads is
    what the client sent.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._programs: dict[str, Program] = {}
        self._spelled: dict[str, str] = {}
        self._elsewhere: Find = lambda _path: None
        self._power_shell = PowerShell(host, self)
        self.register(f"{_SYSTEM32}\\cmd.exe", CommandProcessor())
        self.register(f"{_SYSTEM32}\\hostname.exe", HostName(host))
        self.register(f"{_SYSTEM32}\\whoami.exe", WhoAmI(host))
        self.register(f"{_SYSTEM32}\\WindowsPowerShell\\v1.0\\powershell.exe", self._power_shell)

    def register(self, windows_path: str, program: Program) -> None:
        """Install a program; the path may hold variables such as ``%SystemRoot%``."""
        spelled = self._spelling(windows_path)
        self._programs[spelled.casefold()] = program
        self._spelled[spelled.casefold()] = spelled

    def installed(self) -> list[str]:
        """The Windows paths of all programs, as they were registered."""
        return list(self._spelled.values())

    def look_elsewhere(self, find: Find) -> None:
        """Ask somebody else for programs by their path that are not installed here."""
        self._elsewhere = find

    def register_script(self, text: str, program: Program) -> None:
        """Let powershell.exe run a script, known by its exact text, as this program."""
        self._power_shell.register(text, program)

    def __call__(self, name: str) -> Program | None:
        """Find a program by its path, or by its bare name along PATH; the extension may be left out."""
        if ntpath.dirname(name) or ntpath.splitdrive(name)[0]:
            return self._at(name)
        folders = Environment(self._host.environment()).get("PATH", "").split(";")
        found = (self._at(ntpath.join(folder.strip('"'), name)) for folder in folders if folder)
        return next((program for program in found if program is not None), None)

    def _at(self, path: str) -> Program | None:
        extensions = Environment(self._host.environment()).get("PATHEXT", _DEFAULT_PATHEXT).split(";")
        for extension in ("", *extensions):
            program = self._programs.get(self._normal(path + extension))
            if program is not None:
                return program
        return self._elsewhere(path)

    def _normal(self, path: str) -> str:
        return self._spelling(path).casefold()

    def _spelling(self, path: str) -> str:
        variables = Environment(self._host.environment())
        expanded = re.sub(r"%([^%]+)%", lambda match: variables.get(match[1], match[0]), path)
        return ntpath.normpath(expanded)
