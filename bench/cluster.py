# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of two nodes with one protected site, for benches that measure a running cluster."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import put_in_service
from ansible_collections.standby.iis.plugins.module_utils.control.ip import IpRequest, ensure_ip
from ansible_collections.standby.iis.plugins.module_utils.control.site import SiteRequest, ensure_site
from ansible_collections.standby.iis.plugins.module_utils.control.volume import VolumeRequest, ensure_volume
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from lab.runner import Lab
from lab.topology import TOPOLOGIES

NETWORK = "127.90"  # a network of its own, so that a lab of the user's goes on undisturbed
NODES = ("server1", "server2")
SITE = "archive.example.net"
ADDRESS = f"{NETWORK}.1.197"
URL = f"http://{ADDRESS}:8080/"


@dataclass(frozen=True)
class BenchCluster:
    """A running lab and the way to its nodes."""

    lab: Lab
    connections: tuple[Connection, ...]

    def latency(self, seconds: float) -> None:
        """Have every WinRM request answered that much later."""
        for node in NODES:
            self.lab.fault(node, "slow", seconds=seconds)


@contextmanager
def cluster(
    dad_transmits: int | None = 0,
    *,
    site: SiteRequest | None = None,
    prepare: Callable[[Lab], None] | None = None,
) -> Iterator[BenchCluster]:
    """The cluster, with the site in service on its primary; ended and removed afterwards.

    Args:
        dad_transmits: probes of duplicate address detection on both nodes; None leaves Windows' own.
        site: how the site is protected, where that is not as usual.
        prepare: called with the lab before anything is protected.
    """
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder) / "lab", bound=True)
        lab.up(TOPOLOGIES / "two_nodes.yml", NETWORK)
        try:
            connections = tuple(_connection(lab, name) for name in NODES)
            if prepare is not None:
                prepare(lab)
            _protect(connections, dad_transmits, site or SiteRequest(SITE, NODES))
            yield BenchCluster(lab, connections)
        finally:
            lab.down()


def _connection(lab: Lab, name: str) -> Connection:
    node = lab.topology.node(name)
    return Connection(
        name=name,
        host=node.address,
        port=node.winrm.port,
        scheme="http",
        username=node.users[0],
        password=lab.password,
    )


def _protect(connections: tuple[Connection, ...], dad_transmits: int | None, site: SiteRequest) -> None:
    with Fleet(connections) as fleet:
        ensure_ip(fleet, IpRequest(ADDRESS, None, NODES, dad_transmits=dad_transmits), check=False)
        ensure_volume(fleet, VolumeRequest("E:", "local", NODES), check=False)
        ensure_site(fleet, site, check=False)
        put_in_service(fleet, SITE, "primary", check=False)
