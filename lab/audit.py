# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the event logs prove: whether two nodes ever held an address, or had a shared disk online, at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from lab.machine.eventlog import read_events
from lab.state import State

# In these states an address answers on the wire.
_HOLDING = ("Preferred", "Deprecated")
# Events that end every address of a node; a boot ends what a power loss that nobody saw had ended.
_ENDS = ("shutdown", "power_off", "boot")
# Seconds after a machine went on within which its timers have run that were due meanwhile.
_WAKING = 0.25
_SHARED_BY_ALL = frozenset({"127.0.0.1"})

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Interval:
    """A node held an address: CLOCK_MONOTONIC seconds, ``end`` infinite while it still does."""

    node: str
    address: str
    start: float
    end: float


@dataclass(frozen=True)
class Overlap:
    """Two nodes held one address at once.

    Attributes:
        hung: nodes that were stopped all that time, and so served nobody, but for the moment of waking.
        awake: seconds of it in which both were running.
    """

    address: str
    nodes: tuple[str, str]
    start: float
    seconds: float
    hung: tuple[str, ...]
    awake: float

    def __str__(self) -> str:
        nodes = " and ".join(self.nodes)
        hung = f", {', '.join(self.hung)} hung" if self.hung else ""
        return f"{self.address} was held by {nodes} at once for {self.seconds:.3f} s{hung}"


def holdings(events: Iterable[Event]) -> list[Interval]:
    """When each address was held, from the events of one node."""
    open_: dict[str, tuple[str, float]] = {}
    found: list[Interval] = []

    def close(address: str, end: float) -> None:
        node, start = open_.pop(address)
        found.append(Interval(node, address, start, end))

    for event in events:
        if event["event"] == "address":
            holding = event["state"] in _HOLDING
            address = event["address"]
            if holding and address not in open_:
                open_[address] = (event["node"], event["t"])
            elif not holding and address in open_:
                close(address, event["t"])
        elif event["event"] in _ENDS:
            for address in list(open_):
                close(address, event["t"])
    for address in list(open_):
        close(address, float("inf"))
    return [interval for interval in found if interval.address not in _SHARED_BY_ALL]


def hangs(events: Iterable[Event]) -> list[tuple[float, float]]:
    """When a node was stopped."""
    found: list[tuple[float, float]] = []
    since: float | None = None
    for event in events:
        if event["event"] == "hang" and since is None:
            since = event["t"]
        elif event["event"] in ("resume", *_ENDS) and since is not None:
            found.append((since, event["t"]))
            since = None
    return [*found, (since, float("inf"))] if since is not None else found


def overlaps(logs: Mapping[str, list[Event]], now: float) -> list[Overlap]:
    """Every time two nodes held one address at once.

    Args:
        logs: events by node.
        now: the end of intervals that are still open.
    """
    intervals = [interval for events in logs.values() for interval in holdings(events)]
    stopped = {node: hangs(events) for node, events in logs.items()}
    found = []
    for one, other in combinations(intervals, 2):
        start, end = max(one.start, other.start), min(one.end, other.end, now)
        if one.address == other.address and one.node != other.node and start < end:
            nodes = (one.node, other.node)
            hung = tuple(n for n in nodes if any(a <= start and end <= b + _WAKING for a, b in stopped[n]))
            awake = _outside([span for n in nodes for span in stopped[n]], start, end)
            found.append(Overlap(one.address, nodes, start, end - start, hung, awake))
    return found


def _outside(spans: Iterable[tuple[float, float]], start: float, end: float) -> float:
    """Seconds from start to end that lie in none of the spans."""
    free, at = 0.0, start
    for begin, over in sorted(spans):
        free += max(0.0, min(begin, end) - at)
        at = min(end, max(at, over))
    return free + end - at


def corruption(state: State) -> list[str]:
    """One sentence for every time a shared disk was online on two nodes at once."""
    return [
        f"shared disk {event['disk']} was brought online on {event['node']} while it was online on "
        f"{', '.join(event['also_online_on'])}"
        for event in read_events(state.corruption)
    ]


def read_logs(state: State) -> dict[str, list[Event]]:
    """The events of every node of a lab."""
    return {node.name: list(read_events(state.events(node.name))) for node in state.topology().nodes}
