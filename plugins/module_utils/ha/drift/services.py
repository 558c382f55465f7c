# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is served beside the web: FTP settings of sites, and SMTP virtual servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from ...windows.iis_config import IisSite
from ..smtp import describe
from .model import Found, Side, Subject
from .sites import differing
from .values import Settings, plain, secret


def ftp(here: Side, there: Side, subject: Subject) -> Iterator[Found]:
    """Policies, authentication, isolation and certificate of an FTP site."""
    original, twin = here.site(subject.site), there.site(subject.site)
    if original is not None and twin is not None and original.ftp is not None:
        yield from differing(_ftp(original), _ftp(twin))
        if twin.ftp is not None and twin.ftp.auto_start:
            started = plain(str(original.ftp.auto_start).lower())
            yield Found("ftp/serverAutoStart", started, plain("true"))


def smtp(here: Side, there: Side, subject: Subject) -> Iterator[Found]:
    """Settings of an SMTP virtual server."""
    original, twin = here.site(subject.site), there.site(subject.site)
    if original is not None and twin is not None and original.smtp is not None:
        yield from differing(_smtp(original), _smtp(twin))


def _ftp(site: IisSite) -> Settings:
    settings = asdict(site.ftp) if site.ftp is not None else {}
    return {f"ftp/{name}": plain(str(value)) for name, value in settings.items() if name != "auto_start"}


def _smtp(site: IisSite) -> Settings:
    return {
        f"smtp/{name}": secret(str(value)) if "password" in name.casefold() else plain(str(value))
        for name, value in describe(site).items()
    }
