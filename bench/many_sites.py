# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of two nodes with many sites and the real agents, for benches that measure these."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from ansible_collections.standby.iis.plugins.module_utils.agent import bundle, settings, tasks
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.keys import new_key
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.control.ip import IpRequest, ensure_ip
from ansible_collections.standby.iis.plugins.module_utils.control.site import SiteRequest, ensure_site
from ansible_collections.standby.iis.plugins.module_utils.control.volume import VolumeRequest, ensure_volume
from ansible_collections.standby.iis.plugins.module_utils.windows import task
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from lab.runner import Lab

AGENT_NODES = ("server1", "server2")
SITES = 20
_NETWORK = "127.91"
_HOME = "C:\\ProgramData\\standby.iis"
_PYTHON = "C:\\Python313\\python.exe"
_WITNESS = "\\\\files\\witness$\\web"
# Seconds until all sites are in service, at most.
_START = 120.0

_SITE = """      <site name="{name}" id="{number}" serverAutoStart="false">
        <application path="/" applicationPool="{name}">
          <virtualDirectory path="/" physicalPath="E:\\web" /></application>
        <bindings><binding protocol="http" bindingInformation="{address}:8080:" /></bindings></site>
"""
_CONFIGURATION = """<?xml version="1.0" encoding="UTF-8"?>
<configuration>
  <system.applicationHost>
    <applicationPools>
{pools}      <applicationPoolDefaults><processModel identityType="ApplicationPoolIdentity" />
      </applicationPoolDefaults>
    </applicationPools>
    <sites>
{sites}    </sites>
  </system.applicationHost>
  <system.webServer>
    <defaultDocument enabled="true"><files><add value="index.html" /></files></defaultDocument>
  </system.webServer>
</configuration>
"""


def _name(number: int) -> str:
    return f"site{number:02}.example.net"


def _address(network: str, number: int) -> str:
    return f"{network}.1.{100 + number}"


def _topology(folder: Path) -> Path:
    """Two nodes that send no probes for addresses; the first has the sites."""
    numbers = range(1, SITES + 1)
    sites = "".join(_SITE.format(name=_name(n), number=n, address=_address("127.77", n)) for n in numbers)
    pools = "".join(f'      <add name="{_name(n)}" autoStart="true" />\n' for n in numbers)
    (folder / "sites.config").write_text(_CONFIGURATION.format(sites=sites, pools=pools))
    disks = [
        {"id": "system", "number": 0, "system": True, "partitions": [{"access": ["C:\\"]}]},
        {"id": "data", "number": 1, "partitions": [{"access": ["E:\\"]}]},
    ]
    nodes = []
    for number, name in enumerate(AGENT_NODES, start=1):
        address = f"127.77.0.{10 + number}"
        nic = {"alias": "Ethernet", "index": 5 + number, "addresses": [f"{address}/16"], "dad_transmits": 0}
        own = {"config": "sites.config"} if number == 1 else {}
        described = {"name": name, "address": address, "nics": [nic], "disks": disks, **own}
        nodes.append(described | {"content": "sites.config", "programs": {_PYTHON: "python"}})
    witness = {"name": "files", "address": "127.77.0.20", "share": "witness$"}
    path = folder / "topology.yml"
    path.write_text(yaml.safe_dump({"name": "budget", "nodes": nodes, "witnesses": [witness]}))
    return path


@contextmanager
def agents() -> Iterator[Lab]:
    """The lab, with all sites in service on its first node by the agents; ended and removed afterwards."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lab = Lab(folder / "lab", bound=True)
        lab.up(_topology(folder), _NETWORK)
        try:
            _protect(lab)
            (lab.state.share("files") / "web").mkdir()
            key = new_key()
            for name in AGENT_NODES:
                _install(lab, name, key)
                _wait(lab, name, "in_service" if name == AGENT_NODES[0] else "elsewhere")
            yield lab
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


def _protect(lab: Lab) -> None:
    with Fleet([_connection(lab, name) for name in AGENT_NODES]) as fleet:
        ensure_volume(fleet, VolumeRequest("E:", "local", AGENT_NODES), check=False)
        for number in range(1, SITES + 1):
            ensure_ip(fleet, IpRequest(_address(_NETWORK, number), None, AGENT_NODES), check=False)
            ensure_site(fleet, SiteRequest(_name(number), AGENT_NODES), check=False)


def _home(lab: Lab, name: str) -> Path:
    return lab.state.node(name) / "drives" / "C" / "ProgramData" / "standby.iis"


def _install(lab: Lab, name: str, key: str) -> None:
    home = _home(lab, name)
    home.mkdir(parents=True)
    addresses = {one: (lab.topology.node(one).address,) for one in AGENT_NODES}
    (home / "agent.json").write_text(settings.write(Settings(name, "web", _WITNESS, addresses=addresses)))
    (home / "cluster.key").write_text(key)
    (home / "standby.pyz").write_bytes(bundle.archive())
    node = connect(_connection(lab, name))
    task.register_task(node, tasks.PATH, tasks.AGENT, tasks.agent(_PYTHON, _HOME))
    task.start_task(node, tasks.PATH, tasks.AGENT)
    node.close()


def _wait(lab: Lab, name: str, reason: str) -> None:
    """Until the agent of a node says so of every site."""
    end = time.monotonic() + _START
    told: dict[str, str] = {}
    while time.monotonic() < end:
        try:
            shown = json.loads((_home(lab, name) / "status.json").read_text())["hierarchies"]
        except (OSError, ValueError):
            shown = {}
        told = {site: one["reason"] for site, one in shown.items()}
        if list(told.values()) == [reason] * SITES:
            return
        time.sleep(0.2)
    raise RuntimeError(f"{name} does not have every site {reason} after {_START:g} s: {told}")
