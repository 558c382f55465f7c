# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of active nodes with a site each and one standby, and the shipped inventory for it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.support.cluster_lab import configuration, node, site

STANDBY = "server9"
INVENTORIES = Path(__file__).parents[2] / "inventories"


def name_of(number: int) -> str:
    """The site of ``server<number>``."""
    return f"site{number}.example.net"


def address_of(number: int) -> str:
    """Its address, in the lab's own network."""
    return f"127.77.1.{50 + number}"


def topology(folder: Path, actives: Sequence[int], **settings: Any) -> Path:
    """A topology: each active node has its own site, all have the content, and there is a witness."""
    sites = {number: site(name_of(number), number, address_of(number)) for number in actives}
    (folder / "sites.config").write_text(configuration(sites.values()))
    nodes = []
    for number in (*actives, 9):
        own = folder / f"server{number}.config"
        own.write_text(configuration([sites[number]] if number in sites else []))
        programs = {"C:\\Python313\\python.exe": "python"}
        nodes.append(node(number, content=True, config=own.name, programs=programs, **settings))
    path = folder / "topology.yml"
    witness = {"name": "files", "address": "127.77.0.20", "share": "witness$"}
    path.write_text(yaml.safe_dump({"name": "n-plus-one", "nodes": nodes, "witnesses": [witness]}))
    return path


def inventory(folder: Path, network: str, actives: Sequence[int]) -> Path:
    """The inventory ``n_plus_one`` as it is shipped, with the hosts and the connections of a lab."""
    shutil.copytree(INVENTORIES / "n_plus_one" / "group_vars", folder / "group_vars", dirs_exist_ok=True)
    for name in ("monitor.yml", "connection.yml", "vault.yml"):
        (folder / "group_vars" / "web" / name).unlink()
    shutil.copytree(
        INVENTORIES / "lab" / "group_vars" / "all", folder / "group_vars" / "all", dirs_exist_ok=True
    )
    (folder / "group_vars" / "all" / "cluster.yml").unlink()
    hosts = {
        f"server{number}": {
            "ansible_host": f"{network}.0.{10 + number}",
            "active_address": f"{_moved(address_of(number), network)}/16",
            "active_site": name_of(number),
        }
        for number in actives
    }
    standby = {STANDBY: {"ansible_host": f"{network}.0.19"}}
    children = {"active": {"hosts": hosts}, "standby": {"hosts": standby}}
    document = {"all": {"children": {"web": {"children": children}}}}
    (folder / "hosts.yml").write_text(yaml.safe_dump(document))
    return folder


def url_of(number: int, network: str) -> str:
    """What clients ask for."""
    return f"http://{_moved(address_of(number), network)}:8080/"


def _moved(address: str, network: str) -> str:
    return address.replace("127.77", network)
