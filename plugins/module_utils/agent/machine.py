# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What tells this machine from any other one that has its node's name, now or later.

A random text stands in the registry, and not in the agent's home: an agent that was removed and installed
again is that of the same machine, and goes on where its record in the witness ends. Not in the key of the
definition, which goes with the last resource. A copy of the machine has that text as well, and is told by the
UUID of its firmware, which each machine has for itself; hypervisors give a copy another one. A hardware
address of the network is not taken: which adapter's it is depends on those that are there at that moment.
Nor is Windows' own ``MachineGuid``, which a copy without sysprep shares (docs/windows_contracts.md).
"""

from __future__ import annotations

import secrets

from ..node import Node
from ..windows import registry
from ..windows.environment import read_product_uuid
from .home import Home

KEY, VALUE = "SOFTWARE\\standby.iis.agent", "Machine"
# In the place of the UUID of a firmware that has none: a copy of such a machine is not told from it.
NO_UUID = "none"


def machine_of(node: Node, home: Home) -> str:
    """Text that no other machine has: random, made once, with the UUID of this machine's firmware.

    Args:
        node: this machine.
        home: of the agent; an older version had the random part there.

    Raises:
        StandbyError: the registry cannot be read or written, or the firmware's UUID cannot be read.
    """
    made = registry.read_value(node, KEY, VALUE)
    if not made:
        made = home.former_machine() or secrets.token_hex(16)
        registry.write_value(node, KEY, VALUE, made)
    return f"{made}-{read_product_uuid(node) or NO_UUID}"
