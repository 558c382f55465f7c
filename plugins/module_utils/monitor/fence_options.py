# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fences of nodes, as the option ``fences`` of the module ``agent``. Secrets go to files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..agent.bmc import Login
from ..agent.fence_providers import COMMAND, MANUAL, REDFISH
from ..errors import StandbyError

# What Ansible shows in place of an option that is not to be logged.
HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
# Texts that are shorter are not hidden in what the module says: they are part of too many words.
_SHORT = 8
_OPTIONS: Mapping[str, frozenset[str]] = {
    COMMAND: frozenset({"command"}),
    REDFISH: frozenset({"url", "system", "user", "password", "login", "ca_file", "verify", "verify_name"}),
    MANUAL: frozenset(),
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    COMMAND: ("command",),
    REDFISH: ("url", "system", "user", "password"),
    MANUAL: (),
}
_MAY_BE_SECRET = ("password", "command")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def fences_of(given: Mapping[str, Any] | None, home: str) -> dict[str, Any]:
    """Fences as the settings of an agent have them: ``fences``, ``bmcs`` and ``manual``, where there are any.

    Args:
        given: the option: node to a command line, to ``manual``, or to a dictionary with ``provider``.
        home: the agent's folder, in which the files of ``files_of`` lie.

    Raises:
        StandbyError: one makes no sense; the message names node, option, and what is expected.
    """
    found: dict[str, dict[str, Any]] = {COMMAND: {}, REDFISH: {}, MANUAL: {}}
    for node, provider, options in _declared(given):
        if provider == COMMAND:
            found[COMMAND][node] = [str(word) for word in options["command"]]
        else:
            found[provider][node] = _bmc(node, options, home) if provider == REDFISH else None
    made = {"fences": found[COMMAND], "bmcs": found[REDFISH], "manual": sorted(found[MANUAL])}
    return {name: one for name, one in made.items() if one}


def files_of(given: Mapping[str, Any] | None, read: Callable[[str], bytes]) -> dict[str, bytes]:
    """Files of an agent's home by name: passwords and authorities of controllers."""
    found: dict[str, bytes] = {}
    for node, provider, options in _declared(given):
        if provider == REDFISH:
            found[_password(node)] = f"{options['password']}\n".encode()
            if options.get("ca_file") is not None:
                found[_authorities(node)] = read(str(options["ca_file"]))
    return found


def shown(given: Mapping[str, Any] | None) -> dict[str, str] | None:
    """The option as ``-vvv`` may show it: nodes alone."""
    return None if given is None else dict.fromkeys(given, HIDDEN)


def harmless(given: Mapping[str, Any] | None) -> set[str]:
    """Texts of fences that messages may hold: no passwords, and of programs no arguments but short ones."""
    found: set[str] = set()
    secret: set[str] = set()
    for node, one in (given or {}).items():
        options: Mapping[str, Any] = one if isinstance(one, Mapping) else {"command": one}
        found |= {str(node), *(str(value) for name, value in options.items() if name not in _MAY_BE_SECRET)}
        secret.add(str(options.get("password")))
        command = options.get("command")
        if isinstance(command, list) and command:
            found |= {str(command[0]), *(word for word in map(str, command) if len(word) < _SHORT)}
        elif command == MANUAL:
            found.add(MANUAL)
    return found - secret


def has_controllers(given: Mapping[str, Any] | None) -> bool:
    """A controller is among them, which can be asked whether it answers."""
    return any(provider == REDFISH for _node, provider, _options in _declared(given))


def _declared(given: Mapping[str, Any] | None) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Node, provider and options of every fence.

    Raises:
        StandbyError: one makes no sense.
    """
    for node, one in (given or {}).items():
        if isinstance(one, list):
            yield str(node), COMMAND, {"command": one}
        elif one == MANUAL:
            yield str(node), MANUAL, {}
        elif isinstance(one, Mapping):
            yield str(node), *_whole(str(node), one)
        else:
            raise StandbyError(
                f"the fence of {node} is no command line, no dictionary, and not {MANUAL!r}",
                remedy="Give a list (a program and its arguments), manual, or a dictionary with provider",
            )


def _whole(node: str, one: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    provider = str(one.get("provider", ""))
    if provider not in _OPTIONS:
        raise StandbyError(
            f"the fence of {node} has provider {provider!r}", remedy=f"Give one of {', '.join(_OPTIONS)}"
        )
    options = {name: value for name, value in one.items() if name != "provider" and value is not None}
    if strange := sorted(set(options) - _OPTIONS[provider]):
        known = ", ".join(sorted(_OPTIONS[provider])) or "none"
        raise StandbyError(
            f"the fence of {node} has {strange[0]!r}, which {provider} does not know",
            remedy=f"It has the options {known}",
        )
    if missing := [name for name in _NEEDED[provider] if options.get(name) in (None, "")]:
        raise StandbyError(
            f"the fence of {node} has no {missing[0]}",
            remedy=f"{provider} needs {', '.join(_NEEDED[provider])}",
        )
    if provider == COMMAND and not isinstance(options["command"], list):
        raise StandbyError(
            f"the command of the fence of {node} is no list", remedy="Give a program, and arguments"
        )
    return provider, options


def _bmc(node: str, options: Mapping[str, Any], home: str) -> dict[str, Any]:
    login = str(options.get("login", Login.BASIC.value))
    if login not in {one.value for one in Login}:
        raise StandbyError(f"the fence of {node} has login {login!r}", remedy="Give basic or session")
    return {
        "url": str(options["url"]),
        "system": str(options["system"]),
        "user": str(options["user"]),
        "password_file": f"{home}\\{_password(node)}",
        "login": login,
        "ca_file": None if options.get("ca_file") is None else f"{home}\\{_authorities(node)}",
        **{name: _flag(node, name, options.get(name, True)) for name in ("verify", "verify_name")},
    }


def _flag(node: str, name: str, value: object) -> bool:
    """Command lines and templates give flags as text."""
    text = str(value).lower()
    if text not in (*_TRUE, *_FALSE):
        raise StandbyError(f"the fence of {node} has {name} {value!r}", remedy="Give true or false")
    return text in _TRUE


def _password(node: str) -> str:
    return f"fence_{_name(node)}.password"


def _authorities(node: str) -> str:
    return f"fence_{_name(node)}_ca.pem"


def _name(node: str) -> str:
    """A file name that no other node has, whatever an inventory calls it."""
    return hashlib.sha256(node.encode("utf-8")).hexdigest()[:12]
