# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fixed scripts on a node, through the command shell: calls as JSON lines in, a line of base64 out for each.

A script goes to PowerShell as ``-EncodedCommand``: nothing needs to lie on the node before, and no policy on
script files applies. It reads ``$input``, for which PowerShell takes standard input line by line.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from ..errors import BadDocument, StandbyError
from ..node import Completed, Node
from . import program
from .failure import about

_OPTIONS = ("-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand")

_POWERSHELL = r"System32\WindowsPowerShell\v1.0\powershell.exe"

Answer = Mapping[str, Any]


class ScriptFailed(StandbyError):
    """PowerShell did not run the script: no call of it was answered."""


def arguments(script: str) -> tuple[str, ...]:
    """A script as arguments of PowerShell."""
    return (*_OPTIONS, base64.b64encode(script.encode("utf-16-le")).decode("ascii"))


def run(node: Node, script: str, lines: bytes) -> Completed:
    """Run a script, wherever Windows is; on the node itself a bare name may be found nowhere.

    Raises:
        ScriptFailed: there is no PowerShell.
    """
    try:
        return program.run(node, _POWERSHELL, arguments(script), lines)
    except program.ProgramMissing as failure:
        raise ScriptFailed(
            failure.problem, remedy="Look whether Windows PowerShell is installed on the node"
        ) from None


def ask(
    node: Node,
    script: str,
    calls: Sequence[Mapping[str, Any]],
    what: str,
    secrets: Sequence[str] = (),
    holds: str = "an object",
) -> list[Answer]:
    """The answers to some calls, in their order; one that failed has ``error`` in it.

    Args:
        node: where.
        script: its text; it is run wherever Windows is.
        calls: to it; none of them is longer than a line may be.
        what: they concern, for messages.
        secrets: for each call the line before it, "" for none: the script gives that to no cmdlet, so that
            nothing logs it. Those that are missing are none.
        holds: what each answer is to hold, for messages.

    Raises:
        StandbyError: the node does not answer; ``ScriptFailed`` where the script did not run to its end.
        BadDocument: it wrote something else.
    """
    lines = []
    for call, secret in zip_longest(calls, secrets, fillvalue=""):
        lines += [secret, json.dumps(call)] if secret else [json.dumps(call)]
    given = "".join(f"{line}\r\n" for line in lines)
    with about(node, what):
        return answers(run(node, script, given.encode("ascii")), len(calls), f"a script on {what}", holds)


def answers(ended: Completed, expected: int, script: str, holds: str = "an object") -> list[Answer]:
    """What a script wrote that has ended, an object for each of so many calls.

    Args:
        ended: its run.
        expected: how many calls it was given.
        script: which, for messages.
        holds: what each is to hold, for messages.

    Raises:
        ScriptFailed: it did not run to its end.
        BadDocument: it wrote something else.
    """
    lines = ended.stdout.split()
    if ended.code or len(lines) != expected:
        said = ended.stderr.decode("utf-8", "replace").strip()[:400]
        raise ScriptFailed(
            f"PowerShell gave {len(lines)} answers to {expected} calls and ended with exit code {ended.code}"
            f"{f' ({said})' if said else ''}",
            remedy="Look whether powershell.exe runs on the node, in full language mode",
        )
    return [_answer(line, script, holds) for line in lines]


def _answer(line: bytes, script: str, holds: str) -> Answer:
    try:
        document = json.loads(base64.b64decode(line, validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadDocument(
            f"answer of {script}: expected base64 of JSON, found {line[:40]!r} ({error})"
        ) from None
    if not isinstance(document, dict):
        raise BadDocument(f"answer of {script}: expected {holds}, found {document!r:.40}")
    return document
