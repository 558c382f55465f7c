# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that can be set on a lab node, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FaultKind:
    """What a fault does and the parameters it takes (name -> what it means).

    Attributes:
        required: names that must be given; the others are optional.
    """

    meaning: str
    parameters: Mapping[str, str]
    required: frozenset[str] = frozenset()


def _kind(meaning: str, *required: str, **parameters: str) -> FaultKind:
    return FaultKind(meaning, parameters, frozenset(required))


KINDS: dict[str, FaultKind] = {
    "nic": _kind(
        "the network cable of an adapter is out",
        alias="the adapter; every adapter where not given",
        management="true: WinRM stays reachable all the same, as over a second network",
    ),
    "partition": _kind(
        "the node neither hears nor is heard by its peers",
        peers="nodes and alien hosts with commas, `controller` for WinRM; all but that where not given",
    ),
    "link": _kind(
        "a link of the node's processes is cut, slow, lossy; connections only, addresses know nothing of it",
        to="nodes with commas: what this node asks of them does not arrive",
        **{"from": "nodes with commas: what they ask of this node does not arrive"},
        seconds="the link is not cut, every message takes so much longer",
        loss="the link is not cut, this share of all messages (0 to 1) is lost and sent again, by TCP",
    ),
    "witness": _kind(
        "the node's way to the server of a witness: its share, and connections to its address",
        "action",
        action="cut, slow, or full (nothing more can be written to the share)",
        witness="its name; every one where not given",
        seconds="how long every call or message takes when it is slow; 1 else",
        timeout="seconds after which a call on a server that is cut off fails; 5 else",
    ),
    "agent": _kind(
        "a task's real process is struck, at once; kill and hang are not undone by clearing",
        "action",
        action="kill, hang or resume",
        task="part of the task's path; every real process of a task where not given",
    ),
    "bridge": _kind(
        "the powershell.exe that a task's real process has started is struck, at once",
        "action",
        action="kill, hang or resume",
        task="part of the task's path",
    ),
    "pause": _kind(
        "the virtual machine stands still, and so does its monotonic clock; the time of day goes on",
        "seconds",
        seconds="how long",
    ),
    "wall_clock": _kind("the node shows another time of day", "seconds", seconds="added to the true one"),
    "slow": _kind("every WinRM request is answered late", "seconds", seconds="added to each request"),
    "stall": _kind(
        "WinRM takes a request and never answers it",
        after="so many that match are served first",
        action="part of the action URI",
        method="its last segment",
        resource="part of the resource URI",
        performed="true: the request takes effect",
        late="seconds after which the request takes effect",
    ),
    "reset": _kind(
        "half of an answer is sent and the connection is cut",
        after="so many that match are served first",
        action="part of the action URI",
        method="its last segment",
        resource="part of the resource URI",
        performed="false: the request has no effect",
    ),
    "refuse": _kind("nothing listens on the WinRM ports"),
    "clock_rate": _kind("the node's clock runs fast or slow", "rate", rate="1.0 is true"),
    "mirror": _kind(
        "what Storage Replica sends to the other node, or robocopy reads from it, is lost or slow",
        "action",
        action="cut or slow",
        seconds="how much longer each message takes when it is slow",
        bytes_per_second="how fast it is when it is slow",
    ),
    "mirror_log": _kind(
        "a mirror's log no longer has what the other node lacks: blocks are copied, without end"
    ),
    "mirror_promote": _kind(
        "how the destination of a mirror becomes its source while that cannot be reached",
        "action",
        action="refuse or slow",
        seconds="how long that takes; 0.3 else",
    ),
    "no_add_type": _kind("PowerShell compiles nothing: a policy holds it to the constrained language mode"),
    "disk": _kind("a disk has failed", "disk", disk="its id in the topology"),
    "dirty": _kind("the file system on a disk needs a full repair", "disk", disk="its id in the topology"),
    "disk_stale": _kind(
        "storage methods answer 40003 until the cache is refreshed",
        disk="its id in the topology; every disk where not given",
    ),
    "dhcp_race": _kind("the next address is refused because DHCP is still on"),
    "site_crash": _kind("a site stops, once", site="its name; every site where not given"),
    "site_hang": _kind("a site takes connections and never answers", site="its name; every site else"),
    "start_failure": _kind(
        "a site does not start", site="its name; every site else", hresult="what appcmd shows"
    ),
    "status": _kind(
        "a site answers every request alike", site="its name; every site else", status="500 else"
    ),
    "slow_start": _kind("a site starts slowly", site="its name; every site else", seconds="how long; 1 else"),
    "certificate": _kind(
        "https shows a certificate that has expired, whatever is bound",
        address="the address that connections come to; every one else",
    ),
    "application_start": _kind(
        "the application of a site takes its time to be loaded",
        site="its name; every site else",
        seconds="how long; 1 else",
    ),
    "deaf": _kind(
        "a started site is not served on an address that comes later", site="its name; every site else"
    ),
    "service_start": _kind("a service does not start", "service", service="its name"),
    "service_slow": _kind(
        "a service starts slowly", "service", "seconds", service="its name", seconds="how long"
    ),
}


# Faults that are done with when they have happened.
BLOWS = frozenset({"agent", "bridge"})
_ACTIONS = {
    "witness": ("cut", "slow", "full"),
    "mirror": ("cut", "slow"),
    "mirror_promote": ("refuse", "slow"),
    "agent": ("kill", "hang", "resume"),
    "bridge": ("kill", "hang", "resume"),
}


class UnknownFault(ValueError):
    """A name or a parameter that no fault has; the message lists what there is."""


def check(name: str, parameters: Mapping[str, object]) -> None:
    """Refuse a fault that nothing in the lab would act on.

    Raises:
        UnknownFault: the name or a parameter is unknown, or a required parameter is missing.
    """
    kind = KINDS.get(name)
    if kind is None:
        raise UnknownFault(f"unknown fault {name!r}; known: {', '.join(sorted(KINDS))}")
    if unknown := sorted(set(parameters) - set(kind.parameters)):
        takes = ", ".join(kind.parameters) or "no parameters"
        raise UnknownFault(f"fault {name} takes {takes}, not {', '.join(unknown)}")
    if missing := sorted(kind.required - set(parameters)):
        raise UnknownFault(f"fault {name} needs {', '.join(missing)}")
    actions = _ACTIONS.get(name)
    if actions and parameters["action"] not in actions:
        raise UnknownFault(f"fault {name}: action is {', '.join(actions)}, not {parameters['action']}")


class Faults:
    """The faults that are active on a node.

    Args:
        changed: called with the name after a fault was set or cleared.
    """

    def __init__(self, changed: Callable[[str], None]) -> None:
        self._active: dict[str, dict[str, object]] = {}
        self._changed = changed

    def get(self, name: str) -> Mapping[str, object] | None:
        """The parameters of an active fault, None where it is not active."""
        return self._active.get(name)

    def set(self, name: str, parameters: Mapping[str, object]) -> None:
        """Activate a fault, or replace its parameters.

        Raises:
            UnknownFault: see check.
        """
        check(name, parameters)
        self._active[name] = dict(parameters)
        self._changed(name)

    def clear(self, name: str) -> None:
        """Deactivate a fault; one that is not active is no error."""
        if self._active.pop(name, None) is not None:
            self._changed(name)

    def active(self) -> dict[str, dict[str, object]]:
        """All active faults."""
        return {name: dict(parameters) for name, parameters in self._active.items()}


def applies(parameters: Mapping[str, object] | None, key: str, value: str) -> bool:
    """True where a fault is active and, if it names one ``key``, names this value (case ignored)."""
    if parameters is None:
        return False
    named = parameters.get(key)
    return named is None or str(named).casefold() == value.casefold()
