# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is to be done on a node so that it has the agent that is asked for: decided, without I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ..agent import tasks
from ..errors import StandbyError
from ..windows.acl import why_not_own
from ..windows.task import same_definition
from .seen import Seen
from .wanted import KEYS, PYTHONS, Wanted, digest


class Act(str, Enum):
    """Kinds of steps, in the order in which they are taken."""

    PROTECT = "protect"
    PYTHON = "python"
    CACHES = "caches"
    RULE = "rule"
    FILES = "files"
    TASKS = "tasks"
    SWAP = "swap"
    START = "start"
    TIDY = "tidy"


# Files that hold what a witness or a webhook asks for.
_SECRET = re.compile(r"(?:witness[._]|webhook_)(?!.*\.new\Z)")
# Why an agent is replaced whose worker shows nothing, where nothing else is the reason.
_SILENT = "its worker shows nothing"
# What can be done beside a running agent.
PREPARING = (Act.PROTECT, Act.PYTHON, Act.CACHES, Act.RULE)


@dataclass(frozen=True)
class Step:
    """One thing to do.

    Attributes:
        act: its kind.
        sentence: for people.
        names: of the files, tasks or folders it concerns; those to be removed from the home on.
    """

    act: Act
    sentence: str
    names: tuple[str, ...] = ()


def steps(wanted: Wanted, seen: Seen) -> tuple[Step, ...]:
    """What is to be done on a node, in order; nothing where it has all that is wanted.

    Raises:
        StandbyError: the home belongs to somebody who could change what SYSTEM runs.
    """
    return tuple(step for part in (_preparing, _program, _old) for step in part(wanted, seen))


def _preparing(wanted: Wanted, seen: Seen) -> Iterator[Step]:
    if not seen.home.exists:
        yield Step(Act.PROTECT, f"make {wanted.home}, for Administrators and SYSTEM alone")
    elif why := why_not_own(seen.home):
        raise StandbyError(
            f"{wanted.home} {why}",
            resource=f"folder {wanted.home}",
            remedy="Somebody else could have put there what SYSTEM runs: find out who made or changed it. "
            "Then remove the agents, where there are any, delete it, and run again",
        )
    if wanted.folder is not None and wanted.folder.rpartition("\\")[2] not in seen.pythons:
        yield Step(Act.PYTHON, f"unpack Python into {wanted.folder}", (wanted.folder,))
    if wanted.caches and seen.caches is not None and any(seen.caches.values()):
        yield Step(Act.CACHES, "turn the caches of the SMB client off")
    if wanted.rule != seen.rule:
        yield Step(Act.RULE, _opening(wanted))


def _opening(wanted: Wanted) -> str:
    if wanted.rule is None:
        return "close the port of the agents in the firewall"
    return f"let {', '.join(wanted.rule.addresses)} through the firewall to TCP port {wanted.rule.port}"


def _program(wanted: Wanted, seen: Seen) -> Iterator[Step]:
    files = tuple(name for name, data in wanted.files.items() if seen.files.get(name) != digest(data))
    if files:
        yield Step(Act.FILES, f"write {', '.join(files)}", files)
    registered = tuple(name for name, xml in wanted.tasks.items() if not _registered(seen, name, xml))
    if registered:
        yield Step(Act.TASKS, f"register the scheduled tasks {', '.join(registered)}", registered)
    why = _why_anew(wanted, files, registered, seen)
    if not seen.running:
        yield Step(Act.START, "start the agent")
    elif why:
        yield Step(Act.SWAP, _anew(seen, why))


def _registered(seen: Seen, name: str, xml: str) -> bool:
    found = seen.tasks.get(name)
    return found is not None and found.enabled and same_definition(found.definition, xml)


def _anew(seen: Seen, why: str) -> str:
    """What is done to an agent that runs: nothing can go on from a worker that shows nothing."""
    if seen.status:
        return f"let another agent go on from the one that runs: {why}"
    also = "" if why == _SILENT else f" ({why})"
    told = f"{_SILENT}; it does not stay up, or has just begun, as its log says"
    return f"put another agent in the place of the one that runs{also}: {told}"


def _why_anew(wanted: Wanted, files: tuple[str, ...], registered: tuple[str, ...], seen: Seen) -> str:
    if files:
        return f"{', '.join(files)} changed"
    if tasks.AGENT in registered:
        return "its task changed"
    if not seen.status:
        return _SILENT
    if seen.definition != seen.status.get("definition"):
        return "the definition of the cluster changed"
    for name, sha256 in wanted.works_by.items():
        if seen.status.get(name) != sha256:
            return f"it runs beside files that were replaced, and has another {name}"
    return ""


def _old(wanted: Wanted, seen: Seen) -> Iterator[Step]:
    """What an earlier version or run has left, named from the home on."""
    kept = "" if wanted.folder is None else wanted.folder.rpartition("\\")[2]
    left = (
        *(f"{PYTHONS}\\{name}" for name in seen.pythons if name != kept),
        *(name for name in seen.home.names if _SECRET.match(name) and name not in wanted.files),
        *(name for name in (f"{one}.new" for one in (*wanted.files, KEYS)) if name in seen.home.names),
    )
    if left:
        yield Step(Act.TIDY, f"remove what is no longer used: {', '.join(left)}", left)
