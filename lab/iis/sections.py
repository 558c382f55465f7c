# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``appcmd set config`` and ``clear config`` with ``/commit:apphost``: sections at a ``<location>``.

Source: IISD, sample code of the reference: ``appcmd set config "Contoso" -section:... /commit:apphost``, this
commits to the location of the site in applicationHost.config.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.iis import document
from lab.iis.commandline import ElementPath, parse_path
from lab.iis.document import Node
from lab.iis.failure import ALREADY_EXISTS, INVALID_PARAMETER, IisError, NotEmulatedError


def known(schema: bytes, section: str) -> str:
    """The path of a section as it is spelled in the schema.

    Raises:
        IisError: there is no such section.
    """
    declared = [one.attributes["name"] for one in document.parse(schema).all("sectionSchema")]
    found = next((one for one in declared if one.casefold() == section.casefold()), None)
    if found is None:
        raise IisError(INVALID_PARAMETER, 'Unknown config section "{0}".  Replace with -? for help.', section)
    return found


def set_section(data: bytes, place: str, section: str, parameters: Sequence[tuple[str, str]]) -> bytes:
    """The file with parameters applied to a section at a location, which is made where it is missing."""
    data = _made(data, place, section)
    for name, value in parameters:
        path = parse_path(name)
        if path.keys is None:
            data = _attribute(data, place, section, path, value)
        else:
            data = _entry(data, place, section, path)
    return data


def clear_section(data: bytes, place: str, section: str) -> bytes:
    """The file without what is set of a section at a location."""
    found = _found(data, place, section)
    return data if found is None else document.remove(data, found)


def _locations(data: bytes, place: str) -> list[Node]:
    root = document.parse(data)
    return [
        one for one in root.all("location") if one.attributes.get("path", "").casefold() == place.casefold()
    ]


def _found(data: bytes, place: str, section: str) -> Node | None:
    for location in _locations(data, place):
        found = location.find(section)
        if found is not None:
            return found
    return None


def _made(data: bytes, place: str, section: str) -> bytes:
    """The file with an empty section at a location, where it has none."""
    if _found(data, place, section) is not None:
        return data
    locations = _locations(data, place)
    if not locations:
        data = document.append(data, document.parse(data), Node("location", {"path": place}))
        locations = _locations(data, place)
    here = locations[0]
    steps = section.split("/")
    for number, step in enumerate(steps):
        below = here.child(step)
        if below is None:
            data = document.append(data, here, Node(step, {}))
            return _made(data, place, section) if number + 1 < len(steps) else data
        here = below
    return data


def _target(data: bytes, place: str, section: str, path: ElementPath) -> tuple[bytes, Node]:
    """The element that a parameter is about, made where it is missing."""
    here = _found(data, place, section)
    assert here is not None  # noqa: S101 - made before
    for step in path.path:
        below = here.child(step)
        if below is None:
            data = document.append(data, here, Node(step, {}))
            return _target(data, place, section, path)
        here = below
    return data, here


def _attribute(data: bytes, place: str, section: str, path: ElementPath, value: str) -> bytes:
    data, target = _target(data, place, section, path)
    return document.set_attributes(data, target, {path.attribute: value})


def _entry(data: bytes, place: str, section: str, path: ElementPath) -> bytes:
    if path.sign not in ("+", "-") or path.attribute:
        raise NotEmulatedError("set config with a parameter that changes an entry")
    data, target = _target(data, place, section, path)
    keys = path.keys or {}
    tag = _tags(section)[path.sign == "-"]
    if any(one.tag == tag and one.attributes == keys for one in target.children):
        raise IisError(ALREADY_EXISTS, "Cannot add duplicate collection entry.")
    return document.append(data, target, Node(tag, keys))


def _tags(section: str) -> tuple[str, str]:
    """What adds to a section's collection, and what removes from it."""
    added = {
        "system.webServer/httpErrors": "error",
        "system.webServer/staticContent": "mimeMap",
        "system.webServer/isapiFilters": "filter",
    }
    return added.get(section, "add"), "remove"
