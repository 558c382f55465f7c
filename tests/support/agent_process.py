# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's program as a process of a test, driving its lab node over WinRM instead of from within.

``connection.json`` in the agent's home says how the node is reached.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ansible_collections.standby.iis.plugins.module_utils.agent.cli import main
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from tests.support.agent_threads import shared_node

WORKER = [sys.executable, "-m", "tests.support.agent_process"]


def open_node(_name: str, home: str, _seconds: float) -> Node:
    """The lab node that this home belongs to."""
    return shared_node(Connection(**json.loads(Path(home, "connection.json").read_text())))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Home, open_node, WORKER))
