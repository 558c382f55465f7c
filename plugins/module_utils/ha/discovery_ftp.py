# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What discovery finds of the FTP side of a site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..windows.iis_config import Binding, IisSite
from .bindings import shown
from .discovered import Certificate, DiscoveredFtp

# Modes of user isolation in which the configuration does not say where home directories lie, and who does.
_HOMES_ELSEWHERE = {"ActiveDirectory": "Active Directory", "Custom": "a provider of its own"}


def ftp_certificates(site: IisSite, bindings: Iterable[Binding]) -> Iterator[Certificate]:
    """The site names its certificate itself: FTP does not ask http.sys."""
    if site.ftp is None or not site.ftp.certificate_hash:
        return
    for binding in bindings:
        yield Certificate(
            shown(binding), "site", site.ftp.certificate_hash, site.ftp.certificate_store or None
        )


def ftp_side(site: IisSite) -> DiscoveredFtp | None:
    """Its settings and run state; None without ftp binding."""
    if site.ftp is None:
        return None
    settings = site.ftp
    notes = []
    if teller := _HOMES_ELSEWHERE.get(settings.isolation):
        notes.append(f"home directories are told by {teller}: whether every node reaches them is not known")
    if site.ftp_problem:
        notes.append(f"its run state cannot be read: {site.ftp_problem}")
    return DiscoveredFtp(
        site.ftp_state, settings.control_policy, settings.data_policy, settings.isolation, tuple(notes)
    )
