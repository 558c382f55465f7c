# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""FTP sites of a node: their run state, which appcmd does not show, start and stop, automatic start.

Source: learn.microsoft.com/iis/configuration/system.applicationhost/sites/site/ftpserver, the attribute
``state`` and the methods ``Start`` and ``Stop``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from ..errors import BadDocument, StandbyError
from ..node import Clock, Node
from ..wsman.xml import parse
from . import iis_command as command
from .calls import ScriptFailed
from .iis_config import UNKNOWN, IisConfiguration, IisSite
from .iis_control import MISSING, Answer, Call, control
from .iis_run import checked

KIND = "ftp"
STARTED, STOPPED = "Started", "Stopped"
# As the methods of ftpServer are spelled: whether they are found without case is documented nowhere.
_METHODS = {"start": "Start", "stop": "Stop"}
# The numbers of the states: Microsoft.Web.Administration gives either.
_NAMES = ("Starting", STARTED, "Stopping", STOPPED, UNKNOWN)
_FIREWALL = "system.ftpServer/firewallSupport"
_PORTS = ("lowDataChannelPort", "highDataChannelPort")
# Pauses in seconds before a state is asked for again that has not come about yet, or a refused call is made
# again: as appcmd's, since the FTP service reads a changed configuration no faster than WAS.
PAUSES = (0.25, 0.5, 1.0, 2.0, 2.0)


def with_states(node: Node, configuration: IisConfiguration) -> IisConfiguration:
    """The configuration with the run state of every FTP site: one start of PowerShell, or none without any.

    A state that cannot be read is Unknown, and the site says why: a node may be read while its FTP service
    is stopped, and while nothing but web sites is protected there.

    Raises:
        StandbyError: the node does not answer.
    """
    names = [site.name for site in configuration.sites if site.has_ftp]
    states = dict(zip(names, _states(node, names), strict=True))
    sites = (_told(site, states.get(site.name)) for site in configuration.sites)
    return replace(configuration, sites=tuple(sites))


def start_site(node: Node, name: str, *, clock: Clock = time) -> None:
    """Start the FTP side of a site; one that is started already stays so.

    Raises:
        StandbyError: it does not start.
    """
    _switch(node, name, "start", STARTED, clock)


def stop_site(node: Node, name: str, *, clock: Clock = time) -> None:
    """Stop the FTP side of a site; one that is stopped already, or does not exist, stays so.

    Raises:
        StandbyError: it does not stop.
    """
    _switch(node, name, "stop", STOPPED, clock)


def set_auto_start(node: Node, name: str, enabled: bool, *, clock: Clock = time) -> None:
    """Say whether Windows starts the FTP side of a site by itself, whenever the FTP service starts.

    Raises:
        IisError: the site does not exist, or appcmd failed; IisMissing.
    """
    setting = f"/ftpServer.serverAutoStart:{'true' if enabled else 'false'}"
    checked(node, command.act("set", command.Kind.SITE, name, setting), _resource(name), clock)


def read_passive_ports(node: Node, *, clock: Clock = time) -> tuple[int, int]:
    """Lowest and highest port of data connections, of all FTP sites of the node; 0 and 0 for any.

    Source: learn.microsoft.com/iis/configuration/system.ftpserver/firewallsupport.

    Raises:
        IisError: the FTP service is not installed, or appcmd failed; IisMissing.
        BadDocument: the answer is malformed.
    """
    arguments = command.list_section(_FIREWALL)
    answer = checked(node, arguments, "FTP firewall support", clock)
    name = f"answer of appcmd {' '.join(arguments)}"
    section = parse(answer.stdout, name).find(f"CONFIG/{_FIREWALL.replace('/', '-')}")
    found = [] if section is None else [section.get(name, "0") for name in _PORTS]
    if len(found) != len(_PORTS) or not all(text.isascii() and text.isdigit() for text in found):
        raise BadDocument(f"{name}: expected two port numbers, found {found or 'no section'}", node=node.name)
    return int(found[0]), int(found[1])


def _states(node: Node, names: Sequence[str]) -> list[Answer]:
    """By the PowerShell that stays, where the node has one."""
    if node.ftp_states is not None:
        found = node.ftp_states(names)
        return [Answer(error=one.problem) if isinstance(one, StandbyError) else Answer(one) for one in found]
    try:
        return control(node, [Call(KIND, name, "state") for name in names])
    except ScriptFailed as failure:
        return [Answer(error=failure.problem)] * len(names)


def _told(site: IisSite, answer: Answer | None) -> IisSite:
    if answer is None:
        return site
    return replace(site, ftp_state=_state(answer), ftp_problem=answer.error.strip().rstrip("."))


def _state(answer: Answer) -> str:
    """The state by its name."""
    text = answer.state.strip()
    if text.isascii() and text.isdigit() and int(text) < len(_NAMES):
        return _NAMES[int(text)]
    return text if text in (*_NAMES, MISSING) else UNKNOWN


def _switch(node: Node, name: str, verb: str, wanted: str, clock: Clock) -> None:
    """Start or stop, and see it done; a refusal counts as success where the state is then as wanted."""
    ask, refusal = verb, ""
    for pause in (*PAUSES, None):
        answer = _ask(node, name, ask)
        if answer.error and ask == verb:
            refusal = answer.error  # it is asked for again
            answer = _ask(node, name, "state")
        else:
            ask, refusal = "state", ""  # what was accepted is waited for
        if _done(answer, wanted):
            return
        if pause is None or _state(answer) == MISSING:
            break
        clock.sleep(pause)
    raise _refused(node, name, verb, refusal, answer)


def _done(found: Answer, wanted: str) -> bool:
    state = _state(found)
    return state == wanted or (wanted == STOPPED and state == MISSING)


def _ask(node: Node, name: str, verb: str) -> Answer:
    (answer,) = control(node, [Call(KIND, name, _METHODS.get(verb, verb))])
    return answer


def _refused(node: Node, name: str, verb: str, refusal: str, found: Answer) -> StandbyError:
    if _state(found) == MISSING:
        return StandbyError(
            "does not exist",
            node=node.name,
            resource=_resource(name),
            remedy="Check the name, letter for letter, with the site_info module",
        )
    why = (refusal or found.error).strip().rstrip(".")
    state = f"it is {_state(found).lower()}"
    return StandbyError(
        f"its FTP service did not {verb}: {state}{f' ({why})' if why else ''}",
        node=node.name,
        resource=_resource(name),
        remedy="Look whether the service FTPSVC runs, and whether another site has its address and port",
    )


def _resource(name: str) -> str:
    return f'site "{name}"'
