# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which difference means what, and what to do about it: one table, read from the top.

A row is a pattern of paths (``*`` and ``?``, without case), where the value is missing, the verdict, the
remedy, and whether ``repair`` mends it. What no row fits breaks failover: what is not known may matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import translate
from functools import cache

from .model import Difference, Found, Verdict
from .values import ABSENT

BREAKS, PURPOSE, COSMETIC = Verdict.BREAKS, Verdict.PURPOSE, Verdict.COSMETIC


class Lack(StrEnum):
    """Where a value is missing."""

    ANY = "any"
    THERE = "there"
    HERE = "here"
    NONE = "none"


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    pattern: str
    verdict: Verdict
    remedy: str
    repairable: bool = False
    lack: Lack = Lack.ANY


_REPAIR = "Run module site with repair=true, which makes the twin as the original is"
_SECTION = "Run module site with repair=true, or set it on the backup in IIS Manager"
_NOTHING = "Nothing needs to be done"
_INSTALL = "Install it on the backup"
_FEATURE = "Install it on the backup (Enable-WindowsOptionalFeature -Online -FeatureName)"
_REMOVE = "Nothing needs to be done; remove it from the backup where it is not wanted"
_IMPORT = "Bring the certificate with its private key to the backup (module certificate)"
_BIND = "Bind the certificate of the primary on the backup (module certificate; netsh http, or IIS Manager)"
_CENTRAL = "Enable the central certificate store on the backup, with the folder of the primary (IIS Manager)"
_CENTRAL_BOUND = (
    "Make the https binding of the site anew on the backup (IIS Manager), which binds the store too"
)
_KEYS = "Set the same keys in the root web.config of both nodes, or in the web.config of the site"
_DEPLOY = "Deploy the content to the backup as it is on the primary"
_RIGHTS = "Give the same rights on the backup (icacls /save there, /restore here)"
_VARIABLE = "Define the system environment variable on the backup"
_UNLOCK = "Unlock or lock the section on the backup as on the primary (appcmd unlock config /section:...)"

TABLE: tuple[Row, ...] = (
    # The site and what is in it
    Row("site", BREAKS, _REPAIR, True),
    Row("site/serverAutoStart", BREAKS, "Protect the site again (module site)", True),
    Row("bindings/*", BREAKS, _REPAIR, True),
    Row("applications*/expanded", PURPOSE, _VARIABLE, lack=Lack.NONE),
    Row("applications*/expanded", BREAKS, _VARIABLE),
    Row("applications*", BREAKS, _REPAIR, True),
    Row("site/logFile/*", PURPOSE, "Nothing needs to be done; every node may log where it likes"),
    Row("site/traceFailedRequestsLogging/*", COSMETIC, _NOTHING, True),
    Row("site/limits/*", BREAKS, _REPAIR, True),
    Row("site/*", COSMETIC, _REPAIR, True),
    Row("ftp/serverAutoStart", BREAKS, "Protect the site again (module site)", True),
    Row("ftp/*", BREAKS, "Protect the site again (module site)", True),
    Row("smtp/*", BREAKS, "Protect the site again (module site)", True),
    # Pools
    Row("pools*/processModel/pingingEnabled", COSMETIC, _REPAIR, True),
    Row("pools*/processModel/ping*", COSMETIC, _REPAIR, True),
    Row("pools*/processModel/logEventOn*", COSMETIC, _REPAIR, True),
    Row("pools*/processModel/idleTimeout*", COSMETIC, _REPAIR, True),
    Row("pools*/recycling/logEventOn*", COSMETIC, _REPAIR, True),
    Row("pools*/recycling/*", COSMETIC, _REPAIR, True),
    Row("pools*/autoStart", COSMETIC, _REPAIR, True),
    Row("pools*/startMode", COSMETIC, _REPAIR, True),
    Row("pools*/cpu/*", PURPOSE, "Nothing needs to be done where the machines differ"),
    Row("pools*", BREAKS, _REPAIR, True),
    # Sections in force at the site
    Row("sections*/system.webServer/httpCompression/*", COSMETIC, _SECTION, True),
    Row("sections*/system.webServer/urlCompression/*", COSMETIC, _SECTION, True),
    Row("sections*/system.webServer/caching/*", COSMETIC, _SECTION, True),
    Row("sections*/system.webServer/httpLogging/*", COSMETIC, _SECTION, True),
    Row("sections*/system.webServer/httpTracing/*", COSMETIC, _SECTION, True),
    Row("sections*/system.webServer/tracing/*", COSMETIC, _SECTION, True),
    Row("sections*/system.webServer/odbcLogging/*", COSMETIC, _SECTION, True),
    Row("sections*", BREAKS, _SECTION, True),
    Row("locks/*", BREAKS, _UNLOCK),
    # What is installed
    Row("modules/*", COSMETIC, _REMOVE, lack=Lack.HERE),
    Row("modules/*", BREAKS, _INSTALL),
    Row("features/*", COSMETIC, _REMOVE, lack=Lack.HERE),
    Row("features/*", BREAKS, _FEATURE),
    # Secrets and certificates
    Row("machineKey*", BREAKS, _KEYS),
    Row("certificates/*/thumbprint", BREAKS, _BIND),
    Row("certificates/*/certificate", BREAKS, _IMPORT),
    Row("certificates/*/private_key", BREAKS, _IMPORT),
    Row(
        "certificates/*/begins",
        BREAKS,
        "Bring a certificate that is valid now to the backup (module certificate)",
    ),
    Row("certificates/*/expires", BREAKS, "Bring the renewed certificate to the backup (module certificate)"),
    Row(
        "certificates/*/names",
        BREAKS,
        "Bring the certificate of the primary to the backup (module certificate)",
    ),
    Row("certificates/*/central_store", BREAKS, _CENTRAL),
    Row("certificates/*/central_binding", BREAKS, _CENTRAL_BOUND),
    # Content of each node's own
    Row("rights/*", BREAKS, _RIGHTS),
    Row("content/*", COSMETIC, "Remove it from the backup where it is not wanted", lack=Lack.HERE),
    Row("content/*", BREAKS, _DEPLOY),
)
_UNKNOWN = Row("*", BREAKS, "Make it the same on both nodes")


def judge(found: Found, ignore: Iterable[str]) -> Difference:
    """A difference with what it means.

    Args:
        found: what is not the same.
        ignore: patterns of paths that differ on purpose, as the operator says.
    """
    row = next((one for one in TABLE if _fits(one, found)), _UNKNOWN)
    wanted = any(_matches(pattern, found.path) for pattern in ignore)
    return Difference(
        path=found.path,
        here=found.here.text,
        there=found.there.text,
        verdict=PURPOSE if wanted else row.verdict,
        remedy="Nothing needs to be done; it is listed as different on purpose" if wanted else row.remedy,
        repairable=row.repairable and row.verdict is not PURPOSE and not wanted,
    )


def _fits(row: Row, found: Found) -> bool:
    return row.lack in (Lack.ANY, _lack(found)) and _matches(row.pattern, found.path)


def _lack(found: Found) -> Lack:
    if found.there is ABSENT:
        return Lack.THERE
    return Lack.HERE if found.here is ABSENT else Lack.NONE


def _matches(pattern: str, path: str) -> bool:
    return _compiled(pattern.casefold()).match(path.casefold()) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """As fnmatch has it; brackets are what they are, since paths are full of them."""
    return re.compile(translate(pattern.replace("[", "[[]")))
