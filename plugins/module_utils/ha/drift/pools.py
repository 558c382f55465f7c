# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The application pools of a site: identity, runtime, pipeline, recycling and the rest."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element  # the type alone: parsing is in wsman/xml.py

from ...windows.iis_config import Pool
from ..twin import pools_of
from .flatten import flatten
from .model import Found, Side, Subject
from .sites import differing
from .values import Settings, known_by, plain

_POOLS = "system.applicationHost/applicationPools"
# Taken from what was understood of the pool, inherited as it is.
_UNDERSTOOD = frozenset({"name", "state", "managedRuntimeVersion", "managedPipelineMode", "autoStart"})
_IDENTITY = frozenset({"identityType", "userName", "password"})


def pools(here: Side, there: Side, subject: Subject) -> Iterator[Found]:
    """Every pool that the original uses; one that is missing is one difference."""
    original = here.site(subject.site)
    for pool in pools_of(original, here.iis) if original is not None else ():
        twin = there.pool(pool.name)
        if twin is None:
            yield Found(f"pools[{pool.name}]", here=plain("present"))
            continue
        for found in differing(pool_settings(pool, here), pool_settings(twin, there)):
            yield Found(f"pools[{pool.name}]/{found.path}", found.here, found.there)


def pool_settings(pool: Pool, side: Side) -> Settings:
    """What is set on a pool, with defaults filled in."""
    user = side.account(pool.identity) if "\\" in pool.identity else pool.identity
    own = {
        "managedRuntimeVersion": plain(pool.runtime),
        "managedPipelineMode": plain(pool.pipeline),
        "autoStart": plain(str(pool.auto_start).lower()),
        "processModel/identity": plain(user),
        "processModel/password": known_by(pool.credential),
    }
    if pool.element is None:
        return own
    section = side.section(_POOLS)
    described = section.collection.entry if section is not None and section.collection is not None else None
    flat = flatten(described, [_without(pool.element)])
    skipped = {*_UNDERSTOOD, *(f"processModel/{name}" for name in _IDENTITY)}
    return own | {path: value for path, value in flat.settings.items() if path not in skipped}


def _without(element: Element) -> Element:
    kept = Element(
        element.tag, {name: text for name, text in element.attrib.items() if name not in _UNDERSTOOD}
    )
    for inner in element:
        if inner.tag != "processModel":
            kept.append(inner)
            continue
        process = Element(inner.tag, {name: text for name, text in inner.items() if name not in _IDENTITY})
        process.extend(inner)
        kept.append(process)
    return kept
