# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run states that appcmd and CIM do not have, by the fixed script ``iis_control.ps1`` through the shell.

One start of PowerShell answers any number of calls. A call is ``{"kind": "ftp", "name": ..., "verb": ...}``
with the verb ``state``, ``start`` or ``stop``, its answer ``{"state": ...}`` or ``{"error": ...}``. Names and
messages are data on the script's input and output, never text that is run.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import BadDocument, CimError, StandbyError
from ..node import Completed, Node
from . import iis_command as command
from .environment import read_machine
from .failure import about
from .iis_control_text import TEXT

_POWERSHELL = r"System32\WindowsPowerShell\v1.0\powershell.exe"
_OPTIONS = ("-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand")
_NO_FILE = (0x80070002, 0x80070003)  # ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND
MISSING = "Missing"  # the state of what does not exist

_WHAT = "iis_control.ps1"


class ControlFailed(StandbyError):
    """PowerShell did not run the script: no call of it was answered."""


@dataclass(frozen=True)
class Call:
    """What is asked of one thing that runs.

    Attributes:
        kind: what it is, ``ftp`` or ``smtp``.
        name: what IIS calls it.
        verb: ``state``, ``start`` or ``stop``, in any case: the methods of some kinds are spelled otherwise.
    """

    kind: str
    name: str
    verb: str


@dataclass(frozen=True)
class Answer:
    """What came of a call.

    Attributes:
        state: as the script gives it, a name or a number; empty where the call failed.
        error: why it failed, in the language of the node; empty where it did not.
    """

    state: str = ""
    error: str = ""


def control(node: Node, calls: Sequence[Call]) -> list[Answer]:
    """Make some calls, one after the other; one that fails ends none of the others.

    Raises:
        ControlFailed: PowerShell did not run the script.
        BadDocument: an answer cannot be read.
    """
    if not calls:
        return []
    lines = "".join(
        f"{json.dumps({'kind': one.kind, 'name': one.name, 'verb': one.verb})}\r\n" for one in calls
    )
    with about(node, _WHAT):
        return _answers(_run(node, lines.encode("ascii")), len(calls))


def command_of(windows: str) -> list[str]:
    r"""The script as argv; by its whole path, so that no other program of that name is found first.

    Args:
        windows: the Windows directory, such as ``C:\Windows``.
    """
    script = base64.b64encode(TEXT.encode("utf-16-le")).decode("ascii")
    return [f"{windows}\\{_POWERSHELL}", *_OPTIONS, script]


def _run(node: Node, lines: bytes) -> Completed:
    """Run the script, wherever Windows is.

    Raises:
        ControlFailed: there is no PowerShell.
    """
    ended = _start(node, command.WINDOWS, lines)
    if ended is None or command.program_missing(ended):
        windows = read_machine(node).windows_directory
        if windows.casefold() != command.WINDOWS.casefold():
            ended = _start(node, windows, lines)
    if ended is None:
        raise ControlFailed(
            "powershell.exe was not found", remedy="Look whether Windows PowerShell is installed on the node"
        )
    return ended


def _start(node: Node, windows: str, lines: bytes) -> Completed | None:
    """None where there is no such program; a shell that finds none answers as PowerShell does that fails."""
    try:
        return node.shell.run(command_of(windows), lines)
    except CimError as failure:
        if {failure.wsman_code, failure.provider_code}.isdisjoint(_NO_FILE):
            raise
        return None


def _answers(ended: Completed, expected: int) -> list[Answer]:
    lines = ended.stdout.split()
    if ended.code or len(lines) != expected:
        said = ended.stderr.decode("utf-8", "replace").strip()[:400]
        raise ControlFailed(
            f"PowerShell gave {len(lines)} answers to {expected} calls and ended with exit code {ended.code}"
            f"{f' ({said})' if said else ''}",
            remedy="Look whether powershell.exe runs on the node, in full language mode",
        )
    return [_answer(line) for line in lines]


def _answer(line: bytes) -> Answer:
    try:
        document = json.loads(base64.b64decode(line, validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadDocument(
            f"answer of {_WHAT}: expected base64 of JSON, found {line[:40]!r} ({error})"
        ) from None
    if not isinstance(document, Mapping) or not ("state" in document or "error" in document):
        raise BadDocument(f"answer of {_WHAT}: expected a state or an error, found {document!r:.40}")
    return Answer(str(document.get("state", "")), str(document.get("error", "")))
