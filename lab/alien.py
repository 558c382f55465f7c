# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that is no node of the lab and holds an address: ``python -m lab alien ADDRESS on``."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

from lab.machine.wire import Message, UnixWire
from lab.parent import die_with
from lab.state import State


def alien_name(address: str) -> str:
    """The name of the host that holds an address, on the wire and in faults."""
    return f"alien-{address.replace(':', '_')}"


async def hold(state: State, address: str, segment: str) -> None:
    """Answer for an address until the process is ended."""
    name = alien_name(address)
    wire = UnixWire(state.runtime, name)

    def heard(message: Message) -> None:
        if message.kind == "probe" and (message.address, message.segment) == (address, segment):
            wire.send(Message("reply", segment, address, name))

    wire.listen(heard)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    wire.send(Message("announce", segment, address, name))
    await ended.wait()
    wire.close()


def main() -> None:
    """Run the host."""
    parser = argparse.ArgumentParser(prog="python -m lab.alien", description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--segment", default="lan")
    parser.add_argument("--parent", type=int, help="process to end with")
    arguments = parser.parse_args()
    if arguments.parent:
        die_with(arguments.parent)
    asyncio.run(hold(State(arguments.state), arguments.address, arguments.segment))


if __name__ == "__main__":
    main()
