# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster of two nodes in two subnets, and name servers that say where its sites are."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.support.cluster_lab import node, site, write_topology
from tests.support.mirror_lab import mirrored_node
from tests.support.name_servers import KEY, ZONE, NameServer

if TYPE_CHECKING:
    from tests.lab.conftest import LabUnderTest

NODES = ("server1", "server2")
SITES = {"shop": 50, "wiki": 51}


def topology(folder: Path, *, mirrored: bool = False) -> Path:
    """server1 in 127.77.1.0/24 and server2 in 127.77.2.0/24; both sites are on server1.

    Where it is mirrored, the nodes have Storage Replica, with volumes R: (data) and L: (log), and the shop is
    on R:.
    """
    made = []
    for number in (1, 2):
        address = f"127.77.{number}.1{number}"
        nic = {"alias": "Ethernet", "index": 5 + number, "addresses": [f"{address}/24"], "dad_transmits": 0}
        programs = {"C:\\Python313\\python.exe": "python"}
        here = {"address": address, "nics": [nic], "programs": programs}
        made.append(mirrored_node(number) | here if mirrored else node(number, content=True, **here))
    folders = {"shop": "R:\\web"} if mirrored else {}
    sites = [
        site(name, number, f"127.77.1.{last}", folder=folders.get(name, "E:\\web"))
        for number, (name, last) in enumerate(SITES.items(), start=1)
    ]
    path = write_topology(folder, sites, made)
    described = yaml.safe_load(path.read_text())
    described["witnesses"] = [{"name": "files", "address": "127.77.3.20", "share": "witness$"}]
    path.write_text(yaml.safe_dump(described))
    return path


class TwoSites:
    """The lab, its inventory, and what clients see.

    Attributes:
        lab: the lab.
        servers: name servers, the primary first.
        inventory: for playbooks.
        volumes: that are declared beside E:.
    """

    def __init__(
        self,
        lab: LabUnderTest,
        servers: list[NameServer],
        secret: str,
        volumes: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.lab, self.servers, self.volumes = lab, servers, volumes
        self.inventory = lab.state.folder / "inventory"
        self.inventory.mkdir()
        given = Path(__file__).parents[2] / "inventories" / "lab" / "group_vars"
        shutil.copytree(given, self.inventory / "group_vars", ignore=shutil.ignore_patterns("cluster*"))
        (self.inventory / "hosts.yml").write_text(json.dumps(self._hosts(secret)))

    def _hosts(self, secret: str) -> dict[str, Any]:
        nodes = {name: {"ansible_host": self.lab.topology.node(name).address} for name in NODES}
        ips = [
            {"address": f"{self.near(name)}/24", "addresses": {"server2": f"{self.far(name)}/24"}}
            for name in SITES
        ]
        records = [
            {
                "name": self.name(name),
                "zone": ZONE,
                "ip": self.near(name),
                "servers": [one.name for one in self.servers],
                "ttl": 1,
                "key": KEY,
            }
            for name in SITES
        ]
        declared = {
            "cluster_volumes": [{"path": "E:\\"}, *self.volumes],
            "cluster_ips": ips,
            "cluster_sites": [{"name": name} for name in SITES],
            "cluster_dns": records,
            "cluster_dns_keys": [{"name": KEY, "secret": secret}],
        }
        return {"all": {"hosts": nodes, "vars": declared}}

    def near(self, name: str) -> str:
        """The address of a site on server1."""
        return self.lab.address(f"1.{SITES[name]}")

    def far(self, name: str) -> str:
        """The address of a site on server2."""
        return self.lab.address(f"2.{SITES[name]}")

    def name(self, name: str) -> str:
        """The name of a site."""
        return f"{name}.{ZONE}"

    def looked_up(self, name: str, server: int = 0) -> str:
        """What nslookup says, "" for nothing."""
        where = self.servers[server]
        command = ["nslookup", f"-port={where.port}", "-timeout=2", self.name(name), where.address]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        found = [line.split()[-1] for line in said.splitlines() if line.startswith("Address:")]
        return found[-1] if len(found) > 1 else ""

    def fetched(self, name: str) -> str:
        """The node that answers curl at the address that the name stands for."""
        address = self.looked_up(name)
        resolved = f"{self.name(name)}:8080:{address}"
        command = ["curl", "-sS", "-m", "5", "-D", "-", "-o", "/dev/null", "--resolve", resolved]
        url = f"http://{self.name(name)}:8080/"
        said = subprocess.run([*command, url], capture_output=True, text=True, check=False).stdout
        heads = [line.split(":")[1].strip() for line in said.splitlines() if "lab-node" in line.lower()]
        return heads[0].lower() if heads else said
