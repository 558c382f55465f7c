# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server programs that tests start: they end with the tests, however those end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from lab.parent import die_with
from lab.process import await_standstill

# Seconds that a server may take to accept connections.
_START = 20.0


# Sockets that keep ports for servers, until this process ends.
_kept: list[socket.socket] = []


def free_port(address: str = "127.0.0.1") -> int:
    """A port of an address that nobody listens on; nobody but a server of the tests gets it while they run.

    A bound socket that does not listen keeps it: no outgoing connection is given its port, and one who binds
    to any free port gets another. A server that sets SO_REUSEADDR, as servers do, may listen: socket(7).
    """
    kept = socket.socket()
    kept.bind((address, 0))
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _kept.append(kept)
    return int(kept.getsockname()[1])


def need(missing: str | None) -> None:
    """Skip where a server cannot be had; fail instead where none may be skipped."""
    if missing and os.environ.get("STANDBY_REQUIRE_SERVERS") == "1":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


class ServerProcess:
    """A program and all that it starts, in a process group of its own."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        parent = os.getpid()

        def prepare() -> None:
            os.setsid()
            die_with(parent)

        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=prepare
            )

    def wait_for(self, port: int, address: str = "127.0.0.1") -> None:
        """Wait until it accepts connections."""
        end = time.monotonic() + _START
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(OSError), socket.create_connection((address, port), timeout=1):
                return
            time.sleep(0.02)
        self.kill()
        raise AssertionError(f"no server on port {port}: {self._log.read_text(errors='replace')[-2000:]}")

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def pause(self) -> None:
        """Let it stand still, and return when it does."""
        self.signal(signal.SIGSTOP)
        await_standstill(self._process.pid)

    def kill(self) -> None:
        """End it at once, as a loss of power does."""
        self.signal(signal.SIGKILL)
        self._process.wait()
