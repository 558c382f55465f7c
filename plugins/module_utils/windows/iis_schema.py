# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
r"""The schema of IIS's configuration as data: which defaults, keys and types its sections have.

``IIS_schema.xml`` lies in ``%SystemRoot%\System32\inetsrv\config\schema`` of every server with IIS; its form
is described in the comment at its beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element  # the type alone: parsing is in wsman/xml.py

from ..errors import BadDocument
from ..wsman.xml import parse


@dataclass(frozen=True)
class Attribute:
    """One ``<attribute>``.

    Attributes:
        name: of it.
        kind: ``bool``, ``enum``, ``flags``, ``uint``, ``int``, ``int64``, ``string`` or ``timeSpan``.
        default: its value where it is written nowhere; None where it has none.
        case_sensitive: of its value.
        encrypted: a secret, which every server writes with a key of its own.
    """

    name: str
    kind: str = "string"
    default: str | None = None
    case_sensitive: bool = False
    encrypted: bool = False


@dataclass(frozen=True)
class Described:
    """What may be in an element.

    Attributes:
        attributes: by name.
        elements: those there is one of, by name.
        collection: what there may be many of; None where there is no such thing.
    """

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    elements: Mapping[str, Described] = field(default_factory=dict)
    collection: Entries | None = None


@dataclass(frozen=True)
class Entries:
    """A ``<collection>``.

    Attributes:
        add: tag of an entry.
        remove: tag that takes an inherited entry away, or empty.
        clear: tag that takes all inherited entries away, or empty.
        keys: attributes that tell entries apart.
        entry: what is in one.
    """

    add: str
    remove: str
    clear: str
    keys: tuple[str, ...]
    entry: Described


# Path of a section, such as ``system.webServer/handlers`` -> what may be in it.
Schema = Mapping[str, Described]

NOTHING = Described()


def parse_schema(document: bytes, name: str) -> Schema:
    """Read a schema file of IIS.

    Args:
        document: the XML as it lies on the node.
        name: what to call it in errors.

    Raises:
        BadDocument: malformed XML, or another document.
    """
    root = parse(document, name)
    if root.tag != "configSchema":
        raise BadDocument(f"{name}: expected the root element configSchema, found {root.tag}")
    return {one.get("name", ""): _described(one) for one in root.findall("sectionSchema")}


def _described(element: Element) -> Described:
    collections = [_entries(one) for one in element.findall("collection")]
    return Described(
        attributes={one.name: one for one in map(_attribute, element.findall("attribute"))},
        elements={one.get("name", ""): _described(one) for one in element.findall("element")},
        collection=next((one for one in collections if one.add), None),
    )


def _entries(element: Element) -> Entries:
    keys = [
        one.get("name", "")
        for one in element.findall("attribute")
        if "true" in (one.get("isUniqueKey"), one.get("isCombinedKey"))
    ]
    return Entries(
        add=element.get("addElement", ""),
        remove=element.get("removeElement", ""),
        clear=element.get("clearElement", ""),
        keys=tuple(keys),
        entry=_described(element),
    )


def _attribute(element: Element) -> Attribute:
    return Attribute(
        name=element.get("name", ""),
        kind=element.get("type", "string"),
        default=element.get("defaultValue"),
        case_sensitive=element.get("caseSensitive") == "true",
        encrypted=element.get("encrypted") == "true",
    )
