# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which adapters are usable, and the DAD setting of their interfaces."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.windows.adapter import (
    IPV4,
    IPV6,
    Adapter,
    Interface,
    find_adapter,
    read_adapters,
    read_dad_transmits,
    read_interfaces,
    write_dad_transmits,
)


@pytest.mark.parametrize(
    ("operational", "media", "up"),
    [("1", "1", True), ("2", "1", False), ("1", "2", False), ("7", "0", False), (None, None, False)],
)
def test_an_adapter_is_up_when_it_is_operational_and_connected(windows, node, operational, media, up):
    windows.add(
        "MSFT_NetAdapter",
        Name="Ethernet",
        InterfaceIndex="4",
        InterfaceOperationalStatus=operational,
        MediaConnectState=media,
    )
    assert read_adapters(node) == [Adapter("Ethernet", 4, up)]


def test_hidden_adapters_are_left_out(windows, node):
    windows.add("MSFT_NetAdapter", Name="WAN Miniport (IP)", InterfaceIndex="9", Hidden="true")
    assert read_adapters(node) == []


def test_an_alias_is_found_whatever_its_case():
    adapters = [Adapter("Ethernet 2", 7, True)]
    assert find_adapter(adapters, "ETHERNET 2") == adapters[0]
    assert find_adapter(adapters, "Ethernet") is None


def test_an_ip_interface_tells_its_probes(windows, node):
    for dad_transmits in ("0", None):
        windows.add("MSFT_NetIPInterface", InterfaceIndex="4", AddressFamily="2", DadTransmits=dad_transmits)
    assert [one.dad_transmits for one in read_interfaces(node)] == [0, None]


def test_the_ip_interfaces_in_force_say_whether_dhcp_configures_them(windows, node):
    for family, store, dhcp in [("2", "1", "1"), ("2", "0", "0"), ("23", "1", "0"), ("23", "1", None)]:
        windows.add("MSFT_NetIPInterface", InterfaceIndex="4", AddressFamily=family, Store=store, Dhcp=dhcp)
    assert read_interfaces(node) == [
        Interface(4, IPV4, True),
        Interface(4, IPV6, False),
        Interface(4, IPV6, False),
    ]


@pytest.fixture
def interfaces(windows):
    return {
        (family, store): windows.add(
            "MSFT_NetIPInterface", InterfaceIndex="4", AddressFamily=family, Store=store, DadTransmits=3
        )
        for store in (0, 1)
        for family in (IPV6, IPV4)
    }


def test_dad_transmits_is_written_to_the_active_store_of_the_family_asked_for(node, interfaces):
    write_dad_transmits(node, 4, IPV4, 0)
    assert read_dad_transmits(node, 4, IPV4) == 0
    assert read_dad_transmits(node, 4, IPV6) == 3
    assert [key for key, item in interfaces.items() if item.number("DadTransmits") == 0] == [(IPV4, 1)]


def test_a_setting_that_windows_does_not_keep_is_an_error(windows, node, interfaces):
    windows.modify = lambda reference, properties: None
    with pytest.raises(StandbyError, match="DadTransmits is 3 after it was set to 0"):
        write_dad_transmits(node, 4, IPV4, 0)


def test_an_interface_without_the_family_is_named(node):
    with pytest.raises(StandbyError) as caught:
        read_dad_transmits(node, 12, IPV6)
    assert str(caught.value).startswith("server1, interface 12: no IPv6 interface")
