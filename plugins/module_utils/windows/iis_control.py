# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run states that appcmd and CIM do not have, by the fixed script ``iis_control.ps1`` through the shell.

One start of PowerShell answers any number of calls. A call is ``{"kind": "ftp", "name": ..., "verb": ...}``
with the verb ``state``, ``start`` or ``stop``, its answer ``{"state": ...}`` or ``{"error": ...}``. Names and
messages are data on the script's input and output, never text that is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import BadDocument
from ..node import Node
from . import calls as script
from .failure import about
from .iis_control_text import TEXT

MISSING = "Missing"  # the state of what does not exist

_WHAT, _HOLDS = "iis_control.ps1", "a state or an error"


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
        ScriptFailed: PowerShell did not run the script.
        BadDocument: an answer cannot be read.
    """
    if not calls:
        return []
    asked = [{"kind": one.kind, "name": one.name, "verb": one.verb} for one in calls]
    with about(node, _WHAT):
        return [_answer(one) for one in script.ask(node, TEXT, asked, _WHAT, holds=_HOLDS)]


def _answer(document: script.Answer) -> Answer:
    if not ("state" in document or "error" in document):
        raise BadDocument(f"answer of {_WHAT}: expected {_HOLDS}, found {document!r:.40}")
    return Answer(str(document.get("state", "")), str(document.get("error", "")))
