# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run playbooks against a lab the way an operator does, and read what they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
INVENTORY = REPOSITORY / "inventories" / "lab"
_RECAP = re.compile(r"^\S+\s+: ok=\d+\s+changed=(\d+)", re.MULTILINE)
_CHANGED_ITEM = re.compile(r"^changed: \[\S+\] => \(item=(.*)\)$", re.MULTILINE)


@dataclass(frozen=True)
class Played:
    """A playbook that ran.

    Attributes:
        code: exit code.
        text: everything it printed.
    """

    code: int
    text: str

    @property
    def changed(self) -> int:
        """Tasks that changed something, or would."""
        return sum(int(found) for found in _RECAP.findall(self.text))

    @property
    def changed_items(self) -> list[str]:
        """Items of loops that changed something, or would, in order."""
        return _CHANGED_ITEM.findall(self.text)

    def task(self, name: str) -> str:
        """What a task printed; all of it where the task ran more than once."""
        parts = re.split(r"^(?:TASK|PLAY RECAP) ?\[?", self.text, flags=re.MULTILINE)
        return "".join(part for part in parts if part.partition("]")[0].endswith(name))


def play(state: Path, playbook: str, *arguments: str, inventory: Path = INVENTORY) -> Played:
    """Run a playbook by its name in the collection, or a file, against the lab of a state folder."""
    environment = {
        **os.environ,
        "STANDBY_LAB_STATE": str(state),
        "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".collections"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_HOME": str(state / "ansible"),
    }
    command = [
        str(Path(sys.executable).parent / "ansible-playbook"),
        "-i",
        str(inventory),
        playbook,
        *arguments,
    ]
    ended = subprocess.run(
        command, cwd=state, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    # Callbacks print messages as JSON strings: their quotes are escaped.
    return Played(ended.returncode, (ended.stdout + ended.stderr).replace(chr(92) + chr(34), chr(34)))
