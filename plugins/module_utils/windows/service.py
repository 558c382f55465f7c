# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows services: Win32_Service of ``root/cimv2``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import MethodError, StandbyError
from ..node import ClassPath, Clock, Instance, Node, Reference, Value
from .failure import about
from .waiting import attempts

WIN32_SERVICE = ClassPath("root/cimv2", "Win32_Service")

RUNNING = "Running"
STOPPED = "Stopped"
DISABLED = "Disabled"  # Win32_Service.StartMode

_ALREADY_RUNNING = 10
_NOT_ACTIVE = 6
_CANNOT_ACCEPT = 5  # starting, stopping or stopped: what it becomes is read
# Return codes of StartService, StopService and ChangeStartMode (Win32_Service).
_CODES: Mapping[int, str] = {
    1: "not supported",
    2: "access denied",
    3: "services that depend on it are running",
    4: "invalid service control",
    _CANNOT_ACCEPT: "the service cannot accept control in its present state",
    _NOT_ACTIVE: "the service has not been started",
    7: "the service did not respond in time",
    8: "unknown failure when starting the service",
    9: "its program was not found",
    _ALREADY_RUNNING: "the service is already running",
    11: "the service database is locked",
    12: "a service it depends on has been removed",
    13: "a service it depends on failed",
    14: "the service is disabled",
    15: "its account could not log on",
    16: "the service is marked for deletion",
    17: "the service has no thread",
    18: "it depends on itself in a circle",
    19: "another service of that name is running",
    20: "invalid name",
    21: "invalid parameter",
    22: "its account is invalid or lacks rights",
    23: "the service exists",
    24: "the service is paused",
}
# Win32_Service.StartMode as read -> as ChangeStartMode wants it.
_START_MODES = {"Auto": "Automatic", "Manual": "Manual", DISABLED: "Disabled"}


@dataclass(frozen=True)
class Service:
    """A service.

    Attributes:
        name: its short name, such as ``W3SVC``.
        state: ``Running``, ``Stopped``, ``Start Pending``, ``Stop Pending``, ``Paused`` ...
        start_mode: ``Auto``, ``Manual`` or ``Disabled`` (drivers: ``Boot``, ``System``).
        reference: the instance.
    """

    name: str
    state: str
    start_mode: str
    reference: Reference | None = field(default=None, compare=False, repr=False)


def read_services(node: Node, names: Iterable[str]) -> dict[str, Service]:
    """The services of these names, by the name asked for; one that does not exist is left out."""
    wanted = {name.casefold(): name for name in names}
    if not wanted:
        return {}
    where = " OR ".join(f"Name='{_wql(name)}'" for name in wanted.values())
    query = f"SELECT * FROM Win32_Service WHERE {where}"  # noqa: S608 - WQL, and the names are escaped
    with about(node, f"services {', '.join(wanted.values())}"):
        found = node.cim.enumerate(WIN32_SERVICE, query=query)
    services = [_service(item) for item in found]
    return {wanted[each.name.casefold()]: each for each in services if each.name.casefold() in wanted}


def start_service(node: Node, name: str, clock: Clock, timeout: float = 30.0) -> None:
    """Start a service and wait until it runs; success too where it is running.

    Raises:
        StandbyError: no such service, Windows refused, or it does not run within ``timeout`` seconds.
    """
    with about(node, f"service {name}", f"Look at the system event log on {node.name}"):
        service = _existing(node, name)
        if service.state != RUNNING:
            _invoke(node, service, "StartService", (_ALREADY_RUNNING, _CANNOT_ACCEPT))
            _wait(node, name, RUNNING, clock, timeout)


def stop_service(node: Node, name: str, clock: Clock, timeout: float = 30.0) -> None:
    """Stop a service and wait until it has stopped; success too where it is stopped.

    Raises:
        StandbyError: no such service, a dependent one runs, or it has not stopped within ``timeout`` seconds.
    """
    with about(node, f"service {name}", f"Look at the services that depend on it on {node.name}"):
        service = _existing(node, name)
        if service.state != STOPPED:
            _invoke(node, service, "StopService", (_NOT_ACTIVE, _CANNOT_ACCEPT))
            _wait(node, name, STOPPED, clock, timeout)


def set_start_mode(node: Node, name: str, start_mode: str) -> None:
    """Set how a service starts.

    Args:
        node: where.
        name: short name.
        start_mode: ``Auto``, ``Manual`` or ``Disabled``, as read_services gives it.
    """
    with about(node, f"service {name}"):
        service = _existing(node, name)
        if service.start_mode != start_mode:
            _invoke(node, service, "ChangeStartMode", (), {"StartMode": _START_MODES[start_mode]})


def _existing(node: Node, name: str) -> Service:
    found = read_services(node, [name])
    if name not in found:
        raise StandbyError("no such service", remedy="Install the Windows feature that brings it")
    return found[name]


def _invoke(
    node: Node,
    service: Service,
    method: str,
    tolerated: tuple[int, ...],
    arguments: Mapping[str, Value] | None = None,
) -> None:
    if service.reference is None:
        raise StandbyError("Win32_Service came without an endpoint reference")
    try:
        node.cim.invoke(service.reference, method, arguments, codes=_CODES)
    except MethodError as failure:
        if failure.code not in tolerated:
            raise


def _wait(node: Node, name: str, state: str, clock: Clock, timeout: float) -> None:
    found = ""
    for _elapsed in attempts(clock, timeout):
        found = _existing(node, name).state
        if found == state:
            return
    raise StandbyError(f"the service is {found} {timeout:g} s after it should be {state}")


def _service(item: Instance) -> Service:
    return Service(item.text("Name"), item.text("State"), item.text("StartMode"), item.reference)


def _wql(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
