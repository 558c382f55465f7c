# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
r"""A program of a lab node as a process of this machine: ``python -m lab.relay SOCKET PROGRAM ARGS...``.

Standard streams and exit code are those of the program on the node; the end of this process ends it there.
It imports little, so that it starts fast. PROGRAM is a Windows path, arguments reach it exactly as given.

On the wire, after the line of the command ``run`` (lab/control.py), frames of one byte, four bytes of length
(big-endian) and data: ``i`` standard input, empty for its end; back come ``o`` and ``e`` (output and error),
at the end ``x`` (the exit code in decimal), or ``r`` (why the node refused).

An exit code of Windows has 32 bits, that of a process here has 8. Where the variable STANDBY_EXIT_CODE names
an inherited file descriptor, the whole code is written there in decimal.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import sys

FRAME = struct.Struct(">cI")
INPUT, OUTPUT, ERROR, EXIT, REFUSED = b"i", b"o", b"e", b"x", b"r"

CANNOT_RUN = 127  # what a POSIX shell says of a program that it cannot find
GONE = 255  # the node lost power, or restarted, while the program ran

_PIECE = 65536


def main(arguments: list[str]) -> int:
    """Run a program on a node to its end and give its exit code."""
    if len(arguments) < 2:
        sys.stderr.write("usage: python -m lab.relay SOCKET PROGRAM ARGS...\n")
        return CANNOT_RUN
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as node:
        try:
            node.connect(arguments[0])
            line = {"command": "run", "arguments": {"argv": arguments[1:]}}
            node.sendall(json.dumps(line).encode() + b"\n")
            return _relay(node)
        except OSError as error:
            sys.stderr.write(f"the node does not answer: {error}\n")
            return GONE


def _relay(node: socket.socket) -> int:
    received = bytearray()
    sources: list[socket.socket | int] = [node, 0]
    while True:
        ready, _writable, _broken = select.select(sources, [], [])
        if 0 in ready and not _send_input(node):
            sources.remove(0)
        if node in ready:
            piece = _receive(node)
            received += piece
            code = _take_frames(received)
            if code is not None:
                return code
            if not piece:
                sys.stderr.write("the node went away\n")
                return GONE


def _send_input(node: socket.socket) -> bool:
    """Pass on a piece of standard input; False at its end, or where the program has ended meanwhile."""
    data = os.read(0, _PIECE)
    try:
        node.sendall(FRAME.pack(INPUT, len(data)) + data)
    except ConnectionError:
        return False
    return bool(data)


def _receive(node: socket.socket) -> bytes:
    try:
        return node.recv(_PIECE)
    except ConnectionError:
        return b""


def _take_frames(received: bytearray) -> int | None:
    """Carry out every whole frame; the exit code once it has come."""
    while len(received) >= FRAME.size:
        kind, length = FRAME.unpack_from(received)
        end = FRAME.size + length
        if len(received) < end:
            return None
        data = bytes(received[FRAME.size : end])
        del received[:end]
        if kind == EXIT:
            return _told(int(data))
        _write(1 if kind == OUTPUT else 2, data)
        if kind == REFUSED:
            return CANNOT_RUN
    return None


def _told(code: int) -> int:
    descriptor = os.environ.get("STANDBY_EXIT_CODE", "")
    if descriptor.isdigit():
        _write(int(descriptor), str(code).encode())
    return code


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]) & 0xFF)
