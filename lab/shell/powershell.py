# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""powershell.exe: runs scripts that it was told, and plain calls of programs; nothing else.

A plain call is a line of words and of strings in double quotes without variables, whose first word is a
program of the node, or ``&`` and a string that is one. Ansible's winrm connection sends the commands of
``raw`` in this way. The exit code of such a call is 0 or 1, as ``powershell.exe -Command`` has it
(about_PowerShell_exe).
"""

from __future__ import annotations

import base64
import binascii
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lab.machine.host import Host
from lab.shell.builtins import Context, say
from lab.shell.cmd import CommandProcessor, start_cmd
from lab.shell.environment import Environment
from lab.shell.program import Find, Program, Streams

_FLAGS = ("noprofile", "noninteractive", "nologo", "sta", "mta")
_VALUED = ("executionpolicy", "inputformat", "outputformat", "version", "windowstyle")
# Words without any character that means something to PowerShell.
_WORD = r"[^\s\"'`$@#(){};,|&<>%?\[\]~!*]+"
_CALL = re.compile(rf'(?:{_WORD}|&\s*"[^"`$]+")(?:\s+(?:{_WORD}|"[^"`$]*"))*')
_PIECE = re.compile(rf'{_WORD}|"[^"`$]*"')


@dataclass
class PowerShell:
    """powershell.exe.

    Attributes:
        host: the machine.
        find: programs of the node.
        scripts: text to program. A program started for ``-File`` finds the script's path and arguments in
            ``argv``.
    """

    host: Host
    find: Find
    scripts: dict[str, Program] = field(default_factory=dict)

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Find the script among the registered ones and run it."""
        try:
            text, arguments = self._script(list(argv[1:]))
        except ValueError as error:
            return self._refuse(streams, str(error), list(argv[1:]))
        program = self.scripts.get(_normal(text))
        if program is not None:
            return await program([argv[0], *arguments], streams, environment)
        call = _plain_call(text)
        called = self.find(call[0]) if call else None
        if called is None:
            return self._refuse(streams, "this script is not known to the lab", list(argv[1:]))
        return 0 if await self._native(called, call, streams, environment) == 0 else 1

    async def _native(
        self, program: Program, call: list[str], streams: Streams, environment: Mapping[str, str]
    ) -> int:
        if not isinstance(program, CommandProcessor):
            return await program(call, streams, environment)
        folder = environment.get("USERPROFILE", "C:\\")
        context = Context(self.host, Environment(environment), folder)
        return await start_cmd(f" {subprocess.list2cmdline(call[1:])}", context, self.find, streams)

    def register(self, text: str, program: Program) -> None:
        """Make a script known; line ends are not significant, everything else is."""
        self.scripts[_normal(text)] = program

    def _script(self, arguments: list[str]) -> tuple[str, list[str]]:
        while arguments:
            name = arguments.pop(0).lower()
            if name[:1] not in ("-", "/"):
                return " ".join([name, *arguments]), []
            kind = _parameter(name[1:])
            if kind in _FLAGS:
                continue
            if not arguments:
                raise ValueError(f"{name} needs a value")
            if kind in _VALUED:
                arguments.pop(0)
                continue
            return self._text(kind, arguments)
        raise ValueError("no command, encoded command or file was given")

    def _text(self, kind: str, arguments: list[str]) -> tuple[str, list[str]]:
        if kind == "command":
            return " ".join(arguments), []
        if kind == "encodedcommand":
            try:
                return base64.b64decode(arguments[0], validate=True).decode("utf-16-le"), arguments[1:]
            except (binascii.Error, UnicodeDecodeError) as error:
                raise ValueError("the encoded command is no base64 of UTF-16") from error
        try:
            return self.host.local_path(arguments[0]).read_text("utf-8-sig"), arguments
        except OSError as error:
            raise ValueError(
                f"The argument '{arguments[0]}' to the -File parameter does not exist"
            ) from error

    def _refuse(self, streams: Streams, why: str, arguments: list[str]) -> int:
        self.host.record("unknown-request", kind="powershell", why=why, arguments=arguments)
        say(streams.err, f"powershell.exe of the lab: {why}. It runs registered scripts only.")
        return 1


def _parameter(name: str) -> str:
    """The full name of a parameter that may be abbreviated (``powershell.exe -?``).

    Raises:
        ValueError: no such parameter, or one that is not unique.
    """
    special = {
        "e": "encodedcommand",
        "ec": "encodedcommand",
        "ex": "executionpolicy",
        "ep": "executionpolicy",
    }
    known = ("command", "encodedcommand", "file", *_FLAGS, *_VALUED)
    found = [special[name]] if name in special else [full for full in known if full.startswith(name)]
    if not name or len(found) != 1:
        raise ValueError(f"the parameter -{name} is not known to the lab")
    return found[0]


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").strip("\n")


def _plain_call(text: str) -> list[str]:
    """Give the words of a plain call, none where the script is something else."""
    line = text.strip()
    if not _CALL.fullmatch(line):
        return []
    return [piece.strip('"') for piece in _PIECE.findall(line)]
