# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from lab.cim.network import INFINITE, NetAdapter, NetIPAddress, NetIPInterface, opaque
from lab.cim.schema import CimFailure
from lab.machine.faults import Faults
from lab.topology import Nic
from tests.support.lab_wire import World


class Node:
    def __init__(self, folder, **nic):
        self.world = World(folder)
        self.network = self.world.host("one", Nic("Ethernet", 12, ("127.77.0.11/16",), **nic))
        self.faults = Faults(lambda name: None)
        self.addresses = NetIPAddress(self.network, self.faults)
        self.interfaces = NetIPInterface(self.network)
        self.adapters = NetAdapter(self.network, "SERVER1")

    def create(self, address="127.77.1.50", **arguments):
        names = [m.name for m in self.addresses.schema.methods[0].inputs]
        given = {"InterfaceIndex": 12, "PrefixLength": 16, "IPAddress": address, **arguments}
        return run(self.addresses.invoke("Create", None, {name: given.get(name) for name in names}))

    def found(self, address="127.77.1.50"):
        return [v for v in run(self.addresses.instances()) if v["IPAddress"] == address]

    def keys(self, values):
        return self.addresses.key_values(values)

    def pass_time(self, seconds):
        self.world.clock.advance(seconds)


def run(awaitable):
    return asyncio.run(awaitable)


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


def refused(call, *arguments, **named):
    with pytest.raises(CimFailure) as caught:
        call(*arguments, **named)
    return caught.value


def test_the_key_is_opaque_and_needs_escaping():
    key = opaque("12 127.77.0.11 A")
    assert "127" not in key
    assert set("<>") & set(opaque("".join(map(chr, range(32, 127)))))
    assert key != opaque("12 127.77.0.11 P")


def test_without_a_store_an_address_is_in_both(node):
    assert node.create().value == 0
    assert [(v["Store"], v["AddressState"]) for v in node.found()] == [(1, 1), (0, 0)]
    assert len({v["Name"] for v in node.found()}) == 2


def test_the_active_store_alone_makes_one_instance(node):
    node.create(PolicyStore="ActiveStore", SkipAsSource=True)
    (found,) = node.found()
    assert (found["Store"], found["SkipAsSource"], found["PrefixOrigin"], found["SuffixOrigin"]) == (
        1,
        True,
        1,
        1,
    )
    assert (found["AddressFamily"], found["InterfaceAlias"], found["Type"]) == (2, "Ethernet", 1)
    assert found["CreationClassName"] == found["SystemCreationClassName"] == found["SystemName"] == ""
    assert found["ValidLifetime"] == found["PreferredLifetime"] == INFINITE


def test_an_instance_has_every_member_of_its_class(node):
    node.create()
    for values in node.found():
        assert list(values) == [m.name for m in node.addresses.schema.members]


def test_an_address_that_exists_is_an_invalid_parameter(node):
    node.create(PolicyStore="ActiveStore")
    failure = refused(node.create, PolicyStore="ActiveStore")
    assert failure.status == 4
    assert failure.message == "Instance MSFT_NetIPAddress already exists"
    assert failure.message_id == "Windows System Error 87"


def test_the_new_instances_are_given_back_when_asked_for(node):
    (embedded,) = node.create(PolicyStore="ActiveStore", PassThru=True).out["CmdletOutput"]
    assert embedded.class_name == "MSFT_NetIPAddress"
    assert embedded.values["IPAddress"] == "127.77.1.50"
    assert node.create("127.77.1.51").out["CmdletOutput"] is None


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        ({"InterfaceIndex": 99}, 6, 1168),
        ({"InterfaceIndex": None}, 4, 87),
        ({"InterfaceIndex": None, "InterfaceAlias": "nowhere"}, 4, 87),
        ({"InterfaceAlias": "Loopback Pseudo-Interface 1"}, 4, 87),
        ({"IPAddress": "300.1.1.1"}, 4, 87),
        ({"PrefixLength": 33}, 4, 87),
        ({"AddressFamily": 23}, 4, 87),
        ({"PolicyStore": "SomeStore"}, 4, 87),
        ({"ValidLifetime": timedelta(seconds=5), "PreferredLifetime": timedelta(seconds=6)}, 4, 87),
    ],
)
def test_bad_parameters_are_refused_and_leave_nothing(node, arguments, status, code):
    before = run(node.addresses.instances())
    failure = refused(node.create, **{"PolicyStore": "ActiveStore", **arguments})
    assert (failure.status, failure.error_code) == (status, code)
    assert run(node.addresses.instances()) == before


@pytest.mark.parametrize(
    "arguments",
    [
        {"DefaultGateway": "127.77.0.1"},
        {"Type": 2},
        {"PrefixOrigin": 3},
        {"PrefixLength": None},
        {"PolicyStore": "PersistentStore", "ValidLifetime": timedelta(5), "PreferredLifetime": timedelta(5)},
        {"ValidLifetime": timedelta(seconds=5)},
        {"IPAddress": "127.0.0.1"},
        {"IPAddress": "0.0.0.0"},  # noqa: S104
        {"IPAddress": "224.0.0.5"},
        {"IPAddress": "255.255.255.255"},
        {"IPAddress": "::", "PrefixLength": 64},
        {"IPAddress": "ff02::1", "PrefixLength": 64},
    ],
)
def test_what_the_lab_does_not_know_is_not_guessed(node, arguments):
    assert refused(node.create, **{"PolicyStore": "ActiveStore", **arguments}).status == 7


def test_lifetimes_count_down_and_take_the_address_away(node):
    lifetime = timedelta(seconds=20)
    node.create(PolicyStore="ActiveStore", ValidLifetime=lifetime, PreferredLifetime=lifetime)
    node.pass_time(5)
    (found,) = node.found()
    assert found["AddressState"] == 4
    assert found["ValidLifetime"] == timedelta(seconds=15)
    node.pass_time(16)
    assert node.found() == []


def test_put_renews_the_lifetimes(node):
    lifetime = timedelta(seconds=20)
    node.create(PolicyStore="ActiveStore", ValidLifetime=lifetime, PreferredLifetime=lifetime)
    node.pass_time(15)
    keys = node.keys(node.found()[0])
    run(node.addresses.modify(keys, {"ValidLifetime": lifetime, "PreferredLifetime": lifetime}))
    node.pass_time(15)
    assert node.found()[0]["ValidLifetime"] == timedelta(seconds=5)


def test_put_sets_skip_as_source_and_refuses_the_prefix(node):
    node.create(PolicyStore="ActiveStore")
    keys = node.keys(node.found()[0])
    run(node.addresses.modify(keys, {"SkipAsSource": True}))
    assert node.found()[0]["SkipAsSource"] is True
    with pytest.raises(CimFailure, match="PrefixLength"):
        run(node.addresses.modify(keys, {"PrefixLength": 24}))


def test_delete_removes_one_store_at_a_time(node):
    node.create()
    run(node.addresses.delete(node.keys(node.found()[0])))
    (left,) = node.found()
    assert left["Store"] == 0
    run(node.addresses.delete(node.keys(left)))
    assert node.found() == []
    assert refused(lambda: run(node.addresses.delete(node.keys(left)))).status == 6


def test_a_manual_address_in_the_persistent_store_alone_conflicts_with_dhcp(tmp_path):
    node = Node(tmp_path, dhcp=True)
    failure = refused(node.create, PolicyStore="PersistentStore")
    assert failure.message == "Inconsistent parameters PolicyStore PersistentStore and Dhcp Enabled"
    node.create(PolicyStore="ActiveStore")
    assert run(node.interfaces.instances())[2]["Dhcp"] == 0


def test_the_dhcp_race_is_seen_once(node):
    node.faults.set("dhcp_race", {})
    assert "Dhcp Enabled" in refused(node.create).message
    assert node.create().value == 0


def test_adapters_leave_the_loopback_out_and_addresses_do_not(node):
    assert [v["InterfaceIndex"] for v in run(node.adapters.instances())] == [12]
    assert node.found("127.0.0.1")[0]["InterfaceIndex"] == 1
    assert {v["InterfaceIndex"] for v in run(node.interfaces.instances())} == {1, 12}


def test_the_state_of_an_adapter_follows_cable_and_administrator(node):
    def shown():
        (found,) = run(node.adapters.instances())
        names = ("InterfaceOperationalStatus", "InterfaceAdminStatus", "MediaConnectState", "State")
        return tuple(found[name] for name in names)

    assert shown() == (1, 1, 1, 2)
    node.network.set_link(12, cable=False)
    assert shown() == (2, 1, 2, 2)
    node.network.set_link(12, cable=True)
    keys = node.adapters.key_values(run(node.adapters.instances())[0])
    assert run(node.adapters.invoke("Disable", keys, {})).value == 0
    assert shown()[:2] == (2, 2)
    run(node.adapters.invoke("Enable", keys, {}))
    assert shown() == (1, 1, 1, 2)


def test_detection_can_be_switched_off_by_put(node):
    (v4,) = [
        v for v in run(node.interfaces.instances()) if (v["InterfaceIndex"], v["AddressFamily"]) == (12, 2)
    ]
    assert (v4["DadTransmits"], v4["DadRetransmitTime"]) == (3, 1000)
    run(node.interfaces.modify(node.interfaces.key_values(v4), {"DadTransmits": 0}))
    node.create(PolicyStore="ActiveStore")
    assert node.found()[0]["AddressState"] == 4


def test_an_unknown_method_is_not_found(node):
    with pytest.raises(CimFailure) as caught:
        run(node.addresses.invoke("Destroy", None, {}))
    assert caught.value.status == 17
