# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that are programs of others: run again and again, and when that went wrong."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from tests.support.server_process import need

# Seconds until a program that gets no answer gives up, and between two runs.
TIMEOUT, PAUSE = 2, 0.3


@dataclass(frozen=True)
class Run:
    """One run of a program.

    Attributes:
        began: when, on the monotonic clock.
        ended: when.
        good: it ended well.
        said: what it printed.
        number: how many were before it.
    """

    began: float
    ended: float
    good: bool
    said: str
    number: int


class ClientProgram:
    """A program that is run again and again.

    Args:
        command: the arguments of a run, by its number.
    """

    def __init__(self, command: Callable[[int], Sequence[str]]) -> None:
        self.runs: list[Run] = []
        self._command = command
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    @property
    def good(self) -> list[Run]:
        return [run for run in self.runs if run.good]

    def outages(self) -> list[tuple[float, float]]:
        """From when to when: begin of a first run that failed, and of the next one that did not."""
        found, since = [], None
        for run in self.runs:
            if not run.good and since is None:
                since = run.began
            if run.good and since is not None:
                found.append((since, run.began))
                since = None
        return found if since is None else [*found, (since, float("inf"))]

    def _run(self) -> None:
        for number in count():
            if self._over.is_set():
                return
            began = time.monotonic()
            done = subprocess.run(
                self._command(number), capture_output=True, text=True, timeout=60, check=False
            )
            said = done.stdout + done.stderr
            self.runs.append(Run(began, time.monotonic(), done.returncode == 0, said, number))
            self._over.wait(PAUSE)


@contextmanager
def at_work(*clients: ClientProgram) -> Iterator[None]:
    """They run meanwhile."""
    for client in clients:
        client.start()
    try:
        yield
    finally:
        for client in clients:
            client.stop()


def curl(url: str) -> ClientProgram:
    """Fetches a page, and shows its head."""
    options = ("--silent", "--show-error", "--fail", "--include", "--max-time", str(TIMEOUT))
    command = (_found("curl"), *options, url)
    return ClientProgram(lambda _number: command)


def lftp(url: str) -> ClientProgram:
    """Logs in as anonymous, and lists."""
    settings = (f"net:timeout {TIMEOUT}", "net:max-retries 1", "ftp:ssl-allow no", "cmd:fail-exit yes")
    command = (_found("lftp"), "-e", "".join(f"set {one}; " for one in settings) + "cls; bye", url)
    return ClientProgram(lambda _number: command)


def swaks(address: str, port: int, subject: str) -> ClientProgram:
    """Hands in a mail, whose subject ends with the number of the run."""
    where = ("--server", address, "--port", str(port), "--helo", "client.example.com")
    mail = ("--from", "shop@example.com", "--to", "somebody@example.com", "--timeout", str(TIMEOUT))
    program = _found("swaks")
    return ClientProgram(lambda number: (program, *where, *mail, "--header", f"Subject: {subject} {number}"))


def _found(program: str) -> str:
    path = shutil.which(program)
    need(None if path else f"{program} is not installed (.ci/servers installs it)")
    return str(path)
