# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agent's own machine as a node: CIM over the bridge, commands as processes."""

from __future__ import annotations

import os
import pkgutil
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from ..errors import AccessDenied, CimError, OutcomeUnknown, StandbyError
from ..node import Completed, Node
from .bridge import Bridge, command
from .platform import WINDOWS, WholeCode, creation_flags, here

# Seconds after which a command that has not ended is killed; as over WinRM (wsman/shell.py).
COMMAND_LIMIT = 600.0
# Seconds that a CIM call may take; as over WinRM (wsman/options.py).
CIM_LIMIT = 20.0

SCRIPT = "cim_bridge.ps1"

# ERROR_FILE_NOT_FOUND and its kin as an HRESULT (winerror.h: HRESULT_FROM_WIN32).
_WIN32 = 0x80070000
_FILE_NOT_FOUND = 2
_PIECE = 65536
_END = 5.0


class LocalShell:
    """Commands on this machine; implements ``Shell``. Used from any number of threads."""

    def __init__(self, *, node: str | None = None, timeout: float = COMMAND_LIMIT) -> None:
        """Take what every command has in common.

        Args:
            node: inventory name for messages.
            timeout: seconds after which a command is killed.
        """
        self._node = node
        self._timeout = timeout

    def run(
        self,
        argv: Sequence[str],
        stdin: bytes = b"",
        *,
        on_output: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Run a program to its end; see node.Shell.

        Raises:
            CimError: it does not exist (provider code 0x80070002), or Windows does not start it.
            AccessDenied: the account may not start it.
            OutcomeUnknown: it did not end in time and was killed.
        """
        try:
            return _run(argv, stdin, on_output, self._timeout)
        except StandbyError as failure:
            failure.node = failure.node or self._node
            raise


def local_node(
    name: str, home: str, *, timeout: float = COMMAND_LIMIT, cim_timeout: float = CIM_LIMIT
) -> Node:
    r"""This machine as a node; nothing is started before the first call.

    Args:
        name: its inventory name.
        home: Windows path of the agent's folder, which only administrators can write to; the script of the
            bridge is put there.
        timeout: seconds after which a command is killed.
        cim_timeout: seconds after which the bridge is started anew, because a call has no answer; storage
            has its own.

    Raises:
        StandbyError: the script cannot be written.
    """
    script = command(write_script(home))
    bridge = Bridge(script, node=name, timeout=cim_timeout)
    # Addresses are renewed over the other one, which must not wait for IIS. It is started where it is needed.
    ftp = Bridge(script, node=name, timeout=cim_timeout)

    def close() -> None:
        bridge.close()
        ftp.close()

    return Node(name, bridge, LocalShell(node=name, timeout=timeout), close, ftp.ftp_states)


def script_text() -> bytes:
    """The script of the bridge as this package has it, also where the package lies in an archive."""
    text = pkgutil.get_data(__package__ or "", f"scripts/{SCRIPT}")
    if text is None:
        raise StandbyError(
            f"the program lacks its file {SCRIPT}", remedy="Install the agent anew, with the monitor role"
        )
    return text


def write_script(home: str) -> str:
    """Put the script of the bridge into a folder, where it is not there as it should be.

    Args:
        home: Windows path of the folder.

    Returns:
        The Windows path of the script.
    """
    folder, text = home.rstrip("\\"), script_text()
    path = f"{folder}\\{SCRIPT}"
    file = Path(here(path))
    try:
        if not file.exists() or file.read_bytes() != text:
            fresh = file.with_name(f"{SCRIPT}.{os.getpid()}")
            fresh.write_bytes(text)
            fresh.replace(file)
    except OSError as error:
        raise StandbyError(
            f"{path} cannot be written: {error.strerror or error}",
            remedy="Let the agent run as LocalSystem, and check the rights of that folder",
        ) from error
    return path


# --- one command


def _run(
    argv: Sequence[str], stdin: bytes, on_output: Callable[[bytes], None] | None, timeout: float
) -> Completed:
    if not argv or any("\0" in one for one in argv):
        raise StandbyError("a command needs a program, and arguments without NUL")
    code = WholeCode()
    try:
        process = _start(argv, code, fed=bool(stdin))
        output, errors = _follow(process, stdin, on_output, timeout)
        return Completed(code.of(process.returncode), output, errors)
    except subprocess.TimeoutExpired as late:
        raise OutcomeUnknown(
            f"run {argv[0]} has not ended within {timeout:g} s and was killed",
            remedy="Read the state back, and find out on the node what it waits for",
        ) from late
    finally:
        code.close()


def _start(argv: Sequence[str], code: WholeCode, *, fed: bool) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - argv, no shell
            [here(argv[0]), *argv[1:]],
            stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            creationflags=creation_flags(),
            **code.options,
        )
    except PermissionError as error:
        raise AccessDenied(
            f"run {argv[0]} failed: {error.strerror or error}", remedy="Let the agent run as LocalSystem"
        ) from error
    except OSError as error:
        absent = _FILE_NOT_FOUND if isinstance(error, FileNotFoundError) else 0
        number = getattr(error, "winerror", None) or absent
        raise CimError(
            f"run {argv[0]} failed: {error.strerror or error}",
            provider_code=_WIN32 | number if number else None,
        ) from error


def _follow(
    process: subprocess.Popen[bytes],
    stdin: bytes,
    on_output: Callable[[bytes], None] | None,
    timeout: float,
) -> tuple[bytes, bytes]:
    """Feed a program and collect its output until it has ended.

    Raises:
        TimeoutExpired: it has not ended in time; it is killed.
    """
    deadline = time.monotonic() + timeout
    pieces: queue.SimpleQueue[tuple[bool, bytes]] = queue.SimpleQueue()
    collected: dict[bool, list[bytes]] = {False: [], True: []}
    if process.stdin is not None:  # most programs are given nothing, and need no thread for it
        _thread(_feed, process.stdin, stdin)
    _thread(_collect, process.stdout, pieces, False)
    _thread(_collect, process.stderr, pieces, True)
    try:
        ended = 0
        while ended < len(collected):
            is_error, piece = pieces.get(timeout=max(0.0, deadline - time.monotonic()))
            collected[is_error].append(piece)
            ended += not piece
            if piece and not is_error and on_output is not None:
                on_output(piece)
        process.wait(max(0.0, deadline - time.monotonic()))
    except queue.Empty:
        raise subprocess.TimeoutExpired(process.args, timeout) from None
    finally:
        _kill(process)
    return _utf8(b"".join(collected[False])), _utf8(b"".join(collected[True]))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End what still runs."""
    if process.poll() is None:
        with suppress(OSError):
            process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END)


def _thread(work: Callable[..., None], pipe: IO[bytes] | None, *arguments: object) -> None:
    threading.Thread(target=work, args=(pipe, *arguments), name="command", daemon=True).start()


def _feed(pipe: IO[bytes], data: bytes) -> None:
    with suppress(OSError), pipe:
        while data:
            data = data[pipe.write(data) :]


def _collect(pipe: IO[bytes], pieces: queue.SimpleQueue[tuple[bool, bytes]], is_error: bool) -> None:
    with suppress(OSError), pipe:
        while piece := pipe.read(_PIECE):
            pieces.put((is_error, piece))
    pieces.put((is_error, b""))


def _utf8(output: bytes) -> bytes:
    """Output as UTF-8: a program without a console of its own may write in the code page of old consoles."""
    if not WINDOWS:
        return output
    try:
        output.decode("utf-8")
    except UnicodeDecodeError:
        return output.decode("oem", "replace").encode()
    return output
