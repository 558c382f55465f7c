# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules against a lab, called through the fixtures of pytest-ansible as an operator's tasks call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from playbooks import INVENTORY

NODES = ["server1", "server2"]


@pytest.fixture
def call(lab, ansible_adhoc, monkeypatch) -> Callable[..., dict[str, Any]]:
    """Run a module on all hosts: ``call("ip", address=...)`` gives the results by host."""
    monkeypatch.setenv("STANDBY_LAB_STATE", str(lab.state.folder))

    def run(module: str, **options: Any) -> dict[str, Any]:
        hosts = ansible_adhoc(inventory=str(INVENTORY), host_pattern="all")
        contacted = getattr(hosts.all, f"standby.iis.{module}")(**options).contacted
        return {name: dict(result) for name, result in contacted.items()}

    return run


def test_site_info_reads_each_host_alone(call) -> None:
    found = call("site_info")
    assert sorted(found) == NODES
    assert [site["name"] for site in found["server1"]["sites"]][:2] == ["shop.example.net", "LIBRARY"]
    assert {site["node"] for site in found["server1"]["sites"]} == {"server1"}
    assert found["server2"]["sites"] == []


def test_site_info_says_what_keeps_a_site_from_being_protected(call) -> None:
    (site,) = call("site_info", name="LIBRARY")["server1"]["sites"]
    # Addresses of a lab lie in 127/8: as long as they are not declared they count as loopback.
    assert {one["reason"] for one in site["obstacles"]} == {"loopback_only", "undeclared_volume"}
    assert all(one["sentence"] and one["remedy"] for one in site["obstacles"])


def test_cluster_modules_run_once_for_all_hosts(call) -> None:
    found = call("hierarchy_info")
    assert list(found) == ["server1"]
    assert found["server1"]["hierarchies"] == []


def test_an_address_is_declared_once_and_removed_once(call, lab) -> None:
    address = lab.address("1.240")
    first = call("ip", address=f"{address}/16")["server1"]
    assert first["changed"]
    assert first["diff"]["before"] == {}
    assert first["diff"]["after"]["nodes"] == NODES
    assert not call("ip", address=f"{address}/16")["server1"]["changed"]
    (hierarchy,) = call("hierarchy_info", name=address)["server1"]["hierarchies"]
    assert (hierarchy["state"], hierarchy["owner"]) == ("out_of_service", None)
    assert call("ip", address=address, state="absent")["server1"]["changed"]
    assert not call("ip", address=address, state="absent")["server1"]["changed"]
    assert call("hierarchy_info")["server1"]["hierarchies"] == []


def test_a_volume_is_declared_once_and_removed_once(call) -> None:
    assert call("volume", path="E:\\")["server1"]["changed"]
    assert not call("volume", path="e:")["server1"]["changed"]
    assert call("volume", path="E:\\", state="absent")["server1"]["changed"]
    assert not call("volume", path="E:\\", state="absent")["server1"]["changed"]


@pytest.mark.parametrize(
    ("module", "options", "resource", "told"),
    [
        ("site", {"name": "Nowhere"}, 'site "Nowhere"', "does not exist on server1, server2"),
        ("site", {"name": "LIBRARY"}, 'site "LIBRARY"', "cannot be protected"),
        ("ip", {"address": "192.0.2.1/24"}, "ip 192.0.2.1", "subnet"),
        ("ip", {"address": "10.0.0.1.5"}, "ip 10.0.0.1.5", "is not an IP address"),
        ("volume", {"path": "C:\\"}, "volume C:\\", "is the system volume"),
        ("volume", {"path": "Z:\\"}, "volume Z:\\", "no volume has this access path"),
        (
            "volume",
            {"path": "F:\\", "kind": "shared", "disk": "0815"},
            "volume F:\\",
            "there is no disk 0815",
        ),
        ("volume", {"path": "F:\\", "kind": "shared"}, "volume F:\\", "a shared volume needs its disk"),
        ("hierarchy", {"name": "Nowhere"}, None, "the cluster has no definition"),
    ],
)
def test_bad_input_ends_in_a_message_with_resource_and_remedy(call, module, options, resource, told) -> None:
    result = call(module, **options)["server1"]
    assert result["failed"]
    assert told in result["msg"]
    assert result.get("resource") == resource
    assert result["remedy"] in result["msg"]
    assert "exception" not in result or "Traceback" not in str(result["exception"])
