# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drivers against emulated nodes, over WinRM and over the bridge; what they did is read back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.local import local_node
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows import (
    adapter,
    address,
    deepcheck,
    disk,
    environment,
    registry,
    service,
)
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from tests.support.agent_root import HOME, make_root

INDEX = 12  # of server1's adapter
SHARED = "600224806B1D4F1E9A0C2D3E4F506172"
KEY = "SOFTWARE\\standby.iis.test"


def session(lab, name: str = "server1") -> Node:
    described = lab.topology.node(name)
    return connect(
        Connection(
            name=name,
            host=described.address,
            port=described.winrm.port,
            scheme="http",
            username=described.users[0],
            password=lab.password,
            operation_timeout=3,
            read_timeout=6,
        )
    )


@pytest.fixture(params=["winrm", "bridge"])
def node(request, lab, tmp_path, monkeypatch) -> Iterator[Node]:
    """server1, from the controller and as the agent has it that runs there."""
    if request.param == "winrm":
        node = session(lab)
    else:
        monkeypatch.setenv("STANDBY_ROOT", str(make_root(tmp_path / "root", lab, "server1")))
        node = local_node("server1", HOME)
    yield node
    node.close()


@contextmanager
def fault(lab, name: str, **parameters: object) -> Iterator[None]:
    lab.fault("server1", name, **parameters)
    try:
        yield
    finally:
        lab.clear("server1", name)


@pytest.fixture
def ip(lab, node) -> Iterator[str]:
    """An address of the lab's network, removed at the end."""
    yield lab.address("1.240")
    address.remove_address(node, lab.address("1.240"))


def held(node: Node, ip: str) -> list[address.Address]:
    return [found for found in address.read_addresses(node) if found.address == ip]


def test_a_floating_address_comes_up_in_the_active_store_and_goes(node, ip):
    address.add_address(node, ip, 16, INDEX)
    address.wait_preferred(node, ip, 16, INDEX, time, 5.0)
    (found,) = held(node, ip)
    assert (found.persistent, found.skip_as_source, found.prefix) == (False, True, 16)
    assert found.state is address.AddressState.PREFERRED
    assert address.remove_address(node, ip) is True
    assert held(node, ip) == []
    assert address.remove_address(node, ip) is False


def test_adding_it_again_changes_nothing(node, ip):
    address.add_address(node, ip, 16, INDEX)
    address.add_address(node, ip, 16, INDEX)
    assert len(held(node, ip)) == 1


def test_another_prefix_on_the_same_interface_is_refused(node, ip):
    address.add_address(node, ip, 16, INDEX)
    with pytest.raises(StandbyError, match=r"server1, ip .*: is already on interface 'Ethernet' with prefix"):
        address.add_address(node, ip, 24, INDEX)


def test_the_dhcp_race_of_windows_is_passed(lab, node, ip):
    with fault(lab, "dhcp_race"):
        address.add_address(node, ip, 16, INDEX)
    assert len(held(node, ip)) == 1


@pytest.mark.parametrize("performed", ["true", "false"])
def test_an_address_is_added_once_whether_the_answer_or_the_request_was_lost(lab, node, ip, performed):
    with fault(lab, "reset", method="Create", performed=performed):
        address.add_address(node, ip, 16, INDEX)
    assert len(held(node, ip)) == 1


@pytest.mark.parametrize("performed", ["true", "false"])
def test_an_address_is_removed_whether_the_answer_or_the_request_was_lost(lab, node, ip, performed):
    address.add_address(node, ip, 16, INDEX)
    with fault(lab, "reset", action="Delete", resource="MSFT_NetIPAddress", performed=performed):
        assert address.remove_address(node, ip) is True
    assert held(node, ip) == []


def test_both_stores_are_cleared(node, ip):
    node.cim.invoke(
        address.NET_IP_ADDRESS, "Create", {"InterfaceIndex": INDEX, "IPAddress": ip, "PrefixLength": 16}
    )
    assert sorted(found.persistent for found in held(node, ip)) == [False, True]
    assert address.remove_address(node, ip) is True
    assert held(node, ip) == []


def test_an_address_somebody_else_holds_is_said_to_be_so(lab, node, ip):
    lab.alien(ip)
    try:
        address.add_address(node, ip, 16, INDEX)
        with pytest.raises(StandbyError, match="another host answers for this address"):
            address.wait_preferred(node, ip, 16, INDEX, time, 10.0)
    finally:
        lab.alien(ip, there=False)


def test_a_duplicate_is_cured_when_the_other_host_lets_go(lab, node, ip):
    lab.alien(ip)
    address.add_address(node, ip, 16, INDEX)
    while held(node, ip)[0].state is not address.AddressState.DUPLICATE:
        time.sleep(0.02)
    lab.alien(ip, there=False)
    address.wait_preferred(node, ip, 16, INDEX, time, 10.0)


def test_windows_drops_an_address_whose_lifetime_ends_unless_it_is_renewed(node, ip):
    address.add_address(node, ip, 16, INDEX, valid_lifetime=timedelta(seconds=2))
    (found,) = held(node, ip)
    address.renew_address(node, found.reference, timedelta(seconds=60))
    time.sleep(2.2)
    assert len(held(node, ip)) == 1
    address.renew_address(node, found.reference, timedelta(seconds=1))
    time.sleep(1.5)
    assert held(node, ip) == []


def test_a_floating_address_does_not_survive_a_reboot(make_lab):
    lab = make_lab()
    ip = lab.address("1.240")
    node = session(lab)
    address.add_address(node, ip, 16, INDEX)
    lab.reboot("server1")
    assert held(node, ip) == []
    node.close()


def test_the_adapter_and_its_cable(lab, node):
    assert adapter.read_adapters(node) == [adapter.Adapter("Ethernet", INDEX, True)]
    with fault(lab, "nic", alias="Ethernet", management="true"):
        assert adapter.read_adapters(node) == [adapter.Adapter("Ethernet", INDEX, False)]


@pytest.mark.parametrize("family", [adapter.IPV4, adapter.IPV6])
def test_dad_transmits_is_kept_apart_for_each_family(node, family):
    before = adapter.read_dad_transmits(node, INDEX, family)
    other = adapter.IPV4 + adapter.IPV6 - family
    beside = adapter.read_dad_transmits(node, INDEX, other)
    adapter.write_dad_transmits(node, INDEX, family, before + 4)
    assert adapter.read_dad_transmits(node, INDEX, family) == before + 4
    assert adapter.read_dad_transmits(node, INDEX, other) == beside
    adapter.write_dad_transmits(node, INDEX, family, before)


def test_a_shared_disk_is_handed_over_by_its_identity(lab, node):
    second = session(lab, "server2")
    here = disk.find_disk(disk.read_disks(node), SHARED.lower())
    there = disk.find_disk(disk.read_disks(second), SHARED)
    assert here is not None
    assert there is not None
    assert (here.offline, there.offline) == (False, True)
    assert here.number != there.number
    assert disk.access_paths(node) == ["C:\\", "E:\\", "F:\\"]
    disk.flush_volume(node, "F:\\")
    disk.take_offline(node, here)
    disk.bring_online(second, there)
    disk.wait_access_path(second, "F:\\", time, 5.0)
    back = disk.find_disk(disk.read_disks(second), SHARED)
    assert back is not None
    assert (back.offline, back.read_only) == (False, False)
    assert disk.access_paths(node) == ["C:\\", "E:\\"]
    disk.take_offline(second, back)
    disk.bring_online(node, disk.find_disk(disk.read_disks(node), SHARED))
    disk.wait_access_path(node, "F:\\", time, 5.0)
    second.close()


def test_a_stale_storage_cache_is_refreshed(lab, node):
    shared = disk.find_disk(disk.read_disks(node), SHARED)
    assert shared is not None
    with fault(lab, "disk_stale"):
        disk.set_read_only(node, shared, True)
    assert disk.find_disk(disk.read_disks(node), SHARED).read_only
    disk.bring_online(node, shared)
    assert not disk.find_disk(disk.read_disks(node), SHARED).read_only


def test_the_system_disk_is_never_taken_offline(node):
    system = next(found for found in disk.read_disks(node) if found.system)
    with pytest.raises(StandbyError, match="is never taken offline"):
        disk.take_offline(node, system)


def test_a_volume_gets_and_loses_a_mount_point(lab, node):
    data = next(part for part in disk.read_partitions(node) if part.access_paths == ("E:\\",))
    assert data.drive_letter == "E"
    (system,) = lab.state.node("server1").glob("drives/C")
    (system / "mounts" / "data").mkdir(parents=True, exist_ok=True)
    disk.add_access_path(node, data, "C:\\mounts\\data")
    assert "C:\\mounts\\data\\" in disk.access_paths(node)
    disk.remove_access_path(node, data, "C:\\mounts\\data\\")
    assert "C:\\mounts\\data\\" not in disk.access_paths(node)
    with pytest.raises(StandbyError, match=r"server1, volume C:\\: .*the access path is already in use"):
        disk.add_access_path(node, data, "C:\\")


@pytest.mark.parametrize("text", ["", '{"a":"<&>\\"\'"}', "Käse 東京 🧀", "x" * 200_000], ids=range(4))
def test_a_registry_value_is_read_as_it_was_written(node, text):
    assert registry.read_value(node, KEY, "Definition") is None
    registry.write_value(node, KEY, "Definition", text)
    assert registry.read_value(node, KEY, "Definition") == text
    registry.delete_value(node, KEY, "Definition")
    assert registry.read_value(node, KEY, "Definition") is None
    registry.write_value(node, f"{KEY}\\below", "x", "1")
    registry.delete_key(node, KEY)
    registry.delete_key(node, KEY)
    assert registry.read_value(node, f"{KEY}\\below", "x") is None


def test_a_service_is_stopped_started_and_set(node):
    assert service.read_services(node, ["W3SVC", "NoSuchThing"]).keys() == {"W3SVC"}
    service.stop_service(node, "W3SVC", time)
    assert service.read_services(node, ["w3svc"])["w3svc"].state == service.STOPPED
    service.start_service(node, "W3SVC", time)
    service.set_start_mode(node, "W3SVC", "Manual")
    assert service.read_services(node, ["W3SVC"])["W3SVC"] == service.Service("W3SVC", "Running", "Manual")
    service.set_start_mode(node, "W3SVC", "Auto")


def test_a_service_that_does_not_start_is_named(lab, node):
    service.stop_service(node, "W3SVC", time)
    named = pytest.raises(StandbyError, match="server1, service W3SVC")
    with fault(lab, "service_start", service="W3SVC"), named:
        service.start_service(node, "W3SVC", time, 2.0)
    service.start_service(node, "W3SVC", time)


def test_each_machine_has_a_uuid_of_its_own_in_its_firmware(lab, node):
    found = environment.read_product_uuid(node)
    assert len(found) == 32
    assert environment.read_product_uuid(node) == found
    other = session(lab, "server2")
    assert environment.read_product_uuid(other) != found
    other.close()


def test_the_machine_knows_its_name_and_variables(lab, node):
    machine = environment.read_machine(node)
    assert machine.computer_name == lab.topology.node("server1").netbios
    assert machine.system_drive == "C:"
    assert machine.variables["SYSTEMROOT"] == machine.windows_directory == "C:\\Windows"
    assert machine.version.startswith("10.0.")


def test_a_deep_check_sees_who_answers_and_who_does_not(lab):
    there = deepcheck.run_check(Check(f"http://{lab.address('0.11')}:5985/wsman", status=(401, 404, 405)))
    assert there.healthy, there.sentence
    gone = deepcheck.run_check(Check(f"http://{lab.address('1.241')}:8080/", timeout=1.0))
    assert not gone.healthy
