# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fences as real programs; one takes power as a device beside all nodes: nothing of theirs concerns it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from lab.runner import Lab

PROGRAM = "C:\\fence.exe"
_ROOT = Path(__file__).parents[2]


def power_off(lab: Lab) -> str:
    """Of a shell: takes the power of the node that it is given."""
    base, state = str(lab.state.runtime.parent), str(lab.state.folder)
    command = [sys.executable, "-E", "-m", "lab", "--state", state, "power"]
    return (
        f"export TMPDIR={shlex.quote(base)} XDG_RUNTIME_DIR={shlex.quote(base)}\n"
        f'cd {shlex.quote(str(_ROOT))}\nexec {shlex.join(command)} "$1" off'
    )


def give_fences(lab: Lab, nodes: Iterable[str], script: str) -> dict[str, tuple[str, str]]:
    """Put a program on nodes that does what a shell is told; it is given the name of the lost node.

    Returns:
        The fence of each, as settings of agents have it.
    """
    fences = {}
    for name in nodes:
        program = lab.state.node(name) / "drives" / "C" / "fence.exe"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
        fences[name] = (PROGRAM, name)
    return fences
