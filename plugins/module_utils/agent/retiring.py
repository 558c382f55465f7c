# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The record of an agent that is no more, said to have left: the command ``retire``.

An agent that was removed ends by relief: what it had stays in service, and its record goes on saying that it
is alive. Agents that are installed again would count the node as lost whose agent begins last, and where it
had a disk cut its power. So before the first of them starts, while none runs on any node, each node says that
its former agent has left.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from ..errors import StandbyError
from ..ha.ownership.records import NODES, BadRecord, NodeState, decode_node, encode
from .home import Home
from .machine import machine_of
from .opening import open_witness
from .program import OpenNode, call_seconds
from .settings import timers_of
from .store.interface import Store

NOTHING = "the witness has no agent of this node that has not ended"


def retire(home: Home, open_node: OpenNode) -> int:
    """Say in the witness that the former agent of this node has left; the exit code.

    What came of it is left in the home: the role runs this as SYSTEM, which alone may open a share, by a
    task, which gives back no words.

    Args:
        home: of the agent that is to come; no agent may run in it.
        open_node: opens this machine.
    """
    try:
        told, problem = _retire(home, open_node), ""
    except StandbyError as error:
        told, problem = "", str(error)
    home.write(home.retired_file, {"told": told, "problem": problem})
    (sys.stderr if problem else sys.stdout).write(f"{problem or told}\n")
    return 1 if problem else 0


def _retire(home: Home, open_node: OpenNode) -> str:
    with home.alone():
        settings = home.settings()

        def machine() -> str:
            node = open_node(settings.node, home.name, call_seconds(timers_of(settings)))
            try:
                return machine_of(node, home)
            finally:
                node.close()

        return close_record(open_witness(home, settings)(), settings.node, machine)


def close_record(store: Store, node: str, machine: Callable[[], str]) -> str:
    """Close a node's record; a sentence that says what was done.

    That of another machine under its name is left alone, which may renew it. One that was fenced, which
    nobody has made sure of, is closed as well: nothing of it runs on this machine.

    Args:
        store: the witness.
        node: whose record.
        machine: what tells this machine from others; asked for where a record is there.

    Raises:
        StandbyError: the witness cannot be read or written, or the record changes: an agent renews it.
    """
    key = NODES + node
    found = store.get(key)
    if found is None:
        return NOTHING
    try:
        record = decode_node(found.value, node)
    except BadRecord as error:  # it is for the agents to find out what becomes of it
        return f"its record is left as it is: {error.problem}"
    if record.ended and (record.confirmed or not record.by):
        return NOTHING
    if record.machine != machine():
        return "its record is left as it is: another machine wrote it"
    try:
        store.put(key, found.version, encode(replace(record, state=NodeState.LEFT, by="")))
    except StandbyError as error:
        error.node = error.node or node
        raise
    return f"incarnation {record.incarnation} of {node}, whose agent is no more, has left"
