# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites over WinRM: read, driven and protected on two lab nodes as on Windows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.control.info import sites_of
from ansible_collections.standby.iis.plugins.module_utils.control.site import (
    SiteRequest,
    ensure_site,
    remove_site,
)
from ansible_collections.standby.iis.plugins.module_utils.control.store import read_cluster, write_cluster
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Cluster, Ip, Volume, VolumeKind
from ansible_collections.standby.iis.plugins.module_utils.windows import iis
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection

if TYPE_CHECKING:
    from tests.lab.conftest import LabUnderTest

NODES = ("server1", "server2")
ODD_NAMES = ['Say "hi"', "Shop & Co", "100%PATH%", "a^b|c>d", "Магазин", "🛒 商店", "n" * 200, "it's (it)"]


def connections(lab: LabUnderTest) -> list[Connection]:
    return [
        Connection(
            name=node.name,
            host=node.address,
            port=5985,
            scheme="http",
            username="Administrator",
            password=lab.password,
        )
        for node in lab.topology.nodes
    ]


@pytest.fixture(scope="module")
def fleet(lab: LabUnderTest) -> Iterator[Fleet]:
    with Fleet(connections(lab)) as one:
        yield one


def volume() -> Volume:
    return Volume("E:\\", VolumeKind.LOCAL, NODES)


def declare(lab: LabUnderTest, fleet: Fleet, *octets: int) -> None:
    ips = tuple(Ip(lab.address(f"1.{octet}"), 16, NODES) for octet in octets)
    write_cluster(fleet, read_cluster(fleet), Cluster("lab", NODES, ips, (volume(),)))


def document(name: str, bindings: int = 1) -> bytes:
    quoted = quoteattr(name)
    items = "".join(
        f'<binding protocol="http" bindingInformation="127.0.0.1:8180:h{n}.example" />'
        for n in range(bindings)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><appcmd><SITE SITE.NAME={quoted} SITE.ID="900">'
        f'<site name={quoted} id="900" serverAutoStart="false"><bindings>{items}</bindings>'
        '<application path="/"><virtualDirectory path="/" physicalPath="C:\\inetpub" /></application>'
        "</site></SITE></appcmd>"
    ).encode()


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_site_of_any_name_is_driven_through_the_command_shell(fleet: Fleet, name: str) -> None:
    with fleet.lease("server1") as node:
        iis.import_site(node, document(name))
        iis.start_site(node, name)
        iis.start_site(node, name)
        started = iis.read_configuration(node).site(name)
        iis.set_auto_start(node, name, True)
        iis.stop_site(node, name)
        iis.stop_site(node, name)
        stopped = iis.read_configuration(node).site(name)
        exported = iis.parse_configuration(iis.export_site(node, name), "export").sites[0]
        assert iis.delete_site(node, name)
        assert not iis.delete_site(node, name)
    assert started is not None
    assert stopped is not None
    assert (started.state, stopped.state, stopped.auto_start, exported.name) == (
        "Started",
        "Stopped",
        True,
        name,
    )


def test_a_site_with_more_bindings_than_appcmd_prints_is_read_and_exported(fleet: Fleet) -> None:
    with fleet.lease("server1") as node:
        iis.import_site(node, document("Many", 150))
        try:
            iis.stop_site(node, "Many")  # waits until Windows has read the new site
            found = iis.read_configuration(node)
            exported = iis.parse_configuration(iis.export_site(node, "Many"), "export")
        finally:
            iis.delete_site(node, "Many")
    many = found.site("Many")
    assert many is not None
    assert (len(many.bindings), many.state) == (150, "Stopped")
    assert len(exported.sites[0].bindings) == 150
    assert found.sites[0].state == "Started"


def test_every_site_is_protected_as_predicted_and_only_once(lab: LabUnderTest, fleet: Fleet) -> None:
    declare(lab, fleet, 193, 194, 195, 197)
    names = list(dict.fromkeys(one["name"] for one in sites_of(fleet)))
    assert len(names) == 4
    for name in names:
        predicted = ensure_site(fleet, SiteRequest(name, NODES), check=True)
        assert ensure_site(fleet, SiteRequest(name, NODES), check=False) == predicted
        assert predicted.changed
    assert not any(ensure_site(fleet, SiteRequest(name, NODES), check=False).changed for name in names)
    found = {(one["node"], one["name"]): one for one in sites_of(fleet)}
    assert all(one["protected"] for one in found.values())
    assert {found["server2", name]["state"] for name in names} == {"Stopped"}
    for name in names:
        remove_site(fleet, name, delete_twins=True, check=False)
    assert {one["node"] for one in sites_of(fleet)} == {"server1"}


def test_a_missing_address_is_named(lab: LabUnderTest, fleet: Fleet) -> None:
    declare(lab, fleet, 194)
    with pytest.raises(StandbyError, match=rf"ip resource {re.escape(lab.address('1.193'))}"):
        ensure_site(fleet, SiteRequest("shop.example.net", NODES), check=False)


def test_a_wrong_name_is_answered_with_the_right_one(lab: LabUnderTest, fleet: Fleet) -> None:
    declare(lab, fleet, 193)
    with pytest.raises(StandbyError, match=r'"shop\.example\.net"'):
        ensure_site(fleet, SiteRequest("Shop.example.net", NODES), check=False)


def test_starting_what_does_not_exist_says_so(fleet: Fleet) -> None:
    with fleet.lease("server1") as node, pytest.raises(iis.IisError) as failure:
        iis.start_site(node, "No such site")
    assert failure.value.code == 1168
    assert "No such site" in str(failure.value)
