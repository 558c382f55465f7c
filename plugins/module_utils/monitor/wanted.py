# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node with an agent is to have: files, an interpreter, tasks, a rule of the firewall. No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..agent import settings as documents
from ..agent import tasks
from ..agent.settings import Settings
from ..control.agents import PROGRAM
from ..windows.firewall import Rule

SETTINGS, KEYS, STATUS, RETIRED = "agent.json", "cluster.key", "status.json", "retired.json"
# Folders of unpacked interpreters, each named for its archive, so that a running one is never written over.
PYTHONS = "python"
# The lifetimes of the SMB client's caches as they were before.
CACHES_BEFORE = "smb_client.json"
RULE = "standby.iis"
_TITLE = "standby.iis: agents of the cluster"
_SHARE = "\\\\"


@dataclass(frozen=True)
class Interpreter:
    """Where Python comes from: one of these.

    Attributes:
        path: Windows path of a python.exe that is on the nodes.
        archive: the official embeddable archive.
    """

    path: str | None = None
    archive: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Request:
    """What is asked of all nodes.

    Attributes:
        home: Windows path of the agents' folder, without a final backslash.
        settings: of each agent, by node in the order of the cluster.
        interpreter: see there.
        program: ``standby.pyz``.
        secrets: further files of the home that an agent reads when it starts, by name.
    """

    home: str
    settings: Mapping[str, Settings]
    interpreter: Interpreter
    program: bytes = field(repr=False)
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Wanted:
    """What one node is to have.

    Attributes:
        home: as in Request.
        files: of the home, which an agent reads when it starts, by name.
        python: Windows path of the interpreter.
        folder: where the archive is unpacked; None where the interpreter is on the node already.
        archive: that is unpacked there.
        tasks: definitions by name.
        rule: of the firewall; None where there is no other node to let in.
        caches: the caches of the SMB client are to be off.
    """

    home: str
    files: Mapping[str, bytes] = field(repr=False)
    python: str
    folder: str | None
    archive: bytes | None = field(repr=False)
    tasks: Mapping[str, str] = field(repr=False)
    rule: Rule | None
    caches: bool

    @property
    def works_by(self) -> Mapping[str, str]:
        """What its status is to name: an agent may run on beside files that were replaced."""
        return {"program": digest(self.files[PROGRAM]), "settings": digest(self.files[SETTINGS])}

    def path(self, name: str) -> str:
        """The Windows path of a file of the home."""
        return f"{self.home}\\{name}"


def wanted(request: Request, node: str) -> Wanted:
    """What a node is to have."""
    told = request.settings[node]
    folder = _folder(request)
    python = request.interpreter.path if folder is None else f"{folder}\\python.exe"
    files = {
        PROGRAM: request.program,
        SETTINGS: documents.write(told).encode("utf-8"),
        **request.secrets,
    }
    made = {tasks.AGENT: tasks.agent, tasks.SHUTDOWN: tasks.shutdown}
    return Wanted(
        request.home,
        files,
        str(python),
        folder,
        request.interpreter.archive,
        {name: make(str(python), request.home) for name, make in made.items()},
        _rule(told),
        (told.directory or "").startswith(_SHARE),
    )


def digest(data: bytes) -> str:
    """SHA-256, lower case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _folder(request: Request) -> str | None:
    archive = request.interpreter.archive
    return None if archive is None else f"{request.home}\\{PYTHONS}\\{digest(archive)[:16]}"


def _rule(told: Settings) -> Rule | None:
    peers = sorted(
        address for node, addresses in told.addresses.items() if node != told.node for address in addresses
    )
    return Rule(RULE, _TITLE, str(told.port), tuple(peers)) if peers else None
