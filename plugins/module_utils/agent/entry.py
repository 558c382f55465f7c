# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where ``standby.pyz`` begins."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..node import Node
from .cli import main
from .home import Home
from .platform import here


def run() -> int:
    """Do what the command line says; the exit code."""
    code = main(
        sys.argv[1:],
        open_home=lambda folder: Home(folder, lambda path: Path(here(path))),
        open_node=_open_node,
        worker=[sys.executable, sys.argv[0]],
    )
    if sys.argv[1:2] == ["run"]:
        # Threads that serve requests may still wait for something: the next agent must not wait for them.
        os._exit(code)
    return code


def _open_node(name: str, home: str, seconds: float) -> Node:
    """This machine; its driver is imported by who needs it, which the supervisor does not."""
    from .local import local_node

    return local_node(name, home, cim_timeout=seconds)
