# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whom agents tell of what happens, as options of the module ``agent``. What may be secret goes to files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..agent.notifications import URL, url_problem
from ..errors import StandbyError

WEBHOOK_SPEC: dict[str, Any] = {
    "url": {"type": "str", "required": True, "no_log": True},
    "headers": {"type": "list", "elements": "str", "no_log": True},
    "ca_file": {"type": "path"},
}
NOTIFICATIONS_SPEC: dict[str, Any] = {
    "event_log": {"type": "bool", "default": True},
    "webhooks": {"type": "list", "elements": "dict", "options": WEBHOOK_SPEC},
    "commands": {"type": "list", "elements": "list"},
    "quiet": {"type": "float", "default": 300.0},
}
_URL, _HEADERS, _CA = "url_file", "headers_file", "ca_file"


def settings_of(given: Mapping[str, Any] | None, home: str) -> dict[str, Any] | None:
    """Notifications as the settings of an agent have them; None where nothing was given.

    Args:
        given: the option.
        home: the agent's folder, in which the files of ``files_of`` lie.

    Raises:
        StandbyError: a webhook makes no sense. What it holds is not told.
    """
    if given is None:
        return None
    webhooks = given["webhooks"] or []
    for number, one in enumerate(webhooks, start=1):
        _check(number, one)
    return {
        "event_log": given["event_log"],
        "quiet": given["quiet"],
        "commands": [[str(word) for word in one] for one in given["commands"] or []],
        "webhooks": [
            {"url": None, **dict.fromkeys((_URL, _HEADERS, _CA)), **_named(number, one, home)}
            for number, one in enumerate(webhooks, start=1)
        ],
    }


def files_of(given: Mapping[str, Any] | None, read: Callable[[str], bytes]) -> dict[str, bytes]:
    """Files of an agent's home by name: URLs, headers, authorities."""
    found: dict[str, bytes] = {}
    for number, one in enumerate((given or {}).get("webhooks") or [], start=1):
        names = _names(number, one)
        found[names[_URL]] = f"{one['url']}\n".encode()
        if one["headers"]:
            found[names[_HEADERS]] = "".join(f"{line}\n" for line in one["headers"]).encode()
        if one["ca_file"] is not None:
            found[names[_CA]] = read(one["ca_file"])
    return found


def _named(number: int, one: Mapping[str, Any], home: str) -> dict[str, str]:
    return {option: f"{home}\\{name}" for option, name in _names(number, one).items()}


def _names(number: int, one: Mapping[str, Any]) -> dict[str, str]:
    """The files that a webhook has, by the setting that names them."""
    names = {_URL: f"webhook_{number}.url"}
    if one["headers"]:
        names[_HEADERS] = f"webhook_{number}.headers"
    if one["ca_file"] is not None:
        names[_CA] = f"webhook_{number}_ca.pem"
    return names


def _check(number: int, one: Mapping[str, Any]) -> None:
    if problem := url_problem(one["url"]):
        raise StandbyError(f"the URL of webhook {number} {problem}", remedy=URL)
    if one["headers"] and urlsplit(one["url"]).scheme != "https":
        raise StandbyError(
            f"the headers of webhook {number} would be sent unprotected", remedy="Give an https URL"
        )
