# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A search in the body of an answer that ends, whatever the expression: in a process that can be killed.

The module ``re`` holds the interpreter's lock while it searches and cannot be interrupted from outside. In an
agent, an expression with nested repetitions would stop the renewal of its lease and everything else.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from .platform import creation_flags

# The expression and the text come as data on stdin.
_PROGRAM = "import json, re, sys; e, t = json.load(sys.stdin); sys.exit(0 if re.search(e, t) else 3)"
_FOUND, _NOT_FOUND = 0, 3
# Seconds with the start of the process, also on a node under load.
SECONDS = 4.0
# Isolated: neither variables of the environment nor site packages have a say in it.
_ARGV = (sys.executable, "-I", "-S", "-c", _PROGRAM)
# Characters that mean something in an expression (documentation of re); one without them is plain text.
_SPECIAL = frozenset(".^$*+?{}[]\\|()")


class BodySearch:
    """Searches within a bound of time; a ``Search`` for ``windows.deepcheck.run_check``.

    Args:
        seconds: that one search may take.
        argv: the program that searches.
    """

    def __init__(self, seconds: float = SECONDS, argv: Sequence[str] = _ARGV) -> None:
        self._seconds = seconds
        self._argv = tuple(argv)

    def __call__(self, expression: str, text: str) -> bool:
        """Whether the expression is found in the text.

        Raises:
            TimeoutError: not within the bound.
            ValueError: the search itself failed.
        """
        if not _SPECIAL.intersection(expression):
            return expression in text
        code = self._run(json.dumps([expression, text]).encode("ascii"))
        if code not in (_FOUND, _NOT_FOUND):
            raise ValueError(f"the search for {expression!r} in its body failed (exit code {code})")
        return code == _FOUND

    def _run(self, request: bytes) -> int:
        try:
            ended = subprocess.run(  # noqa: S603 - a fixed program; what is searched for is data
                self._argv,
                input=request,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=self._seconds,
                check=False,
                creationflags=creation_flags(),
            )
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        except OSError as failure:
            raise ValueError(f"the search in its body cannot be started: {failure}") from None
        return ended.returncode
