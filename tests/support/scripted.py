# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node whose shell answers from a script; a command that the script does not have fails the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Instance, Node

Answer = Completed | Exception


@dataclass
class ManualClock:
    """Time that passes only by sleeping."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class ScriptedShell:
    """Answers each command line (arguments joined) from its list, the last answer for ever."""

    script: dict[str, list[Answer]]
    ran: list[str] = field(default_factory=list)
    programs: list[str] = field(default_factory=list)
    stdin: list[bytes] = field(default_factory=list)

    def run(
        self, argv: Sequence[str], stdin: bytes = b"", *, on_output: Callable[[bytes], None] | None = None
    ) -> Completed:
        line = " ".join(argv[1:])
        self.ran.append(line)
        self.programs.append(argv[0])
        self.stdin.append(stdin)
        answers = self.script[line]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Machine:
    """A CIM that knows where Windows is, and nothing else."""

    windows: str = "C:\\Windows"

    def enumerate(self, target: Any, **_rest: Any) -> list[Instance]:
        if target.name == "Win32_Environment":
            return []
        assert target.name == "Win32_OperatingSystem"
        return [
            Instance(
                "Win32_OperatingSystem",
                {"CSName": "SERVER1", "SystemDrive": self.windows[:2], "WindowsDirectory": self.windows},
            )
        ]


def ok(text: str | bytes = b"") -> Completed:
    return Completed(0, text if isinstance(text, bytes) else text.encode(), b"")


def refused(code: int, hresult: str | None = None, text: str = "Befehl fehlgeschlagen.") -> Completed:
    """An error as appcmd prints it, in a language that is not English."""
    named = f"hresult:{hresult}, " if hresult else ""
    return Completed(code, f"ERROR ( {named}message:{text}\r\n )\r\n".encode(), b"")


def absent() -> Completed:
    """What cmd.exe answers where a program does not exist."""
    return Completed(1, b"", "Das System kann den angegebenen Pfad nicht finden.\r\n".encode("cp850"))


def scripted(windows: str = "C:\\Windows", **script: Any) -> tuple[Node, ScriptedShell]:
    shell = ScriptedShell({line: list(answers) for line, answers in script.pop("script").items()})
    return Node("server1", Machine(windows), shell), shell  # type: ignore[arg-type]
