# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What discovery finds of an SMTP virtual server."""

from __future__ import annotations

from collections.abc import Iterator

from ..windows.iis_config import IisSite
from ..windows.smtp_settings import SmtpServer
from .discovered import DiscoveredSmtp
from .paths import carrier


def smtp_side(site: IisSite, volumes: tuple[str, ...]) -> DiscoveredSmtp | None:
    """Its folders and where it delivers to; None for a site of IIS.

    Args:
        site: as IIS has it.
        volumes: access paths of the volumes that its folders lie on, the system volume apart.
    """
    server = site.smtp
    if server is None:
        return None
    return DiscoveredSmtp(
        path=server.path,
        queue=server.text("QueueDirectory"),
        pickup=server.text("PickupDirectory"),
        bad_mail=server.text("BadMailDirectory"),
        drop=server.text("DropDirectory"),
        smart_host=server.text("SmartHost"),
        notes=tuple(_notes(server, volumes)),
    )


def _notes(server: SmtpServer, volumes: tuple[str, ...]) -> Iterator[str]:
    for name, what in (
        ("QueueDirectory", "mail that waits to be delivered"),
        ("PickupDirectory", "such mail"),
    ):
        path = server.text(name)
        if path and carrier(path, volumes) is None:
            yield f"{name} is {path}, on the system volume: {what} stays on the node that has taken it"
