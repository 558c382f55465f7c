# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A section of the configuration as settings: inherited, defaults filled in, entries by their key.

Where the schema of IIS says what a section may hold, a default that is written out is the same as one that is
left out, and entries are told apart by their keys. Else attributes are taken as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element  # the type alone: parsing is in wsman/xml.py

from ...windows.iis_schema import NOTHING, Described, Entries
from .values import Value, joined, of, secret

# Without a schema: what tells entries apart, tried in this order.
_USUAL_KEYS = ("name", "path", "statusCode", "fileExtension", "value", "key", "users", "ipAddress")
_USUAL = {"add": "add", "remove": "remove", "clear": "clear"}
# Values of these hold what nobody should read in a report: connection strings, keys of services.
_SECRET_ENTRIES = frozenset({"environmentVariables", "connectionStrings", "appSettings"})
_SECRET_VALUES = frozenset({"value", "connectionString"})


@dataclass
class Flat:
    """What a section says.

    Attributes:
        settings: path below the section -> value; an entry of a collection is one setting.
        orders: path of a collection -> keys of its entries in their order.
    """

    settings: dict[str, Value] = field(default_factory=dict)
    orders: dict[str, list[str]] = field(default_factory=dict)


def flatten(described: Described | None, layers: Sequence[Element]) -> Flat:
    """A section from what is written of it at each level, the outermost first.

    Args:
        described: what the schema says of it; None where it says nothing.
        layers: its elements, from the server's own down to that of the place.
    """
    flat = Flat()
    _into(flat, described or _guessed(layers), list(layers), "")
    return flat


def _into(flat: Flat, described: Described, layers: list[Element], path: str) -> None:
    flat.settings.update({f"{path}{name}": value for name, value in _attributes(described, layers)})
    if described.collection is not None:
        entries = _entries(described.collection, layers)
        flat.settings.update({f"{path}{key}": value for key, value in entries.items()})
        flat.orders[path.rstrip("/")] = list(entries)
    for tag, inner in described.elements.items():
        _into(flat, inner, [one for layer in layers for one in layer.findall(tag)], f"{path}{tag}/")
    for name, below in _others(described, layers).items():
        _into(flat, _guessed(below), below, f"{path}{name}/")


def _attributes(described: Described, layers: Sequence[Element]) -> Iterator[tuple[str, Value]]:
    written: dict[str, str] = {}
    for layer in layers:
        written.update(layer.attrib)
    for name, known in described.attributes.items():
        text = written.get(name, known.default)
        if text is None and not known.encrypted:
            text = ""
        yield name, of(known, text or "")
    for name, text in written.items():
        if name not in described.attributes:
            yield name, secret(text) if name == "password" else of(None, text)


def _entries(entries: Entries, layers: Sequence[Element]) -> dict[str, Value]:
    """Entries by key, what was inherited first; ``remove`` and ``clear`` act on what is there by then."""
    found: dict[str, Value] = {}
    for layer in layers:
        for element in layer:
            if element.tag == entries.clear:
                found.clear()
            elif element.tag == entries.remove:
                found.pop(_key(entries, element), None)
            elif element.tag == entries.add:
                found[_key(entries, element)] = _entry(entries, element, hidden=layer.tag in _SECRET_ENTRIES)
    return found


def _key(entries: Entries, element: Element) -> str:
    """What tells an entry apart, as a path's part: without case, as IIS compares keys."""
    defaults = {name: one.default or "" for name, one in entries.entry.attributes.items()}
    keys = entries.keys or tuple(element.attrib)
    values = [element.get(name, defaults.get(name, "")) for name in keys]
    return ",".join(one for one in values if one).casefold() or element.tag


def _entry(entries: Entries, element: Element, *, hidden: bool) -> Value:
    flat = Flat()
    _into(flat, entries.entry, [element], "")
    shown = [
        (name, secret(element.get(name, "")) if hidden and name in _SECRET_VALUES else value)
        for name, value in flat.settings.items()
        if name not in entries.keys
    ]
    return joined(((name, value) for name, value in shown if value.text), otherwise="present")


def _others(described: Described, layers: Sequence[Element]) -> dict[str, list[Element]]:
    """Elements that the schema does not know of, by tag and what tells those of one tag apart."""
    entries = described.collection
    entry = {entries.add, entries.remove, entries.clear} if entries is not None else set()
    found: dict[str, list[Element]] = {}
    for layer in layers:
        taken: set[str] = set()
        for element in layer:
            if element.tag in entry or element.tag in described.elements:
                continue
            key = next((element.get(name, "") for name in _USUAL_KEYS if element.get(name)), "")
            named = f"{element.tag}[{key}]" if key else str(element.tag)
            name = named if named not in taken else f"{named}[{len(taken)}]"
            taken.add(name)
            found.setdefault(name, []).append(element)
    return found


def _guessed(layers: Sequence[Element]) -> Described:
    """What an element without a schema seems to be: a collection where ``add`` is in it."""
    inside = [element for layer in layers for element in layer]
    if not any(element.tag in _USUAL for element in inside):
        return NOTHING
    added = [element for element in inside if element.tag == "add"]
    keys = next(((name,) for name in _USUAL_KEYS if added and _tells_apart(name, layers)), ())
    return Described(collection=Entries(**_USUAL, keys=keys, entry=NOTHING))


def _tells_apart(name: str, layers: Sequence[Element]) -> bool:
    """Every entry has the attribute, and no two of one level the same."""
    for layer in layers:
        values = [one.get(name) for one in layer.findall("add")]
        if None in values or len(set(values)) != len(values):
            return False
    return True
