# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The machine keys of ASP.NET: a ticket or a view state of one node must be valid on the other."""

from __future__ import annotations

from collections.abc import Iterator

from ...windows.twin_reading import Framework
from ..twin import pools_of
from .model import Found, Side, Subject
from .sites import differing
from .values import HIDDEN, Settings, Value, known_by, plain

# What holds where nothing is written: https://learn.microsoft.com/dotnet/api/system.web.configuration.machinekeysection
_DEFAULTS = {
    "validationKey": "AutoGenerate,IsolateApps",
    "decryptionKey": "AutoGenerate,IsolateApps",
    "decryption": "Auto",
}


def frameworks_of(side: Side, name: str) -> tuple[Framework, ...]:
    """The frameworks that the pools of a site run; none for pools without managed code."""
    site = side.site(name)
    found = [
        Framework(pool.runtime, "Framework" if _is_32_bit(pool.element) else "Framework64")
        for pool in (pools_of(site, side.iis) if site is not None and site.has_web else ())
        if pool.runtime
    ]
    return tuple(dict.fromkeys(found))


def machine_keys(here: Side, there: Side, subject: Subject) -> Iterator[Found]:
    """Keys that are written out and algorithms; keys are never shown."""
    for framework in frameworks_of(here, subject.site):
        name = f"machineKey[{framework.runtime} {framework.bits}]"
        for found in differing(_settings(here, framework, subject), _settings(there, framework, subject)):
            yield Found(f"{name}/{found.path}", found.here, found.there)


def generated(here: Side, there: Side, subject: Subject) -> Iterator[str]:
    """A warning where both nodes make keys of their own."""
    for framework in frameworks_of(here, subject.site):
        one, other = (_settings(side, framework, subject)["validationKey"] for side in (here, there))
        if HIDDEN not in (one.text, other.text):
            yield (
                f"{here.node} and {there.node} each generate machine keys of ASP.NET {framework.runtime} of "
                "their own: logins and view states survive no move unless the site's web.config sets them"
            )


def _settings(side: Side, framework: Framework, subject: Subject) -> Settings:
    found: dict[str, Value] = {name: plain(text) for name, text in _DEFAULTS.items()}
    files = side.reading.machine_keys.get(framework, ())
    for key in (keys[path] for path in ("", subject.site.casefold()) for keys in files if path in keys):
        found |= {name: plain(text) for name, text in key.settings.items()}
        found |= {name: known_by(text) for name, text in key.digests.items()}
    return found


def _is_32_bit(element: object) -> bool:
    get = getattr(element, "get", None)
    return get is not None and str(get("enable32BitAppOnWin64", "false")).casefold() == "true"
