# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs described by a test: nodes, sites and settings of its own, driven through the control layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import yaml

from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import put_in_service
from ansible_collections.standby.iis.plugins.module_utils.control.info import hierarchies_of, sites_of
from ansible_collections.standby.iis.plugins.module_utils.control.ip import IpRequest, ensure_ip
from ansible_collections.standby.iis.plugins.module_utils.control.outcome import Outcome
from ansible_collections.standby.iis.plugins.module_utils.control.site import SiteRequest, ensure_site
from ansible_collections.standby.iis.plugins.module_utils.control.volume import VolumeRequest, ensure_volume
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection

if TYPE_CHECKING:
    from tests.lab.conftest import LabUnderTest

NODES = ("server1", "server2")
SHARED = "600224806B1D4F1E9A0C2D3E4F506172"
CONFIG = r"drives/C/Windows/System32/inetsrv/config/applicationHost.config"

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<configuration>
  <system.applicationHost>
    <applicationPools>
      <add name="Web" autoStart="true" managedRuntimeVersion="v4.0" />
      <applicationPoolDefaults>
        <processModel identityType="ApplicationPoolIdentity" />
      </applicationPoolDefaults>
    </applicationPools>
    <sites>
"""
_TAIL = """      <applicationDefaults applicationPool="Web" />
    </sites>
  </system.applicationHost>
  <system.webServer>
    <defaultDocument enabled="true"><files><add value="index.html" /></files></defaultDocument>
  </system.webServer>
</configuration>
"""


def site(name: str, number: int, address: str, *hosts: str, folder: str = r"E:\web") -> str:
    """A ``<site>`` with an http binding of 8080 for every host name, or one without."""
    bindings = "".join(
        f'<binding protocol="http" bindingInformation="{address}:8080:{host}" />' for host in hosts or ("",)
    )
    return (
        f'      <site name={quoteattr(name)} id="{number}" serverAutoStart="false">'
        f'<application path="/"><virtualDirectory path="/" physicalPath={quoteattr(folder)} /></application>'
        f"<bindings>{bindings}</bindings></site>\n"
    )


def configuration(sites: Iterable[str]) -> str:
    """An applicationHost.config with these sites, whatever their names."""
    return _HEAD + "".join(sites) + _TAIL


def node(number: int, *, content: bool = False, **settings: Any) -> dict[str, Any]:
    """The description of ``server<number>``: a system disk, a volume E:, an adapter that sends no probes."""
    address = f"127.77.0.{10 + number}"
    nic = {"alias": "Ethernet", "index": 5 + number, "addresses": [f"{address}/16"], "dad_transmits": 0}
    disks = [
        {"id": "system", "number": 0, "system": True, "partitions": [{"access": ["C:\\"]}]},
        {"id": "data", "number": 1, "partitions": [{"access": ["E:\\"]}]},
    ]
    described = {"name": f"server{number}", "address": address, "nics": [nic], "disks": disks}
    windows = {"boot_seconds": 0.05, "disk_seconds": 0.01} | settings.pop("windows", {})
    return described | {"windows": windows} | ({"content": "sites.config"} if content else {}) | settings


def write_topology(folder: Path, sites: Iterable[str], nodes: Sequence[dict[str, Any]]) -> Path:
    """A topology whose first node has the sites, with a shared disk F: between all nodes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sites.config").write_text(configuration(sites), encoding="utf-8")
    names = [one["name"] for one in nodes]
    shared = {
        "id": "web",
        "number": 2,
        "unique_id": SHARED,
        "partitions": [{"access": ["F:\\"]}],
        "nodes": names,
        "online": names[0],
    }
    nodes = [nodes[0] | {"config": "sites.config"}, *nodes[1:]]
    path = folder / "topology.yml"
    path.write_text(yaml.safe_dump({"name": "bad", "nodes": list(nodes), "shared_disks": [shared]}))
    return path


@dataclass
class ClusterLab:
    """A running lab and what an operator does to it.

    Attributes:
        lab: the lab.
        nodes: names of the cluster's nodes.
        options: options of every connection.
        of: options of the connections to some nodes, by name.
        kept: sessions to use for everything; None opens new ones for each operation, as modules do.
    """

    lab: LabUnderTest
    nodes: tuple[str, ...] = NODES
    options: Mapping[str, Any] = field(default_factory=dict)
    of: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    kept: Fleet | None = None

    def with_options(self, name: str, **options: Any) -> ClusterLab:
        """The same lab, with one node reached in another way."""
        return replace(self, of={**self.of, name: options})

    def connection(self, name: str) -> Connection:
        """How a node is reached: verified HTTPS, impatient."""
        usual = Connection(
            name,
            self.lab.topology.node(name).address,
            username="Administrator",
            password=self.lab.password,
            ca_cert=str(self.lab.state.ca),
            operation_timeout=2,
            read_timeout=4,
        )
        return replace(usual, **{**self.options, **self.of.get(name, {})})

    def fleet(self) -> AbstractContextManager[Fleet]:
        """Sessions to all nodes."""
        if self.kept is not None:
            return nullcontext(self.kept)
        return self.open()

    def open(self) -> Fleet:
        """New sessions to all nodes."""
        return Fleet([self.connection(name) for name in self.nodes])

    def address(self, last: int) -> str:
        """A floating address."""
        return self.lab.address(f"1.{last}")

    def ip(self, address: int | str, prefix: int | None = None, **options: Any) -> Outcome:
        """Declare an address: its last octet, or its text."""
        text = self.address(address) if isinstance(address, int) else address
        with self.fleet() as fleet:
            return ensure_ip(fleet, IpRequest(text, prefix, self.nodes, **options), False)

    def volume(self, path: str, disk: str | None = None, nodes: tuple[str, ...] | None = None) -> Outcome:
        """Declare a volume, shared where its disk is given."""
        kind = "shared" if disk else "local"
        with self.fleet() as fleet:
            return ensure_volume(fleet, VolumeRequest(path, kind, nodes or self.nodes, disk), False)

    def protect(self, name: str, *checks: Check) -> Outcome:
        """Protect a site."""
        with self.fleet() as fleet:
            return ensure_site(fleet, SiteRequest(name, self.nodes, checks), False)

    def put(self, name: str, to: str | None) -> Outcome:
        """Put a hierarchy in service on a node."""
        with self.fleet() as fleet:
            return put_in_service(fleet, name, to, False)

    def status(self, name: str) -> dict[str, Any]:
        """A hierarchy as it is now."""
        with self.fleet() as fleet:
            return hierarchies_of(fleet, name)[0]

    def sites(self, name: str | None = None) -> list[dict[str, Any]]:
        """The sites of all nodes."""
        with self.fleet() as fleet:
            return sites_of(fleet, name)

    def config_file(self, name: str) -> Path:
        """The applicationHost.config of a node."""
        return self.lab.state.node(name) / CONFIG


def check_told(error: StandbyError, *, node: str | None = None, resource: str | None = None) -> str:
    """What an operator reads; it names node and resource (where given) and always a remedy."""
    told = str(error)
    assert error.remedy, told
    assert error.remedy.rstrip(".") in told
    assert "Traceback" not in told
    if node is not None:
        assert error.node == node
        assert node in told
    if resource is not None:
        assert resource in told
    return told
