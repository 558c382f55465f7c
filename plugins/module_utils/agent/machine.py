# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What tells this machine from any other one that has its node's name, now or later.

It stands in the registry, and not in the agent's home: an agent that was removed and installed again is that
of the same machine, and goes on where its record in the witness ends. Not in the key of the definition, which
goes with the last resource. Windows' own ``MachineGuid`` is not taken: that a copy of a machine has another
one is documented nowhere.
"""

from __future__ import annotations

import secrets
import uuid

from ..node import Node
from ..windows import registry
from .home import Home

KEY, VALUE = "SOFTWARE\\standby.iis.agent", "Machine"


def machine_of(node: Node, home: Home) -> str:
    """Text that no other machine has: random, made once, with the hardware address of this machine.

    A copy of the machine has the random part as well, and another hardware address.

    Args:
        node: this machine.
        home: of the agent; an older version had the random part there.

    Raises:
        StandbyError: the registry cannot be read or written.
    """
    made = registry.read_value(node, KEY, VALUE)
    if not made:
        made = home.former_machine() or secrets.token_hex(16)
        registry.write_value(node, KEY, VALUE, made)
    return f"{made}-{uuid.getnode():012x}"
