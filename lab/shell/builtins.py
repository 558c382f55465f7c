# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that cmd.exe itself carries out. Texts are those of an English Windows."""

from __future__ import annotations

import ntpath
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lab.machine.host import Host
from lab.shell import paths
from lab.shell.environment import Environment
from lab.shell.program import Streams

# Windows Server 2019.
VERSION = "10.0.17763.1"

NO_FILE = "The system cannot find the file specified."
NO_PATH = "The system cannot find the path specified."

NOT_EMULATED = frozenset(
    {
        "assoc",
        "break",
        "call",
        "cls",
        "color",
        "copy",
        "date",
        "del",
        "dir",
        "endlocal",
        "erase",
        "for",
        "ftype",
        "goto",
        "keys",
        "md",
        "mkdir",
        "mklink",
        "move",
        "path",
        "pause",
        "popd",
        "prompt",
        "pushd",
        "rd",
        "ren",
        "rename",
        "rmdir",
        "setlocal",
        "shift",
        "start",
        "time",
        "title",
        "verify",
        "vol",
    }
)


class Exit(Exception):
    """``exit`` was run; the code is the exit code of the shell."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Context:
    """The state of one cmd.exe.

    Attributes:
        host: the machine.
        environment: its variables.
        directory: current directory, absolute.
        error_level: code of the last command, ``%ERRORLEVEL%``.
    """

    host: Host
    environment: Environment
    directory: str
    error_level: int = 0

    def copy(self) -> Context:
        """The state that a child cmd.exe starts with."""
        return Context(self.host, self.environment.copy(), self.directory)


Builtin = Callable[[Context, str, Streams], Awaitable[int]]


def say(write: Callable[[bytes], None], text: str) -> None:
    """Write one line of text."""
    write(f"{text}\r\n".encode())


async def echo(context: Context, rest: str, streams: Streams) -> int:
    """``echo text``, ``echo.``, ``echo``."""
    if not rest.strip():
        say(streams.out, "" if rest[:1] and rest[0] not in " \t" else "ECHO is on.")
    elif rest.strip().lower() not in ("on", "off"):
        say(streams.out, rest[1:])
    return context.error_level


async def set_variable(context: Context, rest: str, streams: Streams) -> int:
    """``set``, ``set prefix``, ``set name=value``."""
    text = rest.lstrip(" \t,;=")
    if text.startswith('"'):
        text = text[1:].rpartition('"')[0] or text[1:]
    if text[:2].lower() in ("/a", "/p"):
        return refuse(context, streams, f"set {text[:2]}")
    name, sign, value = text.partition("=")
    if sign:
        if value:
            context.environment[name] = value
        else:
            context.environment.pop(name, None)
        return 0
    return _list_variables(context, name.strip(), streams)


def _list_variables(context: Context, prefix: str, streams: Streams) -> int:
    found = sorted(
        (name for name in context.environment if name.upper().startswith(prefix.upper())), key=str.upper
    )
    for name in found:
        say(streams.out, f"{name}={context.environment[name]}")
    if not found:
        say(streams.err, f"Environment variable {prefix} not defined")
    return 0 if found else 1


async def version(_context: Context, _rest: str, streams: Streams) -> int:
    """``ver``."""
    say(streams.out, f"\r\nMicrosoft Windows [Version {VERSION}]")
    return 0


async def type_file(context: Context, rest: str, streams: Streams) -> int:
    """``type file``."""
    name = rest.strip()
    if not name:
        say(streams.err, "The syntax of the command is incorrect.")
        return 1
    try:
        streams.out(paths.local(context.host, context.directory, name).read_bytes())
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        say(streams.err, NO_FILE)
        return 1
    return 0


async def change_directory(context: Context, rest: str, streams: Streams) -> int:
    """``cd``, ``cd path``, ``cd /d path``."""
    target = rest.strip()
    switched = target[:2].lower() == "/d"
    target = target[2:].strip() if switched else target
    if not target:
        say(streams.out, context.directory)
        return 0
    wanted = paths.absolute(context.directory, target)
    if not paths.is_folder(context.host, context.directory, target):
        say(streams.err, NO_PATH)
        return 1
    if switched or ntpath.splitdrive(wanted)[0].lower() == ntpath.splitdrive(context.directory)[0].lower():
        context.directory = wanted
    return 0


async def leave(context: Context, rest: str, streams: Streams) -> int:
    """``exit``, ``exit code``, ``exit /b code``."""
    text = rest.strip()
    text = text[2:].strip() if text[:2].lower() == "/b" else text
    if text and not text.lstrip("-").isdigit():
        return refuse(context, streams, f"exit {text}")
    raise Exit(int(text) if text else context.error_level)


async def remark(context: Context, _rest: str, _streams: Streams) -> int:
    """``rem``."""
    return context.error_level


def refuse(context: Context, streams: Streams, what: str) -> int:
    """Say on standard error, and in the node's log, that something is not emulated; the exit code is 1."""
    context.host.record("unknown-request", kind="command", command=what)
    say(streams.err, f"The lab does not emulate '{what}'.")
    return 1


BUILTINS: dict[str, Builtin] = {
    "cd": change_directory,
    "chdir": change_directory,
    "echo": echo,
    "exit": leave,
    "rem": remark,
    "set": set_variable,
    "type": type_file,
    "ver": version,
}
