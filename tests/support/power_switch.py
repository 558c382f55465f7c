# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fence that takes the power of a lab node, as a device beside all nodes: nothing of theirs concerns it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from lab.runner import Lab

PROGRAM = "C:\\fence.exe"
_ROOT = Path(__file__).parents[2]


def give_power_switches(lab: Lab, nodes: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Put the program on nodes.

    Returns:
        The fence of each, as settings of agents have it.
    """
    base, state = str(lab.state.runtime.parent), str(lab.state.folder)
    command = [sys.executable, "-E", "-m", "lab", "--state", state, "power"]
    script = (
        f"#!/bin/sh\nexport TMPDIR={shlex.quote(base)} XDG_RUNTIME_DIR={shlex.quote(base)}\n"
        f'cd {shlex.quote(str(_ROOT))}\nexec {shlex.join(command)} "$1" off\n'
    )
    fences = {}
    for name in nodes:
        program = lab.state.node(name) / "drives" / "C" / "fence.exe"
        program.write_text(script)
        program.chmod(0o700)
        fences[name] = (PROGRAM, name)
    return fences
