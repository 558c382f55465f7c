# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Programs that operators name, for notifications and fences: run without a shell, within a bound of time."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import IO

from ..errors import StandbyError
from .platform import creation_flags

# Bytes that are read of what a program says, and characters that are told of it.
_LARGEST = 4096
_LONGEST_TOLD = 300
# What stands for an argument in what a program says.
_HIDDEN, _SHORT = "***", 4


def run(
    argv: Sequence[str],
    given: bytes,
    timeout: float,
    environment: Mapping[str, str] | None = None,
    *,
    spare: Sequence[str] = (),
) -> None:
    """Run a program to its end.

    One that takes too long is killed: on Windows it alone, elsewhere with all that it started. What it writes
    to standard output is thrown away.

    Args:
        argv: program and arguments.
        given: its standard input.
        timeout: seconds until it is killed.
        environment: variables; None for those of the agent.
        spare: arguments that may be told.

    Raises:
        StandbyError: it cannot be started, takes too long, or ends with another code than 0; the problem has
            what it wrote to standard error, without its arguments: one may be a password.
    """
    # Files, not pipes: a program that never reads, or whose children keep a pipe open, holds up nobody.
    try:
        with tempfile.TemporaryFile() as entered, tempfile.TemporaryFile() as told:
            entered.write(given)
            entered.seek(0)
            code = _run(argv, entered, told, timeout, environment)
            if not code:
                return
            told.seek(0)
            said = told.read(_LARGEST).decode("utf-8", "replace")
    except OSError as error:
        problem = f"its input and output cannot be kept: {error.strerror or error}"
        raise StandbyError(problem, remedy="Make room on the disk of the agent's TEMP folder") from error
    words = " ".join(_without(said, set(argv[1:]) - set(spare)).split())[:_LONGEST_TOLD]
    problem = f"it ended with code {code}" + (f" and said: {words.rstrip('.')}" if words else "")
    raise StandbyError(problem, remedy="Run it by hand to see why")


def _run(
    argv: Sequence[str],
    entered: IO[bytes],
    told: IO[bytes],
    timeout: float,
    environment: Mapping[str, str] | None,
) -> int:
    """Run it to its end; its exit code."""
    try:
        process = subprocess.Popen(  # noqa: S603 - argv of the configuration, no shell
            list(argv),
            stdin=entered,
            stdout=subprocess.DEVNULL,
            stderr=told,
            env=environment,
            creationflags=creation_flags(),
            start_new_session=os.name != "nt",
        )
    except (OSError, ValueError) as error:
        problem = f"it cannot be started: {getattr(error, 'strerror', None) or error}"
        raise StandbyError(problem, remedy="Check the path, and that the agent may run it") from error
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        _kill(process)
        problem = f"it did not end within {timeout:g} s and was killed"
        raise StandbyError(problem, remedy="Run it by hand to see why") from None
    return code


def _without(words: str, arguments: Collection[str]) -> str:
    """What a program says, without its arguments, and the values in ``/name:value`` and ``--name=value``."""
    hidden = {value for one in arguments for value in (one, one.partition("=")[2], one.partition(":")[2])}
    for one in sorted(hidden - {""}, key=len, reverse=True):
        # A short one is part of many words, and hidden where it stands alone.
        form = re.escape(one) if len(one) >= _SHORT else rf"(?<!\w){re.escape(one)}(?!\w)"
        words = re.sub(form, _HIDDEN, words)
    return words


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(5.0)
