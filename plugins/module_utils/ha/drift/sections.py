# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sections that are in force at a site: authentication, handlers, custom errors, modules and all others.

What holds for the server, what ``<location path="Site">`` sets over it, and locations below the site. Files
of the content (``web.config``) are content.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element  # the type alone: parsing is in wsman/xml.py

from ...windows.host_config import SERVER
from .flatten import Flat, flatten
from .model import Found, Side, Subject
from .sites import differing
from .values import plain

# Groups whose sections are compared elsewhere, or say nothing about a web site.
_APART = ("system.applicationHost/", "configProtectedData", "configHistory")
_FTP = "system.ftpServer"
_SERVER_ALONE = frozenset(
    {"system.webServer/globalModules", "system.webServer/tracing/traceProviderDefinitions"}
)
_SHOWN = 3  # entries of a collection in another order
# The first entry that fits is the one that acts.
_ORDERED = (
    "system.webServer/handlers",
    "system.webServer/modules",
    "system.webServer/isapiFilters",
    "system.webServer/defaultDocument/files",
    "system.webServer/rewrite/rules",
    "system.webServer/rewrite/globalRules",
)


def sections(here: Side, there: Side, subject: Subject) -> Iterator[Found]:
    """Settings that are in force at the site, then those at locations below it that differ beside."""
    original = here.site(subject.site)
    if original is None or original.smtp is not None:
        return
    said: set[Found] = set()
    places = {one.casefold(): one for side in (there, here) for one in side.reading.host.below(subject.site)}
    for place in (subject.site, *(places[one] for one in sorted(places))):
        below = place[len(subject.site) :]
        for found in _at(here, there, place, whole=not below):
            if found.where is not None and found.where[1].startswith(_FTP) and not original.has_ftp:
                continue
            if found not in said:
                yield replace(found, path=f"sections{f'[{below}]' if below else ''}/{found.path}")
            if not below:
                said.add(found)


def locks(here: Side, there: Side, subject: Subject) -> Iterator[Found]:
    """Sections that files of the content may set on one node, and may not on the other."""
    original = here.site(subject.site)
    if original is None or not original.has_web:
        return
    one, other = here.reading.host.locks, there.reading.host.locks
    for section in sorted({*one} & {*other}):
        if one[section] != other[section] and not _apart(section) and not section.startswith(_FTP):
            yield Found(f"locks/{section}", plain(one[section]), plain(other[section]))


def _at(here: Side, there: Side, place: str, *, whole: bool) -> Iterator[Found]:
    """Differences at one place; of places below the site, in sections that are set there."""
    names = _named(here, place, whole=whole) | _named(there, place, whole=whole)
    for section in sorted(names):
        one, other = _flat(here, section, place), _flat(there, section, place)
        for found in differing(one.settings, other.settings):
            yield replace(found, path=f"{section}/{found.path}", where=(place, section))
        for found in _orders(section, one, other):
            yield replace(found, where=(place, section))


def _named(side: Side, place: str, *, whole: bool) -> set[str]:
    host = side.reading.host
    own = set(host.at(place))
    names = own | set(host.at(SERVER)) if whole else own
    return {one for one in names if not _apart(one)}


def _apart(section: str) -> bool:
    return section.startswith(_APART) or section in _SERVER_ALONE


def _flat(side: Side, section: str, place: str) -> Flat:
    return flatten(side.section(section), list(_layers(side, section, place)))


def _layers(side: Side, section: str, place: str) -> Iterator[Element]:
    """What is written of a section, from the server down to a place."""
    host, parts = side.reading.host, place.split("/")
    for path in (SERVER, *("/".join(parts[: n + 1]) for n in range(len(parts)))):
        yield from host.at(path).get(section, ())


def _orders(section: str, here: Flat, there: Flat) -> Iterator[Found]:
    """Entries that both have, in another order, where the order matters."""
    for path in here.orders.keys() & there.orders.keys():
        name = f"{section}/{path}".rstrip("/")
        if name not in _ORDERED:
            continue
        one, other = here.orders[path], there.orders[path]
        ours, theirs = [key for key in one if key in other], [key for key in other if key in one]
        wrong = [n for n, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b]
        if wrong:
            some = slice(wrong[0], wrong[0] + _SHOWN)
            yield Found(f"{name} (order)", plain(", ".join(ours[some])), plain(", ".join(theirs[some])))
