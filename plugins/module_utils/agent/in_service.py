# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a hierarchy is in service on the node that has it: that node's agent says so, nobody else can.

A record in the witness tells who owns a hierarchy; it is claimed before anything of it is started.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import StandbyError
from ..ha.ownership.records import HierarchyRecord
from .peers.client import ask
from .peers.keys import KeyFile
from .settings import Settings

# The kind of the question between agents.
VERDICT = "verdict"
IN_SERVICE = "in_service"


def answer(shown: Mapping[str, Any], payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a node that shows this in its status says of the hierarchy that is asked for."""
    found = shown.get("hierarchies", {}).get(str(payload.get("hierarchy")), {})
    return {name: found.get(name, "") for name in ("reason", "sentence")}


def ask_node(
    settings: Settings, keys: KeyFile, patience: float, node: str, hierarchy: str
) -> Mapping[str, Any]:
    """Ask the agent of another node.

    Raises:
        StandbyError: it gives no answer.
    """
    return ask(
        settings.addresses.get(node, ()),
        settings.port,
        node=settings.node,
        peer=node,
        keys=keys,
        kind=VERDICT,
        payload={"hierarchy": hierarchy},
        timeout=patience,
    )


class Course:
    """What becomes of a hierarchy that agents have accepted to put in service.

    Args:
        target: the node that was asked for, "" for whichever takes it.
        look: what the agent of a node says of it; may raise ``StandbyError``.

    Attributes:
        serves: it is in service on the node.
        told: what was seen last.
    """

    def __init__(self, target: str, look: Callable[[str], Mapping[str, Any]]) -> None:
        self.serves, self.told = False, ""
        self._target, self._look = target, look
        self._claimed = False

    def ended(self, record: HierarchyRecord) -> bool:
        """Take in the record as it is now; True where there is nothing more to wait for."""
        owner = record.owner
        if not owner or (self._target and owner != self._target):
            self.told = f"{owner or 'nobody'} has it: {record.reason}"
            return bool(owner) and self._claimed  # it was given back
        self._claimed = True
        try:
            said = self._look(owner)
        except StandbyError as error:
            self.told = f"{owner} has it, and does not say whether it serves: {error.problem}"
            return False
        self.serves = said.get("reason") == IN_SERVICE
        self.told = str(said.get("sentence") or f"{owner} has it, and says nothing of it yet")
        return self.serves
