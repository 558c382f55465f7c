# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``appcmd list|set|clear config SITE /section:system.ftpServer/security/authorization``.

FTP authorization rules are kept in the ``<location>`` of a site; rules of the server hold beside them.
Sources: IISD ``system.ftpServer/security/authorization``; the element name with dashes and the forms of
``set`` are those of published scripts.
"""

from __future__ import annotations

from collections.abc import Callable

from lab.iis import document, output
from lab.iis.commandline import Command, parse_path
from lab.iis.document import Node
from lab.iis.failure import ALREADY_EXISTS, NOT_FOUND, IisError, NotEmulatedError

SECTION = "system.ftpServer/security/authorization"
_KEYS = ("users", "roles", "permissions")
_ALL = ("accessType", *_KEYS)


def concerns(command: Command) -> bool:
    """True where a command is about this section of one site."""
    section = command.general.get("section", "").lower()
    return command.object == "config" and section == SECTION.lower() and command.identifier is not None


def rules(root: Node, site: str) -> list[Node]:
    """The rules that hold for a site: those of the server, then its own."""
    found = [one for one in _below(root) if one.tag == "add"]
    for node in (one for place in _locations(root, site) for one in _below(place)):
        if node.tag == "clear":
            found = []
        elif node.tag == "remove":
            found = [one for one in found if _key(one) != _key(node)]
        else:
            found.append(node)
    return found


def show(command: Command, root: Node, write: Callable[[str], None]) -> None:
    """Print the section of a site as ``/xml`` has it.

    Raises:
        NotEmulatedError: in another form.
    """
    if set(command.general) != {"section", "xml"}:
        raise NotEmulatedError(f"list config of {SECTION} in another form than /xml")
    attributes = {
        "CONFIG.SECTION": SECTION,
        "path": f"MACHINE/WEBROOT/APPHOST/{command.identifier}",
        "overrideMode": "Inherit",
        "locked": "false",
    }
    shown = [
        Node("add", {**dict.fromkeys(_ALL, ""), **one.attributes}) for one in rules(root, _site(command))
    ]
    config = Node(SECTION.replace("/", "-"), {}, shown)
    item = output.Item("CONFIG", SECTION, (), attributes, config)
    write(output.XML_HEAD + output.element(item, config) + output.XML_FOOT)


def change(command: Command, data: bytes) -> bytes:
    """The file after ``set`` or ``clear``.

    Raises:
        IisError: a rule to be added is there, or one to be removed is not.
        NotEmulatedError: a form that the lab does not know.
    """
    if command.general.get("commit", "").lower() != "apphost":
        raise NotEmulatedError(f"{command.verb} config without /commit:apphost")
    site = _site(command)
    if command.verb == "clear":
        if command.parameters:
            raise NotEmulatedError("clear config with a parameter")
        return _clear(data, site)
    for name, _value in command.parameters:
        path = parse_path(name)
        if path.sign not in ("+", "-") or path.path or path.keys is None or not path.keys.keys() <= set(_ALL):
            raise NotEmulatedError(f"set config of {SECTION} with {name}")
        data = _add(data, site, path.keys) if path.sign == "+" else _remove(data, site, path.keys)
    return data


def _site(command: Command) -> str:
    return command.identifier or ""


def _below(place: Node) -> list[Node]:
    section = place.find(SECTION)
    return section.children if section is not None else []


def _locations(root: Node, site: str) -> list[Node]:
    return [one for one in root.all("location") if one.attributes.get("path", "").lower() == site.lower()]


def _key(node: Node) -> tuple[str, ...]:
    return tuple(node.attributes.get(name, "").replace(" ", "").lower() for name in _KEYS)


def _clear(data: bytes, site: str) -> bytes:
    for place in _locations(document.parse(data), site):
        section = place.find(SECTION)
        if section is not None:
            return _clear(document.remove(data, section), site)
    return data


def _add(data: bytes, site: str, attributes: dict[str, str]) -> bytes:
    root, new = document.parse(data), Node("add", attributes)
    if any(_key(one) == _key(new) for one in rules(root, site)):
        raise IisError(ALREADY_EXISTS, 'Failed to add duplicate collection element "{0}".', "add")
    return _append(data, site, new)


def _remove(data: bytes, site: str, attributes: dict[str, str]) -> bytes:
    root, gone = document.parse(data), Node("remove", {n: v for n, v in attributes.items() if n in _KEYS})
    if not any(_key(one) == _key(gone) for one in rules(root, site)):
        raise IisError(NOT_FOUND, "Cannot find requested collection element.")
    for place in _locations(root, site):
        for node in _below(place):
            if node.tag == "add" and _key(node) == _key(gone):
                return document.remove(data, node)
    return _append(data, site, gone)


def _append(data: bytes, site: str, new: Node) -> bytes:
    """The file with one more element in the section of a site, which is made where it is missing."""
    root = document.parse(data)
    for place in _locations(root, site):
        section = place.find(SECTION)
        if section is not None:
            return document.append(data, section, new)
    made = new
    for tag in reversed(SECTION.split("/")):
        made = Node(tag, {}, [made])
    return document.append(data, root, Node("location", {"path": site}, [made]))
