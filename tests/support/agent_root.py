# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A STANDBY_ROOT for code of the agent that runs in a test: programs of a lab node are relays to it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from lab.runner import Lab

HOME = "C:\\ProgramData\\standby.iis"
_REPOSITORY = Path(__file__).parents[2]
_SYSTEM = "C:\\Windows\\System32"
_PROGRAMS = ("cmd.exe", "hostname.exe", "inetsrv\\appcmd.exe", "WindowsPowerShell\\v1.0\\powershell.exe")


def make_root(folder: Path, lab: Lab, name: str) -> Path:
    """Make the folder that stands for a node's drives: its ProgramData, and programs that relay to it."""
    for program in _PROGRAMS:
        windows = f"{_SYSTEM}\\{program}"
        file = folder.joinpath("C", *windows.split("\\")[1:])
        file.parent.mkdir(parents=True, exist_ok=True)
        line = [sys.executable, "-S", "-m", "lab.relay", str(lab.state.control(name)), windows]
        file.write_text(
            f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(_REPOSITORY))} exec {shlex.join(line)} "$@"\n'
        )
        file.chmod(0o700)
    data = lab.state.node(name).resolve() / "drives" / "C" / "ProgramData"
    (data / "standby.iis").mkdir(parents=True, exist_ok=True)
    (folder / "C" / "ProgramData").symlink_to(data)
    return folder
