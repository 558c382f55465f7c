# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of a Windows process, split into arguments."""

from __future__ import annotations


def split_arguments(line: str) -> list[str]:
    r"""Arguments of a command line by the rules of CommandLineToArgvW and of the C runtime.

    2n backslashes before a quote are n backslashes and the quote opens or closes; 2n+1 are n backslashes and
    a literal quote; backslashes elsewhere are literal; two quotes inside a quoted part are one literal quote.
    The first word, the program, knows no backslash escapes ("Parsing C command-line arguments", Microsoft C
    documentation).
    """
    program, rest = _program(line.lstrip(" \t"))
    return [program, *_arguments(rest)]


def _program(line: str) -> tuple[str, str]:
    quoted = False
    for position, letter in enumerate(line):
        if letter == '"':
            quoted = not quoted
        elif letter in " \t" and not quoted:
            return line[:position].replace('"', ""), line[position:]
    return line.replace('"', ""), ""


def _arguments(text: str) -> list[str]:
    arguments: list[str] = []
    position = 0
    while True:
        while position < len(text) and text[position] in " \t":
            position += 1
        if position == len(text):
            return arguments
        argument, position = _argument(text, position)
        arguments.append(argument)


def _argument(text: str, position: int) -> tuple[str, int]:
    taken: list[str] = []
    quoted = False
    while position < len(text):
        letter = text[position]
        if letter in " \t" and not quoted:
            break
        if letter == "\\":
            piece, position = _backslashes(text, position)
            taken.append(piece)
        elif letter == '"' and quoted and text[position + 1 : position + 2] == '"':
            taken.append('"')
            position += 2
        elif letter == '"':
            quoted = not quoted
            position += 1
        else:
            taken.append(letter)
            position += 1
    return "".join(taken), position


def _backslashes(text: str, position: int) -> tuple[str, int]:
    """What a run of backslashes stands for, and the position after it."""
    end = position
    while end < len(text) and text[end] == "\\":
        end += 1
    count = end - position
    if text[end : end + 1] != '"':
        return "\\" * count, end
    if count % 2:
        return "\\" * (count // 2) + '"', end + 1
    return "\\" * (count // 2), end
