# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What serves a site of IIS, which of it runs, and what of it Windows would start by itself."""

from __future__ import annotations

from ..windows.iis_config import IisSite
from .model import SiteType

STARTED, STOPPED = "Started", "Stopped"
# Sites in these states answer requests, or are about to.
RUNNING = (STARTED, "Starting")


def services_of_site(site: IisSite) -> tuple[SiteType, ...]:
    """What serves it, by its bindings; a site with neither web nor ftp binding is W3SVC's."""
    if site.smtp is not None:
        return (SiteType.SMTP,)
    found = ((SiteType.WEB, site.has_web), (SiteType.FTP, site.has_ftp))
    return tuple(one for one, there in found if there) or (SiteType.WEB,)


def running(site: IisSite | None) -> tuple[SiteType, ...]:
    """The services by which it answers, or is about to."""
    if site is None:
        return ()
    states = {SiteType.WEB: site.state, SiteType.FTP: site.ftp_state}
    if site.smtp is not None:
        states = {SiteType.SMTP: site.state}
    return tuple(one for one, state in states.items() if state in RUNNING)


def self_starting(site: IisSite | None) -> tuple[SiteType, ...]:
    """The services that Windows starts by itself."""
    if site is None:
        return ()
    by_ftp = site.ftp is not None and site.ftp.auto_start
    automatic = {SiteType.WEB: site.auto_start, SiteType.FTP: by_ftp, SiteType.SMTP: site.auto_start}
    return tuple(one for one in services_of_site(site) if automatic[one])
