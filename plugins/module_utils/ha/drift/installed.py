# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is installed: native modules of IIS, features of Windows."""

from __future__ import annotations

from collections.abc import Iterator

from ...windows.host_config import SERVER
from .flatten import flatten
from .model import Found, Side, Subject
from .sites import differing
from .values import Settings, plain

_MODULES = "system.webServer/globalModules"
_PRESENT = plain("installed")


def modules(here: Side, there: Side, subject: Subject) -> Iterator[Found]:
    """Native modules by name, with the file each is loaded from."""
    original = here.site(subject.site)
    if original is None or not original.has_web:
        return
    for found in differing(_modules(here), _modules(there)):
        yield Found(f"modules/{found.path}", found.here, found.there)


def features(here: Side, there: Side, subject: Subject) -> Iterator[Found]:
    """Features of Windows that concern web servers."""
    del subject
    if here.features and there.features:
        for name in sorted(here.features - there.features):
            yield Found(f"features/{name}", here=_PRESENT)
        for name in sorted(there.features - here.features):
            yield Found(f"features/{name}", there=_PRESENT)


def _modules(side: Side) -> Settings:
    layers = list(side.reading.host.at(SERVER).get(_MODULES, ()))
    return flatten(side.section(_MODULES), layers).settings
