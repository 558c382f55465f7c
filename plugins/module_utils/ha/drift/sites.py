# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The site itself: bindings, applications, virtual directories, and what else is set on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element  # the type alone: parsing is in wsman/xml.py

from ...windows.iis_config import Application, Binding, IisSite, VirtualDirectory
from ...windows.iis_schema import Described
from ..bindings import binding_key, shown
from .flatten import flatten
from .model import Found, Side, Subject
from .values import ABSENT, Settings, Value, known_by, plain

_SITES = "system.applicationHost/sites"
# What is compared on its own, by other rules, or is not a part of what a site is.
_APART = frozenset({"bindings", "application", "ftpServer", "siteDefaults"})
_DEFAULTS = frozenset({"applicationDefaults", "virtualDirectoryDefaults"})
_OWN = frozenset({"name", "id", "serverAutoStart", "state"})


def differing(here: Settings, there: Settings) -> Iterator[Found]:
    """Settings that are not the same, in the order of the first node, then of the second."""
    for path in dict.fromkeys((*here, *there)):
        one, other = here.get(path, ABSENT), there.get(path, ABSENT)
        if one.token != other.token and not (ABSENT in (one, other) and not (one.text and other.text)):
            yield Found(path, one, other)


def sites(here: Side, there: Side, subject: Subject) -> Iterator[Found]:
    """Everything about the site but its pools and sections."""
    original, twin = here.site(subject.site), there.site(subject.site)
    if original is None or twin is None:
        return
    yield from differing(bindings_of(original.bindings), bindings_of(twin.bindings))
    yield from differing(_applications(original, here), _applications(twin, there))
    yield from differing(site_settings(original, here), site_settings(twin, there))


def bindings_of(bindings: Sequence[Binding]) -> Settings:
    """Bindings by what IIS tells them apart by, with their flags."""
    return {f"bindings/{binding_key(one)}": _flags(one) for one in bindings}


def _flags(binding: Binding) -> Value:
    if binding.protocol.lower() != "https":
        return plain(shown(binding).partition(" ")[0])
    return plain(f"sslFlags={binding.ssl_flags}")


def _applications(site: IisSite, side: Side) -> Settings:
    found: dict[str, Value] = {}
    for application in site.applications:
        found |= _application(application, side)
    return found


def _application(application: Application, side: Side) -> Settings:
    name = f"applications[{application.path}]"
    protocols = sorted(one.strip().casefold() for one in application.protocols.split(",") if one.strip())
    found = {
        f"{name}/pool": plain(application.pool),
        f"{name}/protocols": plain(",".join(protocols)),
    }
    for directory in application.virtual_directories:
        found |= _directory(f"{name}/directories[{directory.path}]", directory, side)
    return found


def _directory(name: str, directory: VirtualDirectory, side: Side) -> Settings:
    path = directory.physical_path.replace("/", "\\")
    user = side.account(directory.user_name) if directory.user_name else ""
    return {
        f"{name}/physical_path": Value(directory.physical_path, path.rstrip("\\").casefold()),
        f"{name}/user_name": plain(user),
        f"{name}/password": known_by(directory.credential),
    }


def site_settings(site: IisSite, side: Side) -> Settings:
    """Limits, logging and whatever else is set on a site, with defaults filled in; and automatic start."""
    starts = site.auto_start and site.has_web
    found = {"site/serverAutoStart": plain("true")} if starts else {}
    if site.element is None:
        return found
    flat = flatten(_described(side), [_without(site.element)])
    return found | {f"site/{path}": value for path, value in flat.settings.items()}


def _described(side: Side) -> Described | None:
    section = side.section(_SITES)
    if section is None or section.collection is None:
        return None
    entry = section.collection.entry
    return Described(
        {name: one for name, one in entry.attributes.items() if name not in _OWN},
        {name: one for name, one in entry.elements.items() if name not in _APART | _DEFAULTS},
    )


def _without(element: Element) -> Element:
    kept = Element(element.tag, {name: text for name, text in element.attrib.items() if name not in _OWN})
    kept.extend(inner for inner in element if inner.tag not in _APART | _DEFAULTS)
    return kept
