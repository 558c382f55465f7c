# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is particular to SMTP virtual servers: which Windows has them, and what makes one a twin of another.

A virtual server is never made or deleted here: that is done once, in the IIS 6 console. Its settings are
those of the original, since mail that waits in a queue is found by whoever looks into the same folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import StandbyError
from ..windows.environment import Machine
from ..windows.iis_config import IisConfiguration, IisSite
from ..windows.smtp_settings import SmtpServer, changes_of
from .facts import NodeFacts
from .model import Site
from .observe import site

# The build of Windows Server 2025, the first without SMTP Server (windowsserverdocs,
# removed-deprecated-features-windows-server.md).
FIRST_WITHOUT = 26100

_CREATE = (
    'Create it there in the IIS 6 console (New, SMTP Virtual Server) and name it "{name}", letter for '
    "letter; its settings are copied when the site is protected (module site)"
)


def refuse_without_smtp(machine: Machine, node: str, name: str) -> None:
    """Refuse a node whose Windows has no SMTP Server.

    Raises:
        StandbyError: it is Windows Server 2025 or later.
    """
    build = machine.version.rpartition(".")[2]
    if not build.isdigit() or int(build) < FIRST_WITHOUT:
        return
    raise StandbyError(
        f"cannot be protected: this node runs Windows Server 2025 or later (version {machine.version}), "
        "which has no SMTP virtual servers: Microsoft has removed SMTP Server from it",
        node=node,
        resource=f'site "{name}"',
        remedy="Protect it on nodes with Windows Server 2022 or earlier, or let another mail server do it",
    )


def twin_changes(node: str, name: str, original: SmtpServer, backup: IisConfiguration) -> tuple[str, ...]:
    """The settings that the twin of a virtual server lacks, by name; empty where it is the same.

    Raises:
        StandbyError: there is none on the backup.
    """
    twin = backup.site(name)
    if twin is None or twin.smtp is None:
        raise absent(node, name, backup)
    return tuple(changes_of(twin.smtp, original))


def absent(node: str, name: str, configuration: IisConfiguration | None) -> StandbyError:
    """A virtual server that a node does not have, and how to come by one."""
    problem = configuration.smtp_problem if configuration is not None else ""
    if problem:
        return StandbyError(
            f"cannot be told: {problem.rstrip('.')}", node=node, resource=f'site "{name}"', remedy=None
        )
    taken = configuration.site(name) if configuration is not None else None
    beside = ", and an IIS site has its name" if taken is not None else ""
    return StandbyError(
        f"does not exist there as an SMTP virtual server{beside}",
        node=node,
        resource=f'site "{name}"',
        remedy=_CREATE.format(name=name),
    )


def of_smtp(member: Site, seen: NodeFacts, model: NodeFacts | None) -> Iterator[StandbyError]:
    """What keeps a virtual server from coming into service on a node; arguments are as of ``of_target``."""
    twin = site(seen, member.name)
    if twin is None or twin.smtp is None:
        yield absent(seen.name, member.name, seen.iis)
        return
    original = site(model, member.name) if model is not None else None
    if model is None or original is None or original.smtp is None:
        return
    different = changes_of(twin.smtp, original.smtp)
    if different:
        yield StandbyError(
            f"its settings differ from those on {model.name}: {', '.join(different)}",
            node=seen.name,
            resource=member.id,
            remedy="Protect the site again (module site), which brings its twin up to date",
        )


def describe(found: IisSite) -> Mapping[str, Any]:
    """What makes a virtual server the same on two nodes; its path is no part of that."""
    return dict(found.smtp.settings) if found.smtp is not None else {}
