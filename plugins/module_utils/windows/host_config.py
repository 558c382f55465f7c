# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""applicationHost.config as a whole: which sections it has, and at which locations.

Grammar: https://learn.microsoft.com/iis/get-started/planning-your-iis-architecture/understanding-iis-configuration-delegation
(``<location>``, ``configSections``, ``overrideMode``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element  # the type alone: parsing is in wsman/xml.py

from ..errors import BadDocument
from ..wsman.xml import parse
from .iis_schema import Schema

SERVER = ""  # the location of what holds for the whole server


@dataclass(frozen=True)
class HostConfiguration:
    """The file of one server. Secrets in it are encrypted, with a key that each server has of its own.

    Attributes:
        locations: path without case, empty for the server's own -> section -> its elements in document order.
        spelled: path without case -> as it is written.
        locks: section -> ``Allow`` or ``Deny``: whether files of the content may set it.
    """

    locations: Mapping[str, Mapping[str, tuple[Element, ...]]] = field(default_factory=dict, repr=False)
    spelled: Mapping[str, str] = field(default_factory=dict)
    locks: Mapping[str, str] = field(default_factory=dict)

    def at(self, path: str) -> Mapping[str, tuple[Element, ...]]:
        """Sections that are set at one location itself."""
        return self.locations.get(path.casefold(), {})

    def below(self, path: str) -> list[str]:
        """Locations below a path, as they are written."""
        start = f"{path.casefold()}/"
        return sorted(self.spelled[one] for one in self.locations if one.startswith(start))


def parse_host(document: bytes, schema: Schema, name: str) -> HostConfiguration:
    """Read applicationHost.config.

    Args:
        document: the file.
        schema: tells sections from groups, beside the file itself.
        name: what to call it in errors.

    Raises:
        BadDocument: malformed XML, or another document.
    """
    root = parse(document, name)
    if root.tag != "configuration":
        raise BadDocument(f"{name}: expected the root element configuration, found {root.tag}")
    locks = dict(_declared(root.find("configSections"), ""))
    known = {*schema, *locks}
    locations: dict[str, dict[str, tuple[Element, ...]]] = {SERVER: {}}
    spelled = {SERVER: SERVER}
    for path, element in _places(root):
        kept = locations.setdefault(path.casefold(), {})
        spelled.setdefault(path.casefold(), path)
        for section, found in _sections(element, known):
            kept[section] = (*kept.get(section, ()), found)
            if element.get("overrideMode") in ("Allow", "Deny") and path == SERVER:
                locks[section] = element.get("overrideMode", "")
    return HostConfiguration(locations, spelled, locks)


def _places(root: Element) -> Iterator[tuple[str, Element]]:
    """What holds for the server, and each location; ``.`` and nothing are the server itself."""
    yield SERVER, root
    for location in root.findall("location"):
        path = location.get("path", SERVER).strip("/")
        yield SERVER if path == "." else path, location


def _declared(group: Element | None, path: str) -> Iterator[tuple[str, str]]:
    """Every section that is declared, and whether it may be set elsewhere; the schema's default is Allow."""
    if group is None:
        return
    for element in group:
        name = f"{path}{element.get('name', '')}"
        if element.tag == "sectionGroup":
            yield from _declared(element, f"{name}/")
        elif element.tag == "section":
            yield name, element.get("overrideModeDefault", "Allow")


def _sections(place: Element, known: Collection[str]) -> Iterator[tuple[str, Element]]:
    for element in place:
        if element.tag not in ("configSections", "location"):
            yield from _inside(element, str(element.tag), known)


def _inside(element: Element, path: str, known: Collection[str]) -> Iterator[tuple[str, Element]]:
    """A section, or the sections of a group."""
    group = any(one.startswith(f"{path}/") for one in known)
    if path in known or not group:
        yield path, element
        return
    for inner in element:
        yield from _inside(inner, f"{path}/{inner.tag}", known)
