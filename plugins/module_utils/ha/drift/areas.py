# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The areas that are compared, by the kind of site they concern: a further kind is a further row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from .certificates import certificates, flaws, other_flaws
from .content import content, rights, uncounted, variables
from .installed import features, modules
from .machine_keys import generated, machine_keys
from .model import Found, Side, Subject
from .pools import pools
from .sections import locks, sections
from .services import ftp, smtp
from .sites import sites

ANY, WEB, FTP, SMTP = "any", "web", "ftp", "smtp"

Compare = Callable[[Side, Side, Subject], Iterator[Found]]
Remark = Callable[[Side, Side, Subject], Iterator[str]]


@dataclass(frozen=True)
class Area:
    """One area.

    Attributes:
        name: of it, such as the beginning of its paths.
        kind: of sites it says something about; it finds nothing at others.
        compare: gives what is not the same.
        warn: gives sentences about what is no difference.
        omitted: gives what was not compared.
    """

    name: str
    kind: str
    compare: Compare
    warn: Remark | None = None
    omitted: Remark | None = None


AREAS: tuple[Area, ...] = (
    Area("site", ANY, sites),
    Area("ftp", FTP, ftp),
    Area("smtp", SMTP, smtp),
    Area("variables", ANY, variables),
    Area("pools", ANY, pools),
    Area("sections", ANY, sections),
    Area("locks", WEB, locks),
    Area("modules", WEB, modules),
    Area("features", ANY, features),
    Area("machineKey", WEB, machine_keys, warn=generated),
    Area("certificates", WEB, certificates, warn=other_flaws),
    Area("rights", ANY, rights),
    Area("content", ANY, content, omitted=uncounted),
)
CERTIFICATES = tuple(area for area in AREAS if area.name == "certificates")
# Before a move: what holds at every moment, such as keys that nodes generate, is told by the playbook parity.
# Differences are told by their paths alone there, so what is the matter with a certificate is said beside.
BEFORE_MOVE = tuple(replace(area, warn=flaws if area in CERTIFICATES else None) for area in AREAS)
