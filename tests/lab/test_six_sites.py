# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The six sites of a real server: discovered completely, protected, moved there and back, asked over HTTP."""

from __future__ import annotations

import http.client
import ssl
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import put_in_service
from ansible_collections.standby.iis.plugins.module_utils.control.info import hierarchies_of, sites_of
from ansible_collections.standby.iis.plugins.module_utils.control.ip import IpRequest, ensure_ip
from ansible_collections.standby.iis.plugins.module_utils.control.site import SiteRequest, ensure_site
from ansible_collections.standby.iis.plugins.module_utils.control.volume import VolumeRequest, ensure_volume
from ansible_collections.standby.iis.plugins.module_utils.windows.iis import read_configuration
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from tests.support import six_sites

if TYPE_CHECKING:
    from tests.lab.conftest import LabFactory, LabUnderTest

pytestmark = [
    pytest.mark.xdist_group("six sites"),
    pytest.mark.skipif(
        not six_sites.SIX_SITES.exists(), reason=f"{six_sites.SIX_SITES.name} is not beside this checkout"
    ),
]

TOPOLOGY = Path(__file__).parent / "topologies" / "six_sites.yml"
NODES = ("server1", "server2")
SHARED = "600224806B1D4F1E9A0C2D3E4F50617E"
OCTETS = dict(zip(six_sites.NAMES, six_sites.LAST_OCTETS, strict=True))
# Its root application names a pool that the server does not have: IIS answers 503 wherever it is in service.
POOLLESS = "survey.example.net"
OTHER_BINDINGS = ["net.tcp 808:*", "net.pipe *", "net.msmq localhost", "msmq.formatname localhost"]


class SixSites:
    """A lab with the six sites, and what a client outside sees of it."""

    def __init__(self, lab: LabUnderTest) -> None:
        self.lab = lab
        self._context = ssl.create_default_context(cafile=str(lab.state.ca))

    def fleet(self) -> Fleet:
        return Fleet([self._connection(name) for name in NODES])

    def _connection(self, name: str) -> Connection:
        node = self.lab.topology.node(name)
        return Connection(
            name, node.address, 5985, "http", username="Administrator", password=self.lab.password
        )

    def address(self, site: str) -> str:
        return self.lab.address(f"1.{OCTETS[site]}")

    def ask(self, site: str, *, https: bool = False) -> tuple[int, str, str]:
        """Status, answering node and body of the site's first page; an https certificate is verified."""
        host = self.address(site)
        connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(host, 8443, timeout=5, context=self._context)
            if https
            else http.client.HTTPConnection(host, 8080, timeout=5)
        )
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            return answer.status, answer.headers["X-Lab-Node"], answer.read().decode()
        finally:
            connection.close()

    def declare(self, fleet: Fleet, *sites: str, disk: str | None = None) -> None:
        for site in sites:
            ensure_ip(fleet, IpRequest(f"{self.address(site)}/16", None, NODES), check=False)
        kind = "shared" if disk else "local"
        ensure_volume(fleet, VolumeRequest("E:", kind, NODES, disk), check=False)

    def file(self, node: str) -> ET.Element:
        """A node's applicationHost.config as it is on its drive, read without the product and the lab."""
        (path,) = self.lab.state.node(node).rglob("applicationHost.config")
        return ET.fromstring(path.read_bytes())


Make = Callable[..., SixSites]


def _make(make_lab: LabFactory, folder: Path) -> Make:
    config = six_sites.for_lab(six_sites.read(), "127.77.1")
    (folder / six_sites.SIX_SITES.name).write_bytes(config.encode())

    def make(change: Callable[[dict], None] = lambda topology: None) -> SixSites:
        topology = yaml.safe_load(TOPOLOGY.read_text())
        change(topology)
        copy = folder / TOPOLOGY.name
        copy.write_text(yaml.safe_dump(topology))
        return SixSites(make_lab(copy))

    return make


def _other_language(topology: dict) -> None:
    for node in topology["nodes"]:
        node["windows"] = {**node["windows"], "localized": True, "locale": "de-DE"}


def _all_items_first(topology: dict) -> None:
    for node in topology["nodes"]:
        node["winrm"] = {"first_items": "all"}


def _shared_content(topology: dict) -> None:
    for node in topology["nodes"]:
        node["disks"] = [disk for disk in node["disks"] if disk["id"] == "system"]
    topology["shared_disks"] = [
        {
            "id": "data",
            "number": {"server1": 1, "server2": 4},
            "unique_id": SHARED,
            "partitions": [{"access": ["E:\\"]}],
            "nodes": list(NODES),
            "online": "server1",
        }
    ]


@pytest.fixture(scope="module")
def six(make_shared_lab: LabFactory, tmp_path_factory: pytest.TempPathFactory) -> SixSites:
    return _make(make_shared_lab, tmp_path_factory.mktemp("six"))()


@pytest.fixture(scope="module")
def fleet(six: SixSites) -> Iterator[Fleet]:
    with six.fleet() as one:
        yield one


@pytest.fixture(scope="module")
def undeclared(fleet: Fleet) -> list[dict]:
    """What discovery finds before any resource is declared."""
    return sites_of(fleet)


@pytest.fixture(scope="module")
def declared(six: SixSites, fleet: Fleet, undeclared: list[dict]) -> dict[str, dict]:
    """What discovery finds on server1 with the six addresses and the volume declared, by site."""
    six.declare(fleet, *six_sites.NAMES)
    return {one["name"]: one for one in sites_of(fleet) if one["node"] == "server1"}


@pytest.fixture(scope="module")
def protected(declared: dict[str, dict], fleet: Fleet) -> dict[str, dict]:
    """Every site protected; the value of each is what the operation returned."""
    outcomes = {name: ensure_site(fleet, SiteRequest(name, NODES), check=False) for name in declared}
    assert all(outcome.changed for outcome in outcomes.values())
    return {name: dict(outcome.data) for name, outcome in outcomes.items()}


def test_before_anything_is_declared_every_site_says_what_it_lacks(
    six: SixSites, undeclared: list[dict]
) -> None:
    assert [(one["node"], one["name"]) for one in undeclared] == [("server1", n) for n in six_sites.NAMES]
    for one in undeclared:
        said = " ".join(obstacle["sentence"] for obstacle in one["obstacles"])
        assert six.address(one["name"]) in said
        assert "E:\\" in said
        assert all(obstacle["remedy"] for obstacle in one["obstacles"])


def test_every_address_and_volume_e_are_found_and_nothing_stands_in_the_way(
    six: SixSites, declared: dict[str, dict]
) -> None:
    assert {name: one["ips"] for name, one in declared.items()} == {
        name: [six.address(name)] for name in six_sites.NAMES
    }
    assert {tuple(one["volumes"]) for one in declared.values()} == {("E:\\",)}
    assert [one["obstacles"] for one in declared.values()] == [[]] * 6
    assert {one["type"] for one in declared.values()} == {"web"}


def test_bindings_that_do_not_float_are_named(declared: dict[str, dict]) -> None:
    named = {name: one["other_bindings"] for name, one in declared.items() if one["other_bindings"]}
    loopback = {name: one["loopback_bindings"] for name, one in declared.items() if one["loopback_bindings"]}
    assert named == {"press.example.net": OTHER_BINDINGS, "training.example.org": OTHER_BINDINGS}
    assert loopback == {"ORDERS": ["https 127.0.0.1:8443:"]}


def test_pools_that_are_missing_on_the_real_server_are_named(declared: dict[str, dict]) -> None:
    missing = {name: one["missing_pools"] for name, one in declared.items() if one["missing_pools"]}
    assert missing == {
        POOLLESS: ["portal.example.net", "SecurityTokenServiceApplicationPool"],
        "training.example.org": ["ordersTest"],
    }


def test_all_61_virtual_directories_are_read_11_of_them_on_the_system_drive(fleet: Fleet) -> None:
    with fleet.lease("server1") as node:
        sites = read_configuration(node).sites
    paths = [
        directory.physical_path
        for site in sites
        for application in site.applications
        for directory in application.virtual_directories
    ]
    assert sorted(path[0] for path in paths) == ["C"] * 11 + ["E"] * 50


def test_the_twins_are_the_same_in_the_files_of_both_nodes_and_start_on_neither(
    six: SixSites, protected: dict[str, dict]
) -> None:
    originals, twins = _sites(six.file("server1")), _sites(six.file("server2"))
    assert sorted(twins) == sorted(originals) == sorted(protected)
    for name, original in originals.items():
        assert {one.attrib.pop("serverAutoStart") for one in (original, twins[name])} == {"false"}
        for one, other in zip(original.iter(), twins[name].iter(), strict=True):
            assert one.tag == other.tag
            # The twin names what the original inherits, since the other node may have other defaults.
            inherited = {"enabledProtocols": "http"} if one.tag == "application" else {}
            assert other.attrib == inherited | one.attrib


def _sites(file: ET.Element) -> dict[str, ET.Element]:
    return {site.attrib["name"]: site for site in file.iterfind("system.applicationHost/sites/site")}


def test_the_pools_of_every_site_are_the_same_on_both_nodes(protected: dict[str, dict], fleet: Fleet) -> None:
    seen = fleet.each(read_configuration)
    used = {pool for data in protected.values() for pool in data["site"]["pools"]}
    pools = {
        node: {pool.name: replace(pool, state="") for pool in one.pools if pool.name in used}
        for node, one in seen.items()
    }
    assert used == {"Classic .NET AppPool", "ORDERS", "ASP.NET v4.0 Classic", "OrdersTraining"}
    assert set(pools["server1"]) == used
    assert pools["server1"] == pools["server2"]


def test_protecting_again_changes_nothing(protected: dict[str, dict], fleet: Fleet) -> None:
    assert not any(ensure_site(fleet, SiteRequest(name, NODES), check=False).changed for name in protected)


def test_each_site_moves_there_and_back_and_answers_at_its_address_from_where_it_is(
    six: SixSites, protected: dict[str, dict], fleet: Fleet
) -> None:
    for target in ("server1", "server2", "server1"):
        for name in six_sites.NAMES:
            assert put_in_service(fleet, name, target, check=False).data["owner"] == target
            _assert_served(six, name, target)
        owners = {one["name"]: (one["owner"], one["state"]) for one in hierarchies_of(fleet)}
        assert owners == dict.fromkeys(six_sites.NAMES, (target, "in_service"))
    assert six.lab.problems() == []


def _assert_served(six: SixSites, name: str, node: str) -> None:
    if name == POOLLESS:
        assert six.ask(name)[:2] == (503, node.upper())
        return
    for https in (False, True):
        status, answered_by, body = six.ask(name, https=https)
        assert (status, answered_by) == (200, node.upper())
        # orders-dc has its content in the folder of ORDERS: the page there is the one of the first of them.
        assert ("ORDERS" if name == "orders-dc.example.net" else name) in body


@pytest.mark.parametrize("change", [_other_language, _all_items_first])
def test_a_site_is_found_protected_and_moved_on_servers_that_answer_otherwise(
    make_lab: LabFactory, tmp_path: Path, change: Callable[[dict], None]
) -> None:
    six, name = _make(make_lab, tmp_path)(change), "OrdersTraining"
    with six.fleet() as fleet:
        six.declare(fleet, name)
        assert ensure_site(fleet, SiteRequest(name, NODES), check=False).changed
        assert not ensure_site(fleet, SiteRequest(name, NODES), check=False).changed
        for target in ("server1", "server2", "server1"):
            put_in_service(fleet, name, target, check=False)
            _assert_served(six, name, target)
    assert six.lab.problems() == []


def test_with_the_content_on_a_shared_disk_the_six_sites_move_as_one(
    make_lab: LabFactory, tmp_path: Path
) -> None:
    six = _make(make_lab, tmp_path)(_shared_content)
    with six.fleet() as fleet:
        six.declare(fleet, *six_sites.NAMES, disk=SHARED)
        for name in six_sites.NAMES:
            ensure_site(fleet, SiteRequest(name, NODES), check=False)
        for target in ("server1", "server2", "server1"):
            put_in_service(fleet, "press.example.net", target, check=False)
            for name in six_sites.NAMES:
                _assert_served(six, name, target)
        (one,) = hierarchies_of(fleet)
    assert (one["name"], one["owner"], len(one["members"])) == ("ORDERS", "server1", 13)
    assert six.lab.problems() == []
