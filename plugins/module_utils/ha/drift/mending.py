# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What makes a section of a twin the same: its location cleared, and set anew as that of the original."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element  # the type alone: parsing is in wsman/xml.py

from ...windows.iis_command import Setting
from ...windows.iis_schema import NOTHING, Described, Entries
from .flatten import flatten
from .model import Side, Subject
from .sections import sections
from .verdicts import judge

_ANY = Entries("add", "remove", "clear", (), NOTHING)
_ENCRYPTED = "[enc:"
_RULES = "system.ftpServer/security/authorization"  # which goes with the site in any case


class _InexpressibleError(Exception):
    """Something that no parameter of appcmd says."""


@dataclass(frozen=True)
class SectionMend:
    """One section at one location of a backup.

    Attributes:
        place: the location, ``Shop`` or ``Shop/admin``.
        section: such as ``system.webServer/handlers``.
        cleared: something is set there, which goes first.
        settings: what is set there afterwards; empty where the original sets nothing.
    """

    place: str
    section: str
    cleared: bool
    settings: tuple[Setting, ...] = ()

    @property
    def sentence(self) -> str:
        """What is done, without a final full stop and without the node."""
        return f"set section {self.section} of {self.place}"


def section_mends(here: Side, there: Side, subject: Subject) -> tuple[SectionMend, ...]:
    """What makes the sections of a site the same that can be made the same, each once.

    A section that differs by what the server itself says is left alone: other sites have it too.
    """
    found = [one for one in sections(here, there, subject) if judge(one, subject.ignore).repairable]
    found = [one for one in found if one.where is not None and one.where[1] != _RULES]
    mends = (
        section_mend(here, there, *where) for where in dict.fromkeys(one.where for one in found) if where
    )
    return tuple(one for one in mends if one is not None)


def section_mend(here: Side, there: Side, place: str, section: str) -> SectionMend | None:
    """What makes one section the same at one location; None where that cannot be done from there."""
    ours = here.reading.host.at(place).get(section, ())
    theirs = there.reading.host.at(place).get(section, ())
    described = here.section(section)
    if flatten(described, list(ours)) == flatten(described, list(theirs)) or place.startswith(("/", "-")):
        return None
    try:
        settings = tuple(one for element in ours for one in _settings(element, described or NOTHING, ""))
    except _InexpressibleError:
        return None
    return SectionMend(place, section, bool(theirs), settings)


def _settings(element: Element, described: Described, path: str) -> Iterator[Setting]:
    """Parameters for what is written in an element, in the order of the document."""
    for name, value in element.attrib.items():
        yield f"{path}{name}", _said(value)
    entries = described.collection or _ANY
    for inner in element:
        if inner.tag in described.elements:
            yield from _settings(inner, described.elements[inner.tag], f"{path}{inner.tag}.")
        elif inner.tag in (entries.add, entries.remove) and not len(inner) and inner.attrib:
            sign = "+" if inner.tag == entries.add else "-"
            yield f"{sign}{path}{_indexer(inner)}", None
        elif len(inner) or inner.attrib or inner.tag == entries.clear:
            raise _InexpressibleError


def _indexer(element: Element) -> str:
    pairs: Sequence[str] = [f"{name}='{_said(value)}'" for name, value in element.attrib.items()]
    if any("'" in value for value in element.attrib.values()):
        raise _InexpressibleError
    return f"[{','.join(pairs)}]"


def _said(value: str) -> str:
    """A value that may stand on a command line: no secret, no line end."""
    if value.startswith(_ENCRYPTED) or not value.isprintable():
        raise _InexpressibleError
    return value
