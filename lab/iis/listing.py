# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``appcmd list``: which objects, and in which of its forms they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lab.iis import output
from lab.iis.commandline import Command, UsageError, parse_path
from lab.iis.document import Node
from lab.iis.failure import INVALID_PARAMETER, IisError, NotEmulatedError
from lab.iis.model import Configuration
from lab.iis.output import Item
from lab.iis.runstate import RunState
from lab.iis.schema import Defaults, canonical, effective, knows
from lab.iis.valuetypes import fits, spelled

Write = Callable[[str], None]

# Parameters that ask for an object by what the tool calls it, beside the attributes of its configuration.
_LABELS = {
    "site": {
        "site.name": "SITE.NAME",
        "name": "SITE.NAME",
        "site.id": "SITE.ID",
        "id": "SITE.ID",
        "bindings": "bindings",
        "state": "state",
    },
    "apppool": {
        "apppool.name": "APPPOOL.NAME",
        "name": "APPPOOL.NAME",
        "state": "state",
        "managedruntimeversion": "RuntimeVersion",
        "managedpipelinemode": "PipelineMode",
    },
    "app": {
        "app.name": "APP.NAME",
        "site.name": "SITE.NAME",
        "apppool.name": "APPPOOL.NAME",
        "applicationpool": "APPPOOL.NAME",
        "path": "path",
    },
    "vdir": {
        "vdir.name": "VDIR.NAME",
        "app.name": "APP.NAME",
        "path": "path",
        "physicalpath": "physicalPath",
    },
}
_STATES = frozenset({"started", "stopped", "starting", "stopping", "unknown"})
_ROOTS = {
    "site": "site",
    "apppool": "add",
    "app": "site/application",
    "vdir": "site/application/virtualDirectory",
}
_SECTIONS = {"site": "sites", "app": "sites", "vdir": "sites", "apppool": "applicationPools"}


def run(
    command: Command, configuration: Configuration, state: RunState, defaults: Defaults, write: Write
) -> int:
    """Print what was asked for.

    Returns:
        0; 1 where nothing was found (not confirmed: scripts rely on a failure there).

    Raises:
        IisError: an unknown attribute or section; or an object outgrows appcmd's buffer, after part of the
        output. UsageError: parameters that appcmd does not take.
    """
    if command.object == "config":
        found: Iterable[Item] = [_section(command, configuration)]
    else:
        found = _select(command, configuration, state, defaults)
    xml = "xml" in command.general
    count = 0
    if xml:
        write(output.XML_HEAD)
    for item in found:
        count += 1
        _show(item, command, configuration, defaults, write)
    if xml:
        write(output.XML_FOOT)
    return 0 if count else 1


def items(kind: str, configuration: Configuration, state: RunState) -> Iterator[Item]:
    """Every object of a kind."""
    if kind == "site":
        yield from (output.site_item(one, state.site_state(one)) for one in configuration.sites)
    elif kind == "apppool":
        yield from (output.pool_item(one, state.pool_state(one)) for one in configuration.pools)
    else:
        yield from _inside_sites(kind, configuration)


def _inside_sites(kind: str, configuration: Configuration) -> Iterator[Item]:
    for site in configuration.sites:
        for application, node in zip(site.applications, site.node.all("application"), strict=True):
            if kind == "app":
                yield output.app_item(site, application, node)
                continue
            for directory, inner in zip(application.directories, node.all("virtualDirectory"), strict=True):
                yield output.vdir_item(site, application, directory, inner)


def _select(
    command: Command, configuration: Configuration, state: RunState, defaults: Defaults
) -> Iterator[Item]:
    tests = [
        _test(command.object, name, value, configuration, defaults) for name, value in command.parameters
    ]
    for item in items(command.object, configuration, state):
        if _named(command, item) and all(test(item) for test in tests):
            yield item


def _named(command: Command, item: Item) -> bool:
    wanted = command.identifier
    if wanted is None:
        return True
    names = (
        {item.identifier.lower(), item.identifier.lower().rstrip("/")}
        if command.object == "vdir"
        else {item.identifier.lower()}
    )
    return wanted.lower() in names


def _test(
    kind: str, name: str, value: str, configuration: Configuration, defaults: Defaults
) -> Callable[[Item], bool]:
    label = _LABELS[kind].get(name.lower())
    _check_value(kind, name, value, label, defaults)
    if label is not None:
        return lambda item: item.attributes[label].lower() == value.lower()
    path = parse_path(name)
    if (
        path.sign
        or path.keys is not None
        or not knows("/".join((_ROOTS[kind], *path.path)), path.attribute, defaults)
    ):
        raise IisError(INVALID_PARAMETER, 'Unknown attribute "{0}".  Replace with -? for help.', name)
    section = _section_of(kind, configuration)
    return lambda item: (
        _value(effective(item.node, section, defaults, _ROOTS[kind]), path.path, path.attribute).lower()
        == value.lower()
    )


def _check_value(kind: str, name: str, value: str, label: str | None, defaults: Defaults) -> None:
    """Refuse a value that no object can have: whether appcmd then lists nothing or fails is not confirmed."""
    path = parse_path(name.removeprefix(f"{kind}."))
    known = canonical("/".join((_ROOTS[kind], *path.path)), path.attribute, defaults)
    wrong = known is not None and not fits(*known, spelled(*known, value))
    if wrong or (label == "state" and value.lower() not in _STATES):
        raise NotEmulatedError(f"list {kind} with a value of {name} that is not of its type")


def _value(node: Node, path: tuple[str, ...], attribute: str) -> str:
    here: Node | None = node
    for part in path:
        here = next((one for one in here.children if one.tag.lower() == part.lower()), None) if here else None
    return next(
        (
            value
            for name, value in (here.attributes if here else {}).items()
            if name.lower() == attribute.lower()
        ),
        "",
    )


def _section_of(kind: str, configuration: Configuration) -> Node | None:
    return configuration.root.find(f"system.applicationHost/{_SECTIONS[kind]}")


def _show(
    item: Item, command: Command, configuration: Configuration, defaults: Defaults, write: Write
) -> None:
    text = command.general.get("text")
    if text and text != "*":
        write(_attribute(item, command, configuration, defaults, text) + output.NEWLINE)
        return
    item.check()
    config = _config(item, command, configuration, defaults)
    if text == "*":
        everything = (
            item.node
            if command.object == "config"
            else effective(
                item.node, _section_of(command.object, configuration), defaults, _ROOTS[command.object]
            )
        )
        write(output.details(item, everything))
    elif "xml" in command.general:
        write(output.element(item, config))
    else:
        write(output.line(item) if config is None else output.config_text(config))


def _config(item: Item, command: Command, configuration: Configuration, defaults: Defaults) -> Node | None:
    if command.object == "config":
        return item.node
    if "config" not in command.general:
        return None
    if command.general["config"] != "*":
        return item.node
    return effective(item.node, _section_of(command.object, configuration), defaults, _ROOTS[command.object])


def _attribute(
    item: Item, command: Command, configuration: Configuration, defaults: Defaults, name: str
) -> str:
    """One attribute of an item, as ``/text:name`` shows it."""
    label = _LABELS.get(command.object, {}).get(name.lower())
    if label is not None:
        if label == "bindings":
            item.check()
        return item.attributes[label]
    if command.object == "config":
        raise UsageError(
            'ERROR ( message:Only "/text:*" is supported for CONFIG objects.  Replace with -? for help. )'
        )
    path = parse_path(name)
    if not knows("/".join((_ROOTS[command.object], *path.path)), path.attribute, defaults):
        raise IisError(INVALID_PARAMETER, 'Unknown attribute "{0}".  Replace with -? for help.', name)
    root = _ROOTS[command.object]
    return _value(
        effective(item.node, _section_of(command.object, configuration), defaults, root),
        path.path,
        path.attribute,
    )


def _section(command: Command, configuration: Configuration) -> Item:
    """``list config /section:sites``: the section's element, named as its path with dashes."""
    name = command.general.get("section", "")
    path = _section_path(configuration.root, name)
    node = configuration.root.find(path) if path else None
    if path is None or node is None:
        raise IisError(INVALID_PARAMETER, 'Unknown config section "{0}".  Replace with -? for help.', name)
    attributes = {
        "CONFIG.SECTION": path,
        "path": "MACHINE/WEBROOT/APPHOST",
        "overrideMode": "Inherit",
        "locked": "false",
    }
    shown = Node(path.replace("/", "-"), node.attributes, node.children)
    return Item("CONFIG", path, (), attributes, shown)


def _section_path(root: Node, name: str) -> str | None:
    """The full path of a section given by its path or by its last name; None where the file has none."""
    for group in root.children:
        for section in group.children if group.tag.startswith("system.") else ():
            if name.lower() in (f"{group.tag}/{section.tag}".lower(), section.tag.lower()):
                return f"{group.tag}/{section.tag}"
    return None
