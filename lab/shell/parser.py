# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How cmd.exe reads a line: variable expansion, carets, quotes, operators, groups and redirections.

The phases are those of the cmd.exe documentation and of what is commonly known of its parser: variables are
expanded first in the whole line (in command-line mode an undefined name stays as it is); then carets and
quotes decide which of ``& | < > ( )`` are operators. ``&`` binds least, then ``||``, ``&&``, ``|``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_VARIABLE = re.compile(r"%([^%\r\n]+)%")
_DELIMITERS = " \t,;="
_SPECIAL = "&|<>()"
# Variables that cmd.exe computes; the lab gives CD and ERRORLEVEL and refuses the others rather than leave
# them as text.
_NOT_EMULATED = {"DATE", "TIME", "RANDOM", "CMDCMDLINE", "CMDEXTVERSION", "HIGHESTNUMANODENUMBER"}


class SyntaxProblem(Exception):
    """The line is not one that cmd.exe would run; the text is its message."""


class NotEmulated(Exception):
    """The line is legal but uses something that the lab does not emulate."""


@dataclass(frozen=True)
class Redirection:
    """``2>file`` and the like; ``target`` is a file name or, for ``duplicate``, the number of a handle."""

    handle: int
    kind: Literal["read", "write", "append", "duplicate"]
    target: str


@dataclass(frozen=True)
class Simple:
    """One command: its text without carets, quotes kept, and its redirections."""

    text: str
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True)
class Group:
    """``( ... )`` with redirections behind it."""

    inner: Node
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True)
class Chain:
    """Two commands joined by an operator."""

    operator: Literal["&", "&&", "||", "|"]
    left: Node
    right: Node


Node = Simple | Group | Chain


def expand(line: str, environment: Mapping[str, str]) -> str:
    """Expand ``%NAME%`` as at the command prompt.

    Raises:
        NotEmulated: substring or replacement modifiers, or a variable that cmd.exe computes.
    """
    taken: list[str] = []
    position = 0
    while match := _VARIABLE.search(line, position):
        name = match[1]
        base = name.partition(":")[0]
        if name in environment:
            taken += [line[position : match.start()], environment[name]]
            position = match.end()
            continue
        if (":" in name and base in environment) or base.upper() in _NOT_EMULATED:
            raise NotEmulated(f"the variable expansion %{name}%")
        # An undefined name stays, and its closing percent sign may open the next one.
        taken.append(line[position : match.end() - 1])
        position = match.end() - 1
    return "".join([*taken, line[position:]])


def parse(line: str) -> Node | None:
    """Read an expanded line; None for an empty one.

    Raises:
        SyntaxProblem: as cmd.exe would say.
    """
    if "\n" in line or "\r" in line:
        raise NotEmulated("a line break in a command line (cmd.exe would drop what follows it)")
    parser = _Parser(line)
    return parser.parse()


def strip_outer_quotes(text: str, *, is_program: bool) -> str:
    """The quote rule of ``cmd /c`` (its help text).

    With exactly two quotes, none of ``& < > ( ) @ ^ |`` between them, white space between them, and a
    program's name between them, the text stays. Otherwise a leading quote goes, and with it the last quote of
    the text.

    Args:
        text: what follows ``/c``, without leading white space.
        is_program: the text between the first two quotes names a program.
    """
    if not text.startswith('"'):
        return text
    between = text[1:].partition('"')[0]
    keeps = text.count('"') == 2 and is_program and " " in between and not set(between) & set("&<>()@^|")
    if keeps:
        return text
    head, quote, tail = text[1:].rpartition('"')
    return head + tail if quote else text[1:]


class _Parser:
    """Recursive descent; carets and quotes are resolved while reading."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._at = 0
        self._depth = 0

    def parse(self) -> Node | None:
        self._blank()
        if self._at == len(self._line):
            return None
        node = self._chain(0)
        if self._at < len(self._line):
            raise _unexpected(self._line[self._at :].strip())
        return node

    _LEVELS: tuple[Literal["&", "||", "&&", "|"], ...] = ("&", "||", "&&", "|")

    def _chain(self, level: int) -> Node:
        if level == len(self._LEVELS):
            return self._command()
        sign = self._LEVELS[level]
        left = self._chain(level + 1)
        while self._operator(sign):
            self._blank()
            if sign == "&" and (self._at == len(self._line) or self._line[self._at] == ")"):
                return left
            if isinstance(left, Simple) and split_command(left.text)[0].lower() == "if":
                raise NotEmulated("an operator behind if, whose command it would belong to")
            left = Chain(sign, left, self._chain(level + 1))
        return left

    def _operator(self, sign: str) -> bool:
        self._blank()
        rest = self._line[self._at :]
        longer = sign * 2
        if not rest.startswith(sign) or (len(sign) == 1 and rest.startswith(longer)):
            return False
        self._at += len(sign)
        return True

    def _command(self) -> Node:
        self._blank()
        while self._line[self._at : self._at + 1] in ("@", ",", ";", "=") and self._at < len(self._line):
            self._at += 1
            self._blank()
        if self._line[self._at : self._at + 1] == "(":
            return self._group()
        text, redirections = self._simple()
        if not text.strip() and not redirections:
            raise _unexpected(self._line[self._at : self._at + 2].strip() or "")
        return Simple(text, tuple(redirections))

    def _group(self) -> Node:
        self._at += 1
        self._depth += 1
        inner = self._chain(0)
        self._blank()
        if self._line[self._at : self._at + 1] != ")":
            raise SyntaxProblem("The syntax of the command is incorrect.")
        self._at += 1
        self._depth -= 1
        text, redirections = self._simple()
        if text.strip():
            raise _unexpected(text.strip())
        return Group(inner, tuple(redirections))

    def _simple(self) -> tuple[str, list[Redirection]]:
        taken: list[str] = []
        redirections: list[Redirection] = []
        quoted = False
        while self._at < len(self._line):
            letter = self._line[self._at]
            if letter == '"':
                quoted = not quoted
            elif not quoted and letter == "^":
                self._at += 1
                taken.append(self._line[self._at : self._at + 1])
                self._at += 1
                continue
            elif not quoted and letter in "<>":
                redirections.append(self._redirection(taken))
                continue
            elif not quoted and (letter in "&|" or (letter == ")" and self._depth)):
                break
            taken.append(letter)
            self._at += 1
        return "".join(taken), redirections

    def _redirection(self, taken: list[str]) -> Redirection:
        reads = self._line[self._at] == "<"
        handle = 0 if reads else 1
        if taken and taken[-1].isdigit() and (len(taken) == 1 or taken[-2] in _DELIMITERS):
            handle = int(taken.pop())
        self._at += 1
        append = not reads and self._line[self._at : self._at + 1] == ">"
        self._at += append
        if self._line[self._at : self._at + 1] == "&":
            self._at += 1
            return Redirection(handle, "duplicate", self._handle())
        kind: Literal["read", "write", "append"] = "read" if reads else "append" if append else "write"
        return Redirection(handle, kind, self._file_name())

    def _handle(self) -> str:
        self._blank()
        digit = self._line[self._at : self._at + 1]
        if not digit.isdigit():
            raise _unexpected(digit)
        self._at += 1
        return digit

    def _file_name(self) -> str:
        self._blank()
        taken: list[str] = []
        quoted = False
        while self._at < len(self._line):
            letter = self._line[self._at]
            if letter == '"':
                quoted = not quoted
            elif not quoted and letter == "^":
                self._at += 1
                taken.append(self._line[self._at : self._at + 1])
            elif not quoted and (letter in _DELIMITERS or letter in _SPECIAL):
                break
            else:
                taken.append(letter)
            self._at += 1
        if not taken:
            raise _unexpected(self._line[self._at : self._at + 1])
        return "".join(taken)

    def _blank(self) -> None:
        while self._at < len(self._line) and self._line[self._at] in " \t":
            self._at += 1


def _unexpected(what: str) -> SyntaxProblem:
    if not what:
        return SyntaxProblem("The syntax of the command is incorrect.")
    return SyntaxProblem(f"{what} was unexpected at this time.")


def split_command(text: str) -> tuple[str, str]:
    """Name and the rest of a command's text, both as written; delimiters end the name outside of quotes."""
    text = text.lstrip(_DELIMITERS)
    quoted = False
    for position, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif not quoted and letter in _DELIMITERS:
            return text[:position], text[position:]
    return text, ""
