# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lab nodes from outside: the command line, and CIM through a client that is not ours (pypsrp)."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from pypsrp.exceptions import WSManFaultError
from pypsrp.wsman import SelectorSet, WSMan
from requests.exceptions import ConnectionError as RequestsConnectionError

from lab.__main__ import main
from lab.audit import overlaps, read_logs

CIMV2 = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/StandardCimv2"
STORAGE = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/Microsoft/Windows/Storage"
N = "{http://schemas.xmlsoap.org/ws/2004/09/enumeration}"
W = "{http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd}"
A = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
REPOSITORY = Path(__file__).resolve().parent.parent.parent


class Client:
    """A node through pypsrp."""

    def __init__(self, lab, name):
        node = lab.topology.node(name)
        self.wsman = WSMan(
            node.address,
            ssl=True,
            port=5986,
            username="Administrator",
            password=lab.password,
            auth="ntlm",
            cert_validation=str(lab.state.ca),
            read_timeout=5,
            operation_timeout=4,
            connection_timeout=5,
            reconnection_retries=0,
        )

    def enumerate(self, uri):
        body = ET.Element(f"{N}Enumerate")
        ET.SubElement(body, f"{W}OptimizeEnumeration")
        ET.SubElement(body, f"{W}MaxElements").text = "50"
        ET.SubElement(body, f"{W}EnumerationMode").text = "EnumerateObjectAndEPR"
        answer = self.wsman.enumerate(uri, body)
        items, context, done = self._read(answer)
        while not done:
            pull = ET.Element(f"{N}Pull")
            ET.SubElement(pull, f"{N}EnumerationContext").text = context
            ET.SubElement(pull, f"{N}MaxElements").text = "50"
            more, context, done = self._read(self.wsman.pull(uri, pull))
            items += more
        return items

    def _read(self, answer):
        root = ET.fromstring(ET.tostring(answer)) if isinstance(answer, ET.Element) else ET.fromstring(answer)
        items = [self._item(item) for item in root.iter(f"{W}Item")]
        done = any(tag.tag.endswith("}EndOfSequence") for tag in root.iter())
        context = next((found.text for found in root.iter(f"{N}EnumerationContext")), None)
        return items, context, done

    def _item(self, item):
        values, keys = {}, {}
        for child in item[0]:
            name = child.tag.rpartition("}")[2]
            values[name] = None if child.get("{http://www.w3.org/2001/XMLSchema-instance}nil") else child.text
        for selector in item.iter(f"{W}Selector"):
            keys[selector.get("Name")] = selector.text or ""
        return values, keys

    def invoke(self, uri, method, keys=None, **arguments):
        body = ET.Element(f"{{{uri}}}{method}_INPUT")
        for name, value in arguments.items():
            ET.SubElement(body, f"{{{uri}}}{name}").text = value
        answer = self.wsman.invoke(f"{uri}/{method}", uri, body, selector_set=selectors(keys))
        text = ET.tostring(answer, encoding="unicode") if isinstance(answer, ET.Element) else answer
        return int(re.search(r"ReturnValue>(\d+)<", text)[1])

    def create_address(self, index, address):
        return self.invoke(
            f"{CIMV2}/MSFT_NetIPAddress",
            "Create",
            InterfaceIndex=str(index),
            IPAddress=address,
            PrefixLength="16",
            PolicyStore="ActiveStore",
            SkipAsSource="true",
        )

    def state(self, address):
        found = [v for v, _rest in self.enumerate(f"{CIMV2}/MSFT_NetIPAddress") if v["IPAddress"] == address]
        return [(v["Store"], int(v["AddressState"])) for v in found]

    def delete_address(self, address):
        uri = f"{CIMV2}/MSFT_NetIPAddress"
        for values, keys in self.enumerate(uri):
            if values["IPAddress"] == address:
                self.wsman.delete(uri, selector_set=selectors(keys))

    def disk(self, method, unique_id="600224806B1D4F1E9A0C2D3E4F506172"):
        uri = f"{STORAGE}/MSFT_Disk"
        keys = next(keys for values, keys in self.enumerate(uri) if values["UniqueId"] == unique_id)
        return self.invoke(uri, method, keys)


def selectors(keys):
    made = SelectorSet()
    for name, value in (keys or {}).items():
        made.add_option(name, value)
    return made


def eventually(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


@pytest.fixture
def one(lab):
    return Client(lab, "server1")


@pytest.fixture
def two(lab):
    return Client(lab, "server2")


def test_an_address_goes_from_node_to_node_and_is_never_held_twice(lab, one, two):
    address = lab.address("1.77")
    assert one.create_address(12, address) == 0
    eventually(lambda: one.state(address) == [("1", 4)])
    two.create_address(7, address)
    eventually(lambda: two.state(address) == [("1", 2)])
    one.delete_address(address)
    assert two.state(address) == [("1", 2)]
    two.delete_address(address)
    two.create_address(7, address)
    eventually(lambda: two.state(address) == [("1", 4)])
    two.delete_address(address)
    assert overlaps(read_logs(lab.state), time.monotonic()) == []


def test_an_address_that_a_foreign_host_holds_is_duplicate(lab, one):
    address = lab.address("1.78")
    lab.alien(address)
    one.create_address(12, address)
    eventually(lambda: one.state(address) == [("1", 2)])
    lab.alien(address, there=False)
    one.delete_address(address)
    one.create_address(12, address)
    eventually(lambda: one.state(address) == [("1", 4)])
    one.delete_address(address)


def test_a_duplicate_create_is_a_fault_with_windows_own_words(lab, one):
    address = lab.address("1.79")
    one.create_address(12, address)
    with pytest.raises(WSManFaultError) as caught:
        one.create_address(12, address)
    assert "already exists" in str(caught.value)
    one.delete_address(address)


def test_a_reboot_drops_the_active_store_and_keeps_the_persistent_one(lab, one):
    floating, own = lab.address("1.80"), lab.address("0.11")
    one.create_address(12, floating)
    eventually(lambda: one.state(floating) == [("1", 4)])
    lab.reboot("server1")
    again = Client(lab, "server1")
    assert again.state(floating) == []
    eventually(lambda: again.state(own) == [("1", 4), ("0", 0)])


def test_power_loss_frees_the_address_and_the_disk(make_lab):
    lab = make_lab()
    one, two = Client(lab, "server1"), Client(lab, "server2")
    address = lab.address("1.81")
    one.create_address(12, address)
    eventually(lambda: one.state(address) == [("1", 4)])
    lab.power_off("server1")
    assert lab.status("server1") == {"power": "off"}
    with pytest.raises(RequestsConnectionError):
        Client(lab, "server1").state(address)
    two.create_address(7, address)
    eventually(lambda: two.state(address) == [("1", 4)])
    assert two.disk("Online") == 0
    lab.power_on("server1")
    assert Client(lab, "server1").state(address) == []
    assert lab.problems() == []


def test_a_hung_node_still_holds_what_it_held(make_lab):
    lab = make_lab()
    lab.expected = True
    one, two = Client(lab, "server1"), Client(lab, "server2")
    address = lab.address("1.82")
    one.create_address(12, address)
    eventually(lambda: one.state(address) == [("1", 4)])
    lab.hang("server1")
    assert lab.status("server1") == {"power": "hung"}
    two.create_address(7, address)
    eventually(lambda: two.state(address) == [("1", 4)])
    assert two.disk("Online") == 0
    lab.resume("server1")
    eventually(lambda: lab.status("server1")["power"] == "on")
    said = "\n".join(lab.problems())
    assert f"{address} was held by server1 and server2 at once" in said
    assert "shared disk web was brought online on server2 while it was online on server1" in said


def test_a_disk_that_is_handed_over_in_order_is_no_corruption(make_lab):
    lab = make_lab()
    one, two = Client(lab, "server1"), Client(lab, "server2")
    assert one.disk("Offline") == 0
    assert two.disk("Online") == 0
    assert lab.problems() == []


def test_a_partition_hides_the_nodes_from_each_other(make_lab):
    lab = make_lab()
    lab.expected = True
    one, two = Client(lab, "server1"), Client(lab, "server2")
    address = lab.address("1.83")
    lab.fault("server1", "partition", peers="server2")
    one.create_address(12, address)
    eventually(lambda: one.state(address) == [("1", 4)])
    two.create_address(7, address)
    eventually(lambda: two.state(address) == [("1", 4)])
    assert any(address in problem for problem in lab.problems())


def test_a_pulled_cable_makes_the_node_unreachable_until_it_is_back(lab, one):
    lab.fault("server1", "nic")
    eventually(lambda: not lab.status("server1")["winrm"])
    with pytest.raises(RequestsConnectionError):
        Client(lab, "server1").state("x")
    lab.clear("server1", "nic")
    eventually(lambda: lab.status("server1")["winrm"])
    assert Client(lab, "server1").state(lab.address("0.11"))


def test_a_second_network_keeps_winrm_reachable(lab, one):
    lab.fault("server1", "nic", management=True)
    ((values, _rest),) = one.enumerate(f"{CIMV2}/MSFT_NetAdapter")
    lab.clear("server1", "nic")
    assert values["MediaConnectState"] == "2"


def test_a_fault_survives_a_power_loss(make_lab):
    lab = make_lab()
    lab.fault("server2", "disk", disk="data")
    lab.power_off("server2")
    lab.power_on("server2")
    assert lab.status("server2")["faults"] == {"disk": {"disk": "data"}}


def test_windows_itself_can_be_told_to_reboot(lab, one):
    uri = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_OperatingSystem"
    pid, ready = lab.status("server1")["pid"], len(boots(lab))
    _rest, keys = one.enumerate(uri)[0]
    assert one.invoke(uri, "Win32Shutdown", keys, Flags="6", Reserved="0") == 0
    eventually(lambda: len(boots(lab)) > ready)
    lab.wait_ready("server1")
    assert lab.status("server1")["pid"] == pid


def boots(lab):
    return [event for event in read_logs(lab.state)["server1"] if event["event"] == "ready"]


def test_an_unknown_class_is_a_fault_and_not_an_empty_answer(lab, one):
    with pytest.raises(WSManFaultError):
        one.enumerate(f"{CIMV2}/MSFT_NetRoute")


def command(*arguments):
    return main([str(argument) for argument in arguments])


def test_the_command_line_from_up_to_down(tmp_path, lab_networks, capsys):
    state = tmp_path / "state"
    fast = Path(__file__).parent / "topologies" / "fast.yml"
    try:
        assert command("up", "--state", state, "--topology", fast, "--network", lab_networks.take()) == 0
        assert "WinRM on 127." in capsys.readouterr().out
        assert (state / "password").stat().st_mode & 0o777 == 0o600
        assert command("up", "--state", state) == 2
        assert "runs already" in capsys.readouterr().err
        assert command("fault", "server1", "slow", "seconds=0.1", "--state", state) == 0
        assert command("fault", "server9", "slow", "seconds=0.1", "--state", state) == 2
        assert command("fault", "server1", "slow", "speed=1", "--state", state) == 2
        assert "takes seconds" in capsys.readouterr().err
        assert command("status", "--state", state) == 0
        said = capsys.readouterr().out
        assert "fault slow seconds=0.1" in said
        assert "site LIBRARY: Started" in said
        assert "disk 3 web offline, read-only F:" in said
        assert f"witness$ is {state.resolve()}/witnesses/files" in said
        assert command("pause", "server1", "0.1", "--state", state) == 0
        assert command("fault", "server1", "agent", "action=kill", "--state", state) == 2
        assert "there is no process for the fault agent" in capsys.readouterr().err
        assert command("fault", "server1", "slow", "--clear", "--state", state) == 0
        assert command("power", "server2", "off", "--state", state) == 0
        assert command("power", "server2", "reboot", "--state", state) == 2
        assert "power server2 on" in capsys.readouterr().err
        assert command("power", "server2", "on", "--state", state) == 0
        assert command("audit", "--state", state) == 0
    finally:
        assert command("down", "--state", state) == 0
    assert not state.exists()
    assert command("status", "--state", state) == 2
    assert processes_of(state) == []


def test_a_state_that_cannot_be_written_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert command("up", "--state", tmp_path / "file" / "state") == 2
    assert "choose another --state" in capsys.readouterr().err


def test_no_process_outlives_a_test_run_that_is_killed(tmp_path, lab_networks):
    state = tmp_path / "state"
    script = (
        "import sys, time; from pathlib import Path; from lab.runner import Lab;"
        f"lab = Lab(Path({str(state)!r}), bound=True);"
        f"lab.up(Path({str(Path(__file__).parent / 'topologies' / 'fast.yml')!r}), {lab_networks.take()!r});"
        "lab.alien('127.1.1.1'); lab.hang('server2'); print('up', flush=True); time.sleep(60)"
    )
    run = subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, stdout=subprocess.PIPE)
    try:
        assert run.stdout.readline() == b"up\n"
        assert len(processes_of(state)) == 3
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    eventually(lambda: processes_of(state) == [])


def test_a_node_outlives_the_thread_that_switched_it_on(make_lab):
    lab = make_lab()
    lab.power_off("server2")
    thread = threading.Thread(target=lab.power_on, args=("server2",))
    thread.start()
    thread.join()
    time.sleep(0.2)
    assert lab.status("server2")["power"] == "on"


def test_a_reader_that_has_seen_enough_is_no_error(lab):
    line = f"{sys.executable} -m lab status --state {lab.state.folder} | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=REPOSITORY, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("server1: on")


def processes_of(state):
    """Processes that have the folder on their command line, but the one that runs the test."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
            if (
                str(state) in line
                and "lab." in line
                and "-c" not in line.split("\0")
                and int(folder.name) != os.getpid()
            ):
                found.append(line)
    return found
