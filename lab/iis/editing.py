# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``appcmd add``, ``set`` and ``delete``: changes to the bytes of applicationHost.config.

Every function takes the file and returns the file; what it does not concern stays as it was written.
"""

from __future__ import annotations

from lab.iis import document
from lab.iis.commandline import ElementPath, parse_path
from lab.iis.document import Node
from lab.iis.failure import (
    ALREADY_EXISTS,
    INVALID_DATA,
    INVALID_PARAMETER,
    NOT_FOUND,
    IisError,
    NotEmulatedError,
)
from lab.iis.model import read_site
from lab.iis.schema import Defaults, canonical
from lab.iis.valuetypes import fits

# IISD "configuration schema" (validators): siteName fails on / \ ?, applicationPoolName on | < > & ". Which
# code appcmd gives is not confirmed.
INVALID_IN_SITE_NAME = frozenset("/\\?")
INVALID_IN_POOL_NAME = frozenset('|<>&"')
_DUPLICATE_BINDING = (
    "New binding object missing required attributes. Cannot add duplicate collection entry of type 'binding' "
    "with combined key attributes 'protocol, bindingInformation' respectively set to "
    "'{0}, {1}'\r\n\r\n."
)


def unknown_attribute(name: str) -> IisError:
    """The refusal of a parameter the object does not have."""
    return IisError(INVALID_PARAMETER, 'Unknown attribute "{0}".  Replace with -? for help.', name)


def check_type(path: str, attribute: str, value: str) -> None:
    """Whether a value is of the attribute's type; the value itself is not told.

    Raises:
        NotEmulatedError: it is not; what appcmd says then is not confirmed.
    """
    if not fits(path, attribute, value):
        raise NotEmulatedError(f"a value of {attribute} that is not of its type")


def check_name(kind: str, name: str) -> None:
    """Whether a site or pool may be called that.

    Raises:
        IisError: it may not.
    """
    invalid = INVALID_IN_SITE_NAME if kind == "site" else INVALID_IN_POOL_NAME
    if not name or invalid & set(name):
        raise IisError(INVALID_DATA, f"Invalid {'site' if kind == 'site' else 'application pool'} name")


def section(root: Node, name: str) -> Node:
    """``sites`` or ``applicationPools``.

    Raises:
        IisError: the file has no such section.
    """
    node = root.find(f"system.applicationHost/{name}")
    if node is None:
        raise IisError(NOT_FOUND, 'Unknown config section "{0}".  Replace with -? for help.', name)
    return node


def add_site(data: bytes, new: Node) -> bytes:
    """The file with a new site.

    Raises:
        IisError: the element is no site, its name is invalid, or name or id exist already.
    """
    root = document.parse(data)
    try:
        site = read_site(new)
    except ValueError as error:
        raise IisError(INVALID_DATA) from error
    check_name("site", site.name)
    sites = section(root, "sites")
    for one in sites.all("site"):
        if one.attributes.get("name", "").lower() == site.name.lower() or one.attributes.get("id") == str(
            site.id
        ):
            raise IisError(ALREADY_EXISTS, 'Failed to add duplicate collection element "{0}".', site.name)
    return document.append(data, sites, new, after=_last(sites, "site"))


def add_pool(data: bytes, new: Node) -> bytes:
    """The file with a new pool.

    Raises:
        IisError: its name is invalid or exists already.
    """
    name = new.attributes.get("name", "")
    check_name("apppool", name)
    pools = section(document.parse(data), "applicationPools")
    if any(one.attributes.get("name", "").lower() == name.lower() for one in pools.all("add")):
        raise IisError(ALREADY_EXISTS, 'Failed to add duplicate collection element "{0}".', name)
    return document.append(data, pools, new, after=_last(pools, "add"))


def _last(parent: Node, tag: str) -> Node | None:
    """The last element of a collection; before the defaults elements, the first of which ends it."""
    return next(iter(reversed(parent.all(tag))), None)


def next_id(root: Node) -> int:
    """The next available site id."""
    taken = {one.attributes.get("id") for one in section(root, "sites").all("site")}
    return next(number for number in range(1, len(taken) + 2) if str(number) not in taken)


def find(root: Node, kind: str, name: str) -> Node:
    """The element of a site or pool.

    Raises:
        IisError: there is none of that name.
    """
    place, tag = ("sites", "site") if kind == "site" else ("applicationPools", "add")
    for node in section(root, place).all(tag):
        if node.attributes.get("name", "").lower() == name.lower():
            return node
    raise IisError(NOT_FOUND, 'Cannot find {0} object with identifier "{1}".', kind.upper(), name)


def delete(data: bytes, kind: str, name: str) -> bytes:
    """The file without a site or pool.

    Raises:
        IisError: there is none of that name.
    """
    return document.remove(data, find(document.parse(data), kind, name))


def change(data: bytes, kind: str, name: str, parameter: str, value: str, defaults: Defaults) -> bytes:
    """The file with one parameter of ``set`` applied: an attribute, or an element of a collection.

    Raises:
        IisError: no such object or attribute, or the collection's element exists already or does not exist.
    """
    target = find(document.parse(data), kind, name)
    path = parse_path(parameter)
    root = "site" if kind == "site" else "add"
    if path.keys is not None:
        return _change_collection(data, target, root, path, value, parameter, defaults)
    known = canonical("/".join((root, *path.path)), path.attribute, defaults)
    if known is None:
        raise unknown_attribute(parameter)
    check_type(*known, value)
    if known[1] == "name":
        check_name(kind, value)
    return _set(data, kind, name, known[0].split("/")[1:], known[1], value)


def _set(data: bytes, kind: str, name: str, steps: list[str], attribute: str, value: str) -> bytes:
    """Set an attribute of the element at the end of ``steps``, which are made where they are missing."""
    node = find(document.parse(data), kind, name)
    for step in steps:
        below = node.child(step)
        if below is None:
            data = document.append(data, node, Node(step, {attribute: value} if step == steps[-1] else {}))
            return data if step == steps[-1] else _set(data, kind, name, steps, attribute, value)
        node = below
    return document.set_attributes(data, node, {attribute: value})


def _change_collection(
    data: bytes, target: Node, root: str, path: ElementPath, value: str, parameter: str, defaults: Defaults
) -> bytes:
    keys = path.keys or {}
    if root != "site" or tuple(one.lower() for one in path.path) != ("bindings",):
        raise unknown_attribute(parameter)
    spelled = {}
    for key, text in keys.items():
        known = canonical("site/bindings/binding", key, defaults)
        if known is None:
            raise unknown_attribute(key)
        check_type(*known, text)
        spelled[known[1]] = text
    bindings = target.child("bindings")
    if path.sign == "+":
        return _add_binding(data, target, bindings, spelled)
    binding = _binding(bindings, spelled)
    if path.sign == "-":
        return document.remove(data, binding)
    known = canonical("site/bindings/binding", path.attribute, defaults)
    if known is None:
        raise unknown_attribute(parameter)
    check_type(*known, value)
    return document.set_attributes(data, binding, {known[1]: value})


def _add_binding(data: bytes, target: Node, bindings: Node | None, attributes: dict[str, str]) -> bytes:
    protocol, information = attributes.get("protocol", ""), attributes.get("bindingInformation", "")
    have = bindings.children if bindings else []
    if any(
        one.attributes.get("protocol") == protocol and one.attributes.get("bindingInformation") == information
        for one in have
    ):
        raise IisError(ALREADY_EXISTS, _DUPLICATE_BINDING, protocol, information)
    new = Node("binding", attributes)
    if bindings is None:
        return document.append(data, target, Node("bindings", {}, [new]))
    return document.append(data, bindings, new)


def _binding(bindings: Node | None, keys: dict[str, str]) -> Node:
    for one in bindings.children if bindings else []:
        if all(one.attributes.get(name) == value for name, value in keys.items()):
            return one
    raise IisError(NOT_FOUND, "Cannot find requested collection element.")


def new_site(name: str, number: int, bindings: str, physical_path: str | None) -> Node:
    """The element ``add site`` makes of its short forms.

    Args:
        name: the site's name.
        number: its id.
        bindings: ``http/*:80:,https/*:443:``; may be empty.
        physical_path: the folder of its root application; None makes no application.
    """
    site = Node("site", {"name": name, "id": str(number)})
    if physical_path is not None:
        directory = Node("virtualDirectory", {"path": "/", "physicalPath": physical_path})
        site.children.append(Node("application", {"path": "/"}, [directory]))
    pairs = [one.partition("/") for one in bindings.split(",") if one]
    made = [
        Node("binding", {"protocol": protocol, "bindingInformation": text}) for protocol, _rest, text in pairs
    ]
    if made:
        site.children.append(Node("bindings", {}, made))
    return site


def imported(data: bytes, wrapper: str, tag: str) -> list[Node]:
    """The elements of a document that ``list /config /xml`` wrote and ``add /in`` reads.

    Args:
        data: the document.
        wrapper: ``SITE`` or ``APPPOOL``.
        tag: ``site`` or ``add``.

    Raises:
        IisError: 8007000d: it is not such a document, or an object in it carries no configuration.
    """
    try:
        root = document.parse(data)
    except document.NotWellFormedError as error:
        raise IisError(INVALID_DATA) from error
    found = [one.child(tag) for one in root.all(wrapper)]
    if root.tag != "appcmd" or not found or None in found or len(found) != len(root.children):
        raise IisError(INVALID_DATA)
    return [one for one in found if one is not None]
