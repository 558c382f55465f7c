# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""cmd.exe: runs a line that :mod:`lab.shell.parser` has read."""

from __future__ import annotations

import asyncio
import ntpath
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import IO

from lab.shell import builtins, parser, paths
from lab.shell.arguments import split_arguments
from lab.shell.builtins import Context, Exit, say
from lab.shell.environment import Environment
from lab.shell.parser import Chain, Group, Node, Redirection, Simple
from lab.shell.program import Find, Program, Streams

# What cmd.exe leaves in ERRORLEVEL for an unknown program (MSG_DIR_BAD_COMMAND_OR_FILE); `cmd /c` itself
# returns 1.
NOT_RECOGNIZED = 9009
_OPERABLE = "operable program or batch file."
_SWITCH = re.compile(r"\s*/([cdqs])", re.IGNORECASE)
Read = Callable[[], Awaitable[bytes]]
# ``if exist file command``; a group, ``else``, ``not`` and the other conditions are not emulated.
_IF_EXIST = re.compile(r'\s+exist\s+("[^"]+"|[^\s"]+)\s+([^(].*)', re.IGNORECASE | re.DOTALL)
_ELSE = re.compile(r"\selse\b", re.IGNORECASE)
_GLUED = re.compile(r"(echo|cd|chdir)(?=[.:/\\(\[+])(.*)", re.IGNORECASE | re.DOTALL)


class NoSource(Exception):
    """The file to read standard input from does not exist."""


class CommandProcessor:
    """cmd.exe as a program: it reads its own command line, so it is started by text, not by arguments."""

    async def __call__(  # the names are those of Program
        self,
        argv: Sequence[str],  # noqa: ARG002
        streams: Streams,
        environment: Mapping[str, str],  # noqa: ARG002
    ) -> int:
        """Refuse: the lab starts cmd.exe by :func:`run_line` and :func:`start_cmd`."""
        say(streams.err, "The lab starts cmd.exe from a command line only.")
        return 1


async def run_line(line: str, context: Context, find: Find, streams: Streams) -> int:
    """Run what follows ``cmd /c`` and return the exit code of cmd.exe.

    Args:
        line: text after ``/c`` (the quote rule of ``/c`` is applied here).
        context: state of this cmd.exe, changed by the commands.
        find: programs of the node.
        streams: standard streams; programs write UTF-8.
    """
    text = line.lstrip(" \t")
    first = text[1:].partition('"')[0] if text.startswith('"') else ""
    text = parser.strip_outer_quotes(text, is_program=bool(first) and _find(context, find, first) is not None)
    code = await _Interpreter(context, find).run_text(text, streams)
    return 1 if code == NOT_RECOGNIZED else code


def _find(context: Context, find: Find, name: str) -> Program | None:
    """Current directory first, then PATH, as cmd.exe looks."""
    return find(paths.absolute(context.directory, name)) or (None if ntpath.dirname(name) else find(name))


class _Interpreter:
    def __init__(self, context: Context, find: Find) -> None:
        self._context = context
        self._find = find

    async def run_text(self, text: str, streams: Streams) -> int:
        context = self._context
        try:
            node = parser.parse(parser.expand(text, self._variables()))
            return 0 if node is None else await self._node(node, streams)
        except Exit as leaving:
            return leaving.code
        except parser.SyntaxProblem as problem:
            say(streams.err, str(problem))
            return 1
        except parser.NotEmulated as problem:
            return builtins.refuse(context, streams, str(problem))

    def _variables(self) -> Environment:
        context = self._context
        return Environment(
            {"CD": context.directory, "ERRORLEVEL": str(context.error_level), **context.environment}
        )

    async def _node(self, node: Node, streams: Streams) -> int:
        if isinstance(node, Chain):
            code = await self._chain(node, streams)
        else:
            code = await self._redirected(node, streams)
        self._context.error_level = code
        return code

    async def _chain(self, chain: Chain, streams: Streams) -> int:
        if chain.operator == "|":
            return await self._pipe(chain, streams)
        code = await self._node(chain.left, streams)
        if (chain.operator == "&&" and code != 0) or (chain.operator == "||" and code == 0):
            return code
        return await self._node(chain.right, streams)

    async def _pipe(self, chain: Chain, streams: Streams) -> int:
        """Both sides run at once, each in a cmd.exe of its own; the code is that of the right side."""
        queue: asyncio.Queue[bytes] = asyncio.Queue()

        async def left() -> None:
            child = _Interpreter(self._context.copy(), self._find)
            try:
                with suppress(Exit):
                    await child._node(chain.left, Streams(streams.read, _non_empty(queue), streams.err))
            finally:
                queue.put_nowait(b"")

        writer = asyncio.ensure_future(left())
        try:
            child = _Interpreter(self._context.copy(), self._find)
            return await child._node(chain.right, Streams(_reader(queue), streams.out, streams.err))
        except Exit as leaving:
            return leaving.code
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _redirected(self, node: Simple | Group, streams: Streams) -> int:
        with ExitStack() as files:
            try:
                redirected = self._open(node.redirections, streams, files)
            except NoSource:
                say(streams.err, builtins.NO_FILE)
                return 1
            except OSError:
                say(streams.err, builtins.NO_PATH)
                return 1
            if isinstance(node, Group):
                return await self._node(node.inner, redirected)
            return await self._simple(node.text, redirected)

    def _open(self, redirections: tuple[Redirection, ...], streams: Streams, files: ExitStack) -> Streams:
        writers: dict[int, Callable[[bytes], None]] = {1: streams.out, 2: streams.err}
        read = streams.read
        for entry in redirections:
            if entry.kind == "duplicate":
                if entry.handle not in writers or int(entry.target) not in writers:
                    raise parser.NotEmulated(f"the redirection {entry.handle}>&{entry.target}")
                writers[entry.handle] = writers[int(entry.target)]
            elif entry.kind == "read" and entry.handle == 0:
                read = self._source(entry.target, files)
            elif entry.kind != "read" and entry.handle in writers:
                writers[entry.handle] = self._sink(entry, files)
            else:
                raise parser.NotEmulated(f"the redirection of handle {entry.handle}")
        return Streams(read, writers[1], writers[2])

    def _source(self, target: str, files: ExitStack) -> Read:
        if target.upper() == "NUL":
            return _at_end
        path = paths.local(self._context.host, self._context.directory, target)
        if not path.is_file():
            raise NoSource(target)
        stream = files.enter_context(path.open("rb"))

        async def read() -> bytes:
            return stream.read(65536)

        return read

    def _sink(self, entry: Redirection, files: ExitStack) -> Callable[[bytes], None]:
        if entry.target.upper() == "NUL":
            return _discard
        path = paths.local(self._context.host, self._context.directory, entry.target)
        stream = files.enter_context(path.open("ab" if entry.kind == "append" else "wb"))
        return lambda data: _write_all(stream, data)

    async def _simple(self, text: str, streams: Streams) -> int:
        name, rest = parser.split_command(text)
        glued = _GLUED.fullmatch(name)
        if glued is not None:
            name, rest = glued[1], glued[2] + rest
        builtin = builtins.BUILTINS.get(name.lower())
        if builtin is not None:
            return await builtin(self._context, rest, streams)
        if name.lower() == "if":
            return await self._if(rest, streams)
        if name.lower() in builtins.NOT_EMULATED:
            return builtins.refuse(self._context, streams, name)
        return await self._external(name, rest, streams)

    async def _if(self, rest: str, streams: Streams) -> int:
        """``if exist``: the exit code is that of the command, 0 where it is not run."""
        condition = _IF_EXIST.fullmatch(rest)
        if condition is None or _ELSE.search(condition[2]):
            return builtins.refuse(self._context, streams, f"if{rest}")
        try:
            found = paths.local(self._context.host, self._context.directory, condition[1]).exists()
        except FileNotFoundError:  # no online volume carries the path
            found = False
        return await self._simple(condition[2], streams) if found else 0

    async def _external(self, name: str, rest: str, streams: Streams) -> int:
        plain = name.replace('"', "")
        program = _find(self._context, self._find, plain) if plain else None
        if program is None:
            return self._not_found(name, plain, streams)
        if isinstance(program, CommandProcessor):
            return await start_cmd(rest, self._context.copy(), self._find, streams)
        return await program([plain, *split_arguments(name + rest)[1:]], streams, self._context.environment)

    def _not_found(self, name: str, plain: str, streams: Streams) -> int:
        folder = ntpath.dirname(plain)
        if folder and not paths.is_folder(self._context.host, self._context.directory, folder):
            say(streams.err, builtins.NO_PATH)
            return 1
        self._context.host.record("unknown-request", kind="program", program=plain)
        say(streams.err, f"'{name}' is not recognized as an internal or external command,\r\n{_OPERABLE}")
        return NOT_RECOGNIZED


async def start_cmd(tail: str, context: Context, find: Find, streams: Streams) -> int:
    """Run ``cmd.exe`` with the rest of its command line: switches, then ``/c`` and a line.

    Only ``/c`` with ``/d``, ``/q``, ``/s`` before it is emulated.
    """
    text = tail
    strips = False
    while match := _SWITCH.match(text):
        text = text[match.end() :]
        switch = match[1].lower()
        strips |= switch == "s"
        if switch == "c":
            return (
                await _run_stripped(text, context, find, streams)
                if strips
                else await run_line(text, context, find, streams)
            )
    return builtins.refuse(context, streams, f"cmd{tail}")


async def _run_stripped(text: str, context: Context, find: Find, streams: Streams) -> int:
    line = text.lstrip(" \t")
    if line.startswith('"'):
        head, quote, end = line[1:].rpartition('"')
        line = head + end if quote else line[1:]
    code = await _Interpreter(context, find).run_text(line, streams)
    return 1 if code == NOT_RECOGNIZED else code


def _non_empty(queue: asyncio.Queue[bytes]) -> Callable[[bytes], None]:
    """Writes to a pipe; b"" is the end of a pipe and is never written by a program."""

    def write(data: bytes) -> None:
        if data:
            queue.put_nowait(data)

    return write


def _discard(_data: bytes) -> None:
    """Write to NUL."""


def _write_all(stream: IO[bytes], data: bytes) -> None:
    stream.write(data)
    stream.flush()


def _reader(queue: asyncio.Queue[bytes]) -> Read:
    """Reads a pipe; after its end it keeps giving b""."""
    ended = False

    async def read() -> bytes:
        nonlocal ended
        if ended:
            return b""
        piece = await queue.get()
        ended = not piece
        return piece

    return read


async def _at_end() -> bytes:
    return b""
