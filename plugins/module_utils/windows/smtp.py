# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SMTP virtual servers of a node: state and settings over CIM, started and stopped by ``iis_control.ps1``.

IIsSmtpServer and IIsSmtpServerSetting of ``root/MicrosoftIISv2`` (IIS 6 WMI Compatibility). Starting a
virtual server sets its ServerAutoStart, stopping it clears it (IIS 6.0 SDK, ServerAutoStart).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from ..errors import CimError, StandbyError
from ..node import ClassPath, Clock, Instance, Node, Value
from .failure import about
from .iis_config import Binding, IisConfiguration, IisSite
from .iis_control import Call, control
from .service import STOPPED as SERVICE_STOPPED
from .service import Service, read_services
from .smtp_settings import STARTED, STATE_DEFAULT, STATES, STOPPED, SmtpServer, changes_of, server_of
from .waiting import attempts

IIS_SMTP_SERVER = ClassPath("root/MicrosoftIISv2", "IIsSmtpServer")
IIS_SMTP_SERVER_SETTING = ClassPath("root/MicrosoftIISv2", "IIsSmtpServerSetting")

KIND = PROTOCOL = "smtp"
SERVICE = "SMTPSVC"
# As the methods of the ADSI object are spelled.
_METHODS = {"start": "Start", "stop": "Stop"}
# Seconds until a virtual server has started or stopped.
SWITCH_TIMEOUT = 30.0
# Seconds until a setting that was put is read back.
SETTING_TIMEOUT = 5.0

# WBEM_E_INVALID_NAMESPACE, WBEM_E_INVALID_CLASS; DSP0200 status codes of the same.
_NO_CLASS = frozenset({0x8004100E, 0x80041010})
_NO_CLASS_STATUS = frozenset({3, 5})


class SmtpMissing(StandbyError):
    """The node has no SMTP Server, or nothing that shows it."""


def read_servers(node: Node) -> tuple[SmtpServer, ...]:
    """Every SMTP virtual server with its state and settings, in the order of their numbers; two round trips.

    Raises:
        SmtpMissing: the node has no SMTP Server, or IIS 6 WMI Compatibility is not installed.
        BadDocument: an answer cannot be read.
    """
    states = _states(node)
    with about(node, "SMTP virtual servers"):
        settings = node.cim.enumerate(IIS_SMTP_SERVER_SETTING)
    found = (server_of(item, states.get(_key(item), "")) for item in settings)
    return tuple(sorted(found, key=lambda one: one.number))


def with_servers(
    node: Node, configuration: IisConfiguration, services: Mapping[str, Service] | None = None
) -> IisConfiguration:
    """The configuration with the SMTP virtual servers of the node as sites, after those of IIS.

    A virtual server is called by its comment, or by its path where something else is called so. Why they
    cannot be read, where the SMTP service is there, is kept with the configuration: nothing else may depend
    on classes that are this old.

    Args:
        node: where.
        configuration: of IIS.
        services: of the node where they were read already, with the SMTP service where there is one.
    """
    known = read_services(node, [SERVICE]) if services is None else services
    if SERVICE not in known:
        return configuration
    try:
        servers = read_servers(node)
    except StandbyError as failure:
        return replace(configuration, smtp_problem=str(failure))
    taken = Counter(site.name.casefold() for site in configuration.sites)
    taken.update(one.comment.casefold() for one in servers)
    sites = (_site(one, one.path if taken[one.comment.casefold()] > 1 else one.name) for one in servers)
    return replace(configuration, sites=(*configuration.sites, *sites))


def find_server(servers: tuple[SmtpServer, ...], name: str) -> SmtpServer | None:
    """The virtual server of that name: its comment, or ``SmtpSvc/1``; None where there is none.

    Raises:
        StandbyError: several have it.
    """
    found = [one for one in servers if name in (one.comment, one.path)]
    if len(found) > 1:
        paths = ", ".join(one.path for one in found)
        raise StandbyError(
            f"several SMTP virtual servers have this name: {paths}",
            resource=_resource(name),
            remedy="Give each a name of its own in the IIS 6 console, or name one by its path",
        )
    return found[0] if found else None


def start_site(node: Node, name: str, *, clock: Clock = time) -> None:
    """Start a virtual server; one that is started already stays so. Windows will not start it by itself.

    Raises:
        StandbyError: it does not start; SmtpMissing.
    """
    with about(node, _resource(name)):
        server = _existing(node, name)
        if server.state != STARTED:
            _switch(node, server, "start", STARTED, clock)
        # Windows has set it: after a restart of the service, or of the node, it would start here again.
        _put(node, server, {"ServerAutoStart": False}, clock)


def stop_site(node: Node, name: str, *, clock: Clock = time) -> None:
    """Stop a virtual server; one that is stopped already, or does not exist, stays so.

    Raises:
        StandbyError: it does not stop; SmtpMissing where the SMTP service runs and nothing shows what of it.
    """
    with about(node, _resource(name)):
        try:
            server = find_server(read_servers(node), name)
        except SmtpMissing:
            service = read_services(node, [SERVICE]).get(SERVICE)
            if service is None or service.state == SERVICE_STOPPED:
                return
            raise
        if server is not None and server.state != STOPPED:
            _switch(node, server, "stop", STOPPED, clock)


def set_auto_start(node: Node, name: str, enabled: bool, *, clock: Clock = time) -> None:
    """Say whether Windows starts a virtual server by itself, whenever the SMTP service starts.

    Raises:
        StandbyError: it does not exist, or it cannot be set; SmtpMissing.
    """
    with about(node, _resource(name)):
        _put(node, _existing(node, name), {"ServerAutoStart": enabled}, clock)


def write_settings(node: Node, name: str, model: SmtpServer, *, clock: Clock = time) -> tuple[str, ...]:
    """Give a virtual server the settings of its model on another node.

    Returns:
        The names of the settings that were changed.

    Raises:
        StandbyError: it does not exist, or they cannot be set; SmtpMissing.
    """
    with about(node, _resource(name)):
        server = _existing(node, name)
        wanted = changes_of(server, model)
        _put(node, server, wanted, clock)
        return tuple(wanted)


def _site(server: SmtpServer, name: str) -> IisSite:
    return IisSite(
        name=name,
        id=server.number,
        auto_start=server.auto_start,
        state=server.state,
        bindings=tuple(Binding(PROTOCOL, one) for one in server.bindings),
        smtp=server,
    )


def _existing(node: Node, name: str) -> SmtpServer:
    server = find_server(read_servers(node), name)
    if server is None:
        raise StandbyError(
            "does not exist", remedy="Check the name, letter for letter, with the site_info module"
        )
    return server


def _states(node: Node) -> Mapping[str, str]:
    with about(node, "SMTP virtual servers"):
        try:
            found = node.cim.enumerate(IIS_SMTP_SERVER)
        except CimError as failure:
            if failure.cim_status not in _NO_CLASS_STATUS and failure.provider_code not in _NO_CLASS:
                raise
            raise SmtpMissing(
                "there is no class for SMTP virtual servers",
                remedy="Install the Windows features SMTP-Server and Web-WMI on the node",
            ) from failure
    return MappingProxyType(
        {_key(item): STATES.get(item.number("ServerState", STATE_DEFAULT), "") for item in found}
    )


def _state(node: Node, server: SmtpServer) -> str:
    return _states(node).get(server.path.casefold(), "")


def _switch(node: Node, server: SmtpServer, verb: str, wanted: str, clock: Clock) -> None:
    """Start or stop, and see it done; a refusal counts as success where the state is then as wanted."""
    (answer,) = control(node, [Call(KIND, server.path, _METHODS[verb])])
    state = ""
    for _elapsed in attempts(clock, 0.0 if answer.error else SWITCH_TIMEOUT):
        state = _state(node, server)
        if state == wanted:
            return
    why = f" ({answer.error.strip().rstrip('.')})" if answer.error.strip() else ""
    raise StandbyError(
        f"the SMTP virtual server did not {verb}: it is {state.lower() or 'gone'}{why}",
        remedy=f"Look whether the service {SERVICE} runs, whether its queue directory is there, and whether "
        "another server has its address and port",
    )


def _put(node: Node, server: SmtpServer, wanted: Mapping[str, Value], clock: Clock) -> None:
    """Change settings and read all of them back: what a Put leaves out may be kept or not."""
    if not wanted:
        return
    if server.reference is None:
        raise StandbyError(
            f"{', '.join(wanted)} cannot be set: the answer of Windows does not say which instance it is",
            remedy="Set it in the IIS 6 console on the node, and run again",
        )
    missing = dict(wanted)
    for _elapsed in attempts(clock, SETTING_TIMEOUT):
        found = node.cim.get(server.reference)
        missing = {name: value for name, value in wanted.items() if not _holds(found, name, value)}
        if not missing:
            _refuse_others(server, found, wanted)
            return
        node.cim.modify(server.reference, missing)
    raise StandbyError(
        f"Windows does not keep {', '.join(missing)}",
        remedy="Set it in the IIS 6 console on the node, and run again",
    )


def _refuse_others(server: SmtpServer, found: Instance | None, wanted: Mapping[str, Value]) -> None:
    changed = set(changes_of(server_of(found, ""), server)) - set(wanted) if found is not None else set()
    if changed:
        raise StandbyError(
            f"setting {', '.join(wanted)} has changed {', '.join(sorted(changed))} as well",
            remedy="Correct the virtual server in the IIS 6 console on the node, and report this",
        )


def _holds(found: Instance | None, name: str, value: Value) -> bool:
    """Whether a setting has a value; compared as the driver reads it."""
    if found is None:
        return False
    if isinstance(value, bool):
        return found.flag(name) is value
    return (
        changes_of(server_of(found, ""), server_of(Instance("", {**found.properties, name: value}), "")) == {}
    )


def _key(item: Instance) -> str:
    return item.text("Name").casefold()


def _resource(name: str) -> str:
    return f'site "{name}"'
