# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Calls of the scripts of ``twin_scripts.py``, of which none may fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import StandbyError
from ..node import Node
from . import calls
from .calls import Answer


def ask(node: Node, script: str, wanted: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """The answers to some calls, in their order.

    Raises:
        StandbyError: one of them failed.
    """
    answers = calls.ask(node, script, wanted, "configuration of IIS")
    for call, answer in zip(wanted, answers, strict=True):
        if "error" in answer:
            raise StandbyError(
                f"{call['do']}: {str(answer['error']).rstrip('.')}",
                node=node.name,
                resource=str(call.get("path") or call["do"]),
                remedy="Connect with an administrator, and look at that place on the node",
            )
    return answers
