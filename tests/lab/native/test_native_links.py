# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets of real processes lose what the links of the lab lose."""

from __future__ import annotations

import time

import pytest

# Asks another node again and again: what came of it, and how long it took.
_CLIENT = """
def exchange():
    with socket.create_connection(("OTHER", 9443), timeout=0.5) as connection:
        connection.sendall(b"x")
        return connection.recv(10).decode()

while True:
    tell("answer", failure(exchange))
    time.sleep(0.02)
"""
# Answers with the address that the question came from.
_SERVER = """
listener = socket.create_server(("OWN", 9443))
tell("ready", 1)
while True:
    connection, address = listener.accept()
    connection.settimeout(0.5)
    try:
        if connection.recv(1):
            connection.sendall(address[0].encode()[:10])
    except OSError:
        pass
    connection.close()
"""


@pytest.fixture
def both(lab, program):
    """A client on each node that asks the server on the other: (one to two, two to one)."""
    made = []
    for here, there in (("server1", "server2"), ("server2", "server1")):
        own, other = (lab.topology.node(name).address for name in (here, there))
        server = program(_SERVER.replace("OWN", own), here, "listener")
        server.told("ready")
        made.append(program(_CLIENT.replace("OTHER", other), here, "asker"))
    return made


def now(asker):
    """What comes of an exchange that begins after now."""
    for _rest in range(2):
        (asker._drive / f"{asker.name}.answer").unlink(missing_ok=True)
        asker.told("answer")
    return asker.told("answer")


def works(asker):
    return now(asker)[0] == "fine"


def times_out(asker):
    kind, _errno, seconds = now(asker)
    return kind == "TimeoutError" and 0.4 < seconds < 2.0


def test_a_connection_comes_from_the_address_of_its_node(lab, both):
    assert now(both[0])[1] == lab.topology.node("server1").address[:10]
    assert now(both[1])[1] == lab.topology.node("server2").address[:10]


@pytest.mark.parametrize("fault", ["nic", "partition"])
def test_a_cable_and_a_partition_cut_both_ways_as_packet_loss(lab, both, fault):
    one, two = both
    assert works(one)
    assert works(two)
    lab.fault("server1", fault)
    assert times_out(one)
    assert times_out(two)
    lab.clear("server1", fault)
    assert works(one)
    assert works(two)


@pytest.mark.parametrize(("node", "way"), [("server1", {"to": "server2"}), ("server2", {"from": "server1"})])
def test_a_link_is_cut_in_one_direction(lab, both, node, way):
    one, two = both
    lab.fault(node, "link", **way)
    assert times_out(one)
    assert works(two)
    lab.clear(node, "link")
    assert works(one)


def test_a_slow_link_delays(lab, both):
    one, _two = both
    assert now(one)[2] < 0.2
    lab.fault("server1", "link", to="server2", seconds=0.1)
    kind, _rest, seconds = now(one)
    assert (kind, seconds > 0.2) == ("fine", True)


def test_what_is_under_way_waits_and_goes_on_when_the_link_is_whole_again(lab, program):
    server = program(
        _SERVER.replace("settimeout(0.5)", 'settimeout(20); tell("accepted", 1)').replace(
            "OWN", lab.topology.node("server2").address
        ),
        "server2",
        "listener",
    )
    server.told("ready")
    client = program(f"""
connection = socket.create_connection(("{lab.topology.node("server2").address}", 9443), timeout=20)
tell("connected", 1)
asked("go")
connection.sendall(b"x")
tell("answer", connection.recv(10).decode())
""")
    client.told("connected")
    server.told("accepted")
    lab.fault("server2", "partition")
    client.tell("go")
    time.sleep(0.5)
    assert not client.has_told("answer")
    lab.clear("server2", "partition")
    assert client.told("answer") == lab.topology.node("server1").address[:10]


def test_what_arrived_is_not_read_over_a_link_that_is_cut(lab, program):
    address = lab.topology.node("server2").address
    program(_SERVER.replace("OWN", address), "server2", "listener").told("ready")
    client = program(f"""
connection = socket.create_connection(("{address}", 9443), timeout=0.5)
connection.sendall(b"x")
time.sleep(0.3)
tell("asked", 1)
asked("go")
tell("answer", failure(lambda: connection.recv(10).decode()))
""")
    client.told("asked")
    lab.fault("server1", "link", to="server2")
    client.tell("go")
    assert client.told("answer")[0] == "TimeoutError"


def test_tls_is_cut_as_well(lab, program):
    state = lab.state
    pair = state.server("server2")
    server = program(
        f"""
import ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("{pair.certificate.resolve()}", "{pair.key.resolve()}")
listener = socket.create_server(("{lab.topology.node("server2").address}", 9444))
tell("ready", 1)
connection = context.wrap_socket(listener.accept()[0], server_side=True)
while data := connection.recv(1):
    connection.sendall(data)
""",
        "server2",
    )
    server.told("ready")
    client = program(f"""
import ssl
context = ssl.create_default_context(cafile="{state.ca.resolve()}")
context.check_hostname = False
raw = socket.create_connection(("{lab.topology.node("server2").address}", 9444), timeout=0.5)
connection = context.wrap_socket(raw)
def exchange():
    connection.sendall(b"x")
    return connection.recv(1).decode()
tell("first", failure(exchange))
asked("go")
tell("second", failure(exchange))
""")
    assert client.told("first")[0] == "fine"
    lab.fault("server1", "link", to="server2")
    client.tell("go")
    kind, _errno, seconds = client.told("second")
    assert (kind, 0.4 < seconds < 2) == ("TimeoutError", True)


def test_a_node_reaches_itself_whatever_is_cut(lab, program):
    own = lab.topology.node("server1").address
    program(_SERVER.replace("OWN", own), "server1", "listener").told("ready")
    asker = program(_CLIENT.replace("OTHER", own), "server1", "asker")
    lab.fault("server1", "nic")
    assert works(asker)


def test_a_node_that_is_off_refuses_nothing_and_says_nothing(make_lab, program):
    lab = make_lab()
    other = lab.topology.node("server2").address
    asker = program(_CLIENT.replace("OTHER", other), "server1", "asker", lab)
    assert now(asker)[0] == "ConnectionRefusedError"
    lab.power_off("server2")
    assert times_out(asker)
    lab.power_on("server2")
    assert now(asker)[0] == "ConnectionRefusedError"


def test_an_address_that_moves_is_the_link_to_who_has_it(lab, program):
    from test_drivers_lab import session

    from ansible_collections.standby.iis.plugins.module_utils.windows import address

    ip, node = lab.address("1.231"), session(lab, "server2")
    address.add_address(node, ip, 16, 7)
    address.wait_preferred(node, ip, 16, 7, time, 5.0)
    program(_SERVER.replace("OWN", ip), "server2", "listener").told("ready")
    asker = program(_CLIENT.replace("OTHER", ip), "server1", "asker")
    assert works(asker)
    lab.fault("server1", "link", to="server2")
    assert times_out(asker)
    address.remove_address(node, ip)
    node.close()
