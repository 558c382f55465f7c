# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""argv -> the line that cmd.exe is given, so that the program receives exactly argv.

Two readers follow one another. cmd.exe first expands ``%name%``, then takes carets and quotes away and splits
at ``& | < >``; the program then splits what is left by the rules of CommandLineToArgvW. So each argument is
first quoted for the program, and every character that means something to cmd.exe, the quotes among them, is
escaped with a caret: cmd.exe then never is inside quotes, where carets would mean nothing and ``%`` could not
be escaped.

Delayed expansion (``!name!``) is off unless the node's registry turns it on for all of cmd.exe; it cannot be
escaped for both cases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PureWindowsPath

from ..errors import StandbyError

# Longest line that cmd.exe accepts, in characters (support.microsoft.com 830473).
LINE_LIMIT = 8191

_BARE = re.compile(r"[^\s\"%]+\Z")
_MEANT = frozenset('()%!^"<>&|')
_PLAIN_PROGRAM = re.compile(r"[A-Za-z0-9_.:\\-]+\Z")
_UNSAFE = re.compile("[\0\r\n]")


def command_line(argv: Sequence[str]) -> str:
    """The line for cmd.exe.

    Args:
        argv: program and arguments; any characters but NUL and line ends, which no command line can carry.

    Raises:
        StandbyError: no program, a program path that cmd.exe would change, a batch file (cmd.exe reads its
            arguments a second time), a forbidden character, or a line that is too long.
    """
    if not argv or not argv[0]:
        raise StandbyError("no program to run is given")
    for number, argument in enumerate(argv):
        found = _UNSAFE.search(argument)
        if found:
            raise StandbyError(
                f"argument {number} of {argv[0]!r} holds U+{ord(found.group()):04X}, "
                "which no command line can carry",
                remedy="Give such text on standard input, or remove the character",
            )
    line = " ".join([_program(argv[0]), *(escape(quote(argument)) for argument in argv[1:])])
    if len(line) > LINE_LIMIT:
        raise StandbyError(
            f"the command line of {argv[0]!r} has {len(line)} characters, cmd.exe takes {LINE_LIMIT}",
            remedy="Give long data on standard input",
        )
    return line


def quote(argument: str) -> str:
    r"""One argument for CommandLineToArgvW.

    Backslashes are doubled where a quote follows, the closing one included; nowhere else do they mean
    anything. A percent sign needs no quotes here, but ``escape`` needs a character after it.
    """
    if _BARE.match(argument):
        return argument
    inside = re.sub(r'(\\*)"', r'\1\1\\"', argument)
    trailing = len(inside) - len(inside.rstrip("\\"))
    return f'"{inside}{trailing * chr(92)}"'


def escape(text: str) -> str:
    """Carets before all that cmd.exe would act on.

    The character after a ``%`` gets one too: carets are taken away after ``%name%`` is expanded, so they make
    every name, and every ``%name:old=new%``, one that no variable has.
    """
    parts: list[str] = []
    after_percent = False
    for character in text:
        parts.append(f"^{character}" if after_percent or character in _MEANT else character)
        after_percent = character == "%"
    return "".join(parts)


def _program(path: str) -> str:
    """The first word, which cmd.exe itself looks up; carets cannot keep its spaces together, quotes can.

    A quoted one is led by ``@`` (do not echo): ``cmd /c`` takes the first and last quote of a line away if
    the line begins with a quote.
    """
    if PureWindowsPath(path).suffix.lower() in (".bat", ".cmd"):
        raise StandbyError(f"{path!r} is a batch file, whose arguments cmd.exe would interpret")
    if _PLAIN_PROGRAM.match(path):
        return path
    if '"' in path or "%" in path:
        raise StandbyError(f"the path of the program {path!r} holds a quote or a percent sign")
    return f'@"{path}"'
