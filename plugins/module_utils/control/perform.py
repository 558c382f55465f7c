# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps of a plan as operations on nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..errors import StandbyError
from ..ha.model import Check
from ..ha.plan import Action, Step
from ..node import Clock, Node
from ..windows import address, deepcheck, disk, iis
from ..windows.failure import about
from .fleet import Fleet
from .mirrors import turn_mirror, wait_in_sync
from .site_services import start, stop

# Seconds an address may take to become usable: three DAD probes one second apart, created again three times.
ADDRESS_TIMEOUT = 20.0
# Seconds the volumes of a disk may take to be mounted after it came online (an unclean one is checked first).
MOUNT_TIMEOUT = 30.0
# A site that was just started compiles and loads on its first request.
VERIFY_ATTEMPTS = 3
VERIFY_PAUSE = 0.5
# A warm site answers as soon as its address is there, or not at all before it is started again. One that
# takes the request and lets it wait has been reached: its application may just be loading.
WAKE_ATTEMPTS = 3
WAKE_PAUSE = 0.1
WAKE_TIMEOUT = 2.0


def performer(fleet: Fleet, clock: Clock) -> Callable[[Step], None]:
    """What carries out one step, on a session of its own; it may be called from many threads."""

    def perform(step: Step) -> None:
        if step.action is Action.VERIFY:
            _verify(step, clock)
            return
        with fleet.lease(step.node) as node:
            operate(node, step, clock)

    return perform


def operate(node: Node, step: Step, clock: Clock) -> None:
    """Carry out a step that needs its node.

    An address that is added has ``lifetime`` among its arguments where it is to live no longer than a lease:
    a function that gives the timedelta last thing before each call, and raises StandbyError where the address
    must not be added any more.
    """
    _OPERATIONS[step.action](node, step, clock)


def _verify(step: Step, clock: Clock) -> None:
    check = step.arguments["check"]
    for last in (*[False] * (VERIFY_ATTEMPTS - 1), True):
        verdict = deepcheck.run_check(check)
        if verdict.healthy:
            return
        if not last:
            clock.sleep(VERIFY_PAUSE)
    raise StandbyError(
        f"the deep check of {check.url} failed: {verdict.sentence.rstrip('.')}",
        node=step.node,
        resource=step.resource,
        remedy="Look at the site's log and the application event log on the node; the check runs on the "
        "controller, which must reach the address",
    )


def _stop_site(node: Node, step: Step, clock: Clock) -> None:
    stop(node, step.arguments["type"], step.arguments["name"], clock)


def _start_site(node: Node, step: Step, clock: Clock) -> None:
    start(node, step.arguments["type"], step.arguments["name"], clock)


def _wake_site(node: Node, step: Step, clock: Clock) -> None:
    if all(_reached(check, clock) for check in step.arguments["checks"]) and step.arguments["checks"]:
        return
    _stop_site(node, step, clock)
    _start_site(node, step, clock)


def _reached(check: Check, clock: Clock) -> bool:
    """Whether a site answers a request of a deep check, whatever is on its page, or lets it wait."""
    seconds = min(check.timeout, WAKE_TIMEOUT)
    request = replace(check, timeout=seconds, body=None, latency=None, verify=False, certificate_days=None)
    for last in (*[False] * (WAKE_ATTEMPTS - 1), True):
        verdict = deepcheck.run_check(request)
        if verdict.healthy or verdict.seconds >= seconds:
            return True
        if not last:
            clock.sleep(WAKE_PAUSE)
    return False


def _stop_pool(node: Node, step: Step, clock: Clock) -> None:
    iis.stop_pool(node, step.arguments["name"], clock=clock)


def _start_pool(node: Node, step: Step, clock: Clock) -> None:
    iis.start_pool(node, step.arguments["name"], clock=clock)


def _remove_address(node: Node, step: Step, clock: Clock) -> None:
    address.remove_address(node, step.arguments["address"], clock=clock)


def _add_address(node: Node, step: Step, clock: Clock) -> None:
    wanted = step.arguments
    place = (wanted["address"], wanted["prefix"], wanted["index"])
    address.add_address(node, *place, valid_lifetime=wanted.get("lifetime"), clock=clock)


def _wait_address(node: Node, step: Step, clock: Clock) -> None:
    wanted = step.arguments
    place = (wanted["address"], wanted["prefix"], wanted["index"])
    address.wait_preferred(node, *place, clock, ADDRESS_TIMEOUT, lifetime=wanted.get("lifetime"))


def _known_disk(node: Node, step: Step) -> disk.Disk:
    """The disk as it is now: its number may have changed since the facts were read."""
    with about(node, step.resource):
        found = disk.find_disk(disk.read_disks(node), step.arguments["disk"])
    if found is None:
        raise StandbyError(
            f"the disk {step.arguments['disk']} is not visible",
            node=node.name,
            resource=step.resource,
            remedy="Connect the shared disk to this node and rescan (Update-HostStorageCache)",
        )
    return found


def _offline_disk(node: Node, step: Step, clock: Clock) -> None:
    disk.take_offline(node, _known_disk(node, step), clock=clock)


def _online_disk(node: Node, step: Step, clock: Clock) -> None:
    wanted = _known_disk(node, step)
    disk.bring_online(node, wanted, clock=clock)
    for path in step.arguments["paths"]:
        disk.wait_access_path(node, path, clock, MOUNT_TIMEOUT)
    disk.require_usable(node, wanted)


def _wait_mirror(node: Node, step: Step, clock: Clock) -> None:
    wait_in_sync(node, step.arguments["volume"], clock)


def _turn_mirror(node: Node, step: Step, clock: Clock) -> None:
    turn_mirror(node, step.arguments["volume"], clock, promote=step.arguments["promote"])


_OPERATIONS: dict[Action, Callable[[Node, Step, Clock], None]] = {
    Action.STOP_SITE: _stop_site,
    Action.START_SITE: _start_site,
    Action.WAKE_SITE: _wake_site,
    Action.STOP_POOL: _stop_pool,
    Action.START_POOL: _start_pool,
    Action.REMOVE_ADDRESS: _remove_address,
    Action.ADD_ADDRESS: _add_address,
    Action.WAIT_ADDRESS: _wait_address,
    Action.OFFLINE_DISK: _offline_disk,
    Action.ONLINE_DISK: _online_disk,
    Action.WAIT_MIRROR: _wait_mirror,
    Action.TURN_MIRROR: _turn_mirror,
}
