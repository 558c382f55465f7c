# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Round trips and bytes of an unchanged ``ip`` task and of reading all sites, beside run_ps reading the same.

The scripts stand for what a PowerShell based module would read. The lab prints, as their output, exactly what
our own reading returned, as compact JSON where it is structured: the least such a script could answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

import winrm

from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.control.ip import IpRequest, ensure_ip
from ansible_collections.standby.iis.plugins.module_utils.ha.definition import KEY, VALUE
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows.iis import read_configuration
from ansible_collections.standby.iis.plugins.module_utils.windows.registry import read_value
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect

from .cluster import ADDRESS, NODES, BenchCluster, cluster
from .conditions import table

_IP_SCRIPT = """\
$ErrorActionPreference = 'Stop'
(Get-ItemProperty -LiteralPath 'HKLM:\\SOFTWARE\\standby.iis').Definition
"""
_SITES_SCRIPT = """\
$ErrorActionPreference = 'Stop'
Import-Module WebAdministration
@{
  sites = @(Get-Website)
  bindings = @(Get-WebBinding)
  applications = @(Get-WebApplication)
  directories = @(Get-WebVirtualDirectory)
  pools = @(Get-ChildItem IIS:\\AppPools)
} | ConvertTo-Json -Depth 6 -Compress
"""


class Counter:
    """Requests and bytes, told by an observer."""

    def __init__(self) -> None:
        self.requests = 0
        self.sent = 0
        self.received = 0

    def __call__(self, sent: int, received: int, _seconds: float) -> None:
        """Count one exchange."""
        self.requests += 1
        self.sent += sent
        self.received += received


def run() -> str:
    """The figures as text."""
    with cluster(dad_transmits=None) as bench:
        ip = _counted(bench.connections, _unchanged_ip)
        ip_by_script = sum_of([_by_script(bench, node, _IP_SCRIPT, _ip_facts) for node in NODES])
        sites = _counted(bench.connections[:1], _read_sites)
        sites_by_script = _by_script(bench, NODES[0], _SITES_SCRIPT, _site_facts)
    rows = [
        *_rows("unchanged ip task, two nodes", ip, ip_by_script),
        *_rows("all sites of one node", sites, sites_by_script),
    ]
    return (
        table(("reading", "ours", "run_ps", "ratio"), rows)
        + "\nWS-Management envelopes without authentication; sessions are new, shells opened and deleted"
    )


def sum_of(counters: list[Counter]) -> Counter:
    """All of them together."""
    total = Counter()
    for one in counters:
        total.requests += one.requests
        total.sent += one.sent
        total.received += one.received
    return total


def _rows(name: str, ours: Counter, theirs: Counter) -> list[tuple[object, ...]]:
    return [
        _row(f"{name}: round trips", ours.requests, theirs.requests),
        _row(f"{name}: bytes", ours.sent + ours.received, theirs.sent + theirs.received),
    ]


def _row(name: str, ours: int, theirs: int) -> tuple[object, ...]:
    return (name, ours, theirs, f"{ours / theirs:.2f}")


def _counted(connections: tuple[Connection, ...], work: Callable[[Fleet], None]) -> Counter:
    counter = Counter()
    with Fleet(connections, connect=partial(connect, observe=counter)) as fleet:
        work(fleet)
    return counter


def _unchanged_ip(fleet: Fleet) -> None:
    outcome = ensure_ip(fleet, IpRequest(ADDRESS, None, NODES), check=False)
    if outcome.changed:
        raise RuntimeError("the task was to change nothing")


def _read_sites(fleet: Fleet) -> None:
    with fleet.lease(NODES[0]) as node:
        read_configuration(node)


def _ip_facts(node: Node) -> str:
    return read_value(node, KEY, VALUE) or ""


def _site_facts(node: Node) -> str:
    return json.dumps(asdict(read_configuration(node)), separators=(",", ":"))


def _by_script(bench: BenchCluster, name: str, script: str, facts: Callable[[Node], str]) -> Counter:
    """One run_ps by pywinrm's own session, counted at its transport."""
    connection = next(one for one in bench.connections if one.name == name)
    node = connect(connection)
    try:
        output = facts(node)
    finally:
        node.close()
    bench.lab.script(name, script, output)
    session = winrm.Session(
        connection.url,
        auth=(connection.username or "", connection.password or ""),
        transport=connection.transport,
    )
    counter = Counter()
    send = session.protocol.transport.send_message

    def counted(message: str | bytes) -> bytes:
        answer: bytes = send(message)
        counter(len(message), len(answer), 0.0)
        return answer

    session.protocol.transport.send_message = counted  # type: ignore[method-assign]
    answer = session.run_ps(script)
    if answer.status_code != 0 or answer.std_out.decode() != output:
        raise RuntimeError(f"run_ps failed: {answer.std_err!r}")
    return counter
