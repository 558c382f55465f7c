# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of the bridge as a lab node runs it, under the agent's own bridge: every value and failure."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.bridge import Bridge
from ansible_collections.standby.iis.plugins.module_utils.errors import CimError, MethodError
from ansible_collections.standby.iis.plugins.module_utils.node import ClassPath, Instance, Reference
from lab.cim.schema import Embedded, Ref
from lab.iis.failure import NOT_ACTIVE, IisError
from lab.shell.cimbridge import SCRIPT, CimBridge
from lab.shell.program import Streams
from lab.shell.table import ProgramTable
from tests.support.wsman_lab import NAMESPACE, THINGS, BareHost, TestProviders, Things

LINK = Reference(f"{NAMESPACE}:Test_Thing", (("Name", "string=a<b>&'\"; é"),))
FULL = {
    "Flag": True,
    **{f"s{bits}": -(2 ** (bits - 1)) for bits in (8, 16, 32, 64)},
    **{f"u{bits}": 2**bits - 1 for bits in (8, 16, 32, 64)},
    "Real": 0.1,
    "Letter": "E",
    "Text": "\tSpaces  kept \r\n <&>\"' \0 2024-01-02T03:04:05Z",
    "Texts": ["one", "", "three"],
    "At": datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
    "For": timedelta(days=49710, hours=6, minutes=28, seconds=15),
    "Other": LINK,
    "Part": Instance("Test_Part", {"Label": "inner", "Count": 2**64 - 1}),
    "Parts": [Instance("Test_Part", {"Label": "a", "Count": None}), Instance("Test_Part", {"Label": "b"})],
}


class InProcess:
    """The emulated script as the child of a bridge."""

    def __init__(self, program: CimBridge) -> None:
        self.program = program

    def exchange(self, line: bytes, timeout: float) -> bytes:
        out: list[bytes] = []
        pieces = [line[:7], line[7:]]

        async def read() -> bytes:
            return pieces.pop(0) if pieces else b""

        asyncio.run(self.program([], Streams(read, out.append, out.append), {}))
        return b"".join(out)

    def fit(self) -> bool:
        return True

    def stop(self) -> str:
        return ""


@pytest.fixture
def host(tmp_path):
    return BareHost(tmp_path)


@pytest.fixture
def things():
    return Things()


@pytest.fixture
def child(things, host):
    return InProcess(CimBridge(TestProviders([things]), host))


@pytest.fixture
def cim(child):
    return Bridge(["p"], node="server1", start=lambda argv: child)


def check_full(read: Instance) -> None:
    for name in set(FULL) - {"Part", "Parts"}:
        assert read.get(name) == FULL[name], name
    assert read.get("Part") == Instance("Test_Part", {"Label": "inner", "Count": 2**64 - 1})
    assert [one.get("Label") for one in read.items("Parts")] == ["a", "b"]
    assert read.items("Parts")[0].get("Count") is None


def test_every_kind_of_value_goes_through_a_method_and_back(cim):
    check_full(cim.invoke(THINGS, "Echo", FULL))


def test_every_kind_of_value_goes_through_create_and_back(cim, things):
    created = cim.create(THINGS, {"Name": "full", **FULL})
    check_full(cim.get(created))
    assert things.kept["full"]["Other"] == Ref(NAMESPACE, "Test_Thing", {"Name": "a<b>&'\"; é"})
    assert things.kept["full"]["Part"] == Embedded("Test_Part", {"Label": "inner", "Count": 2**64 - 1})


@pytest.mark.parametrize("texts", [[], ["x"], ["x", "y"]])
def test_arrays_of_none_one_and_many_stay_arrays(cim, things, texts):
    created = cim.create(THINGS, {"Name": "a", "Texts": texts})
    assert things.kept["a"]["Texts"] == texts
    assert cim.get(created).get("Texts") == texts


def test_an_instance_is_changed_read_and_removed_once(cim):
    created = cim.create(THINGS, {"Name": "a", "Text": "before", "u8": 1})
    cim.modify(created, {"Text": None, "u8": 2})
    changed = cim.get(created)
    assert (changed.get("Text"), changed.number("u8")) == (None, 2)
    assert changed.reference == created
    assert cim.delete(created) is True
    assert cim.delete(created) is False
    assert cim.get(created) is None


def test_a_key_of_another_type_names_nothing(cim):
    created = cim.create(THINGS, {"Name": "7"})
    assert cim.get(created) is not None
    assert cim.get(Reference(created.resource_uri, (("Name", "uint32=7"),))) is None


def test_several_changes_in_one_line_fail_each_for_itself(cim, things):
    first, second = (cim.create(THINGS, {"Name": name}) for name in "ab")
    gone = Reference(first.resource_uri, (("Name", "string=c"),))
    failures = cim.modify_each(
        [(first, {"u8": 1}), (gone, {"u8": 2}), (second, {"u8": 300}), (second, {"u8": 3})]
    )
    assert [failure is None for failure in failures] == [True, False, False, True]
    assert failures[1].cim_status == 6
    assert "'300' is no uint8" in failures[2].problem
    assert (things.kept["a"]["u8"], things.kept["b"]["u8"]) == (1, 3)


def test_filters_choose(cim):
    for number in range(4):
        cim.create(THINGS, {"Name": f"n{number}", "u8": number})
    assert [one.text("Name") for one in cim.enumerate(THINGS, where={"u8": "2"})] == ["n2"]
    query = "SELECT * FROM Test_Thing WHERE u8 > 1"
    assert [one.text("Name") for one in cim.enumerate(THINGS, query=query)] == ["n2", "n3"]


def test_void_methods_and_codes(cim):
    created = cim.create(THINGS, {"Name": "a"})
    assert cim.invoke(created, "Touch").get("ReturnValue") is None
    with pytest.raises(MethodError, match=r"Test_Thing\.Fail returned 7: seven"):
        cim.invoke(created, "Fail", {"Code": 7}, codes={7: "seven"})


@pytest.mark.parametrize(
    ("target", "status"), [(ClassPath(NAMESPACE, "No_Class"), 5), (ClassPath("root/none", "Test_Thing"), 3)]
)
def test_an_unknown_class_or_namespace_is_an_error_not_nothing(cim, target, status):
    with pytest.raises(CimError) as caught:
        cim.enumerate(target)
    assert caught.value.cim_status == status


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda cim: cim.invoke(THINGS, "NoMethod"), "there is no method Test_Thing.NoMethod"),
        (lambda cim: cim.invoke(THINGS, "Echo", {"NoArgument": 1}), "has no member NoArgument"),
        (
            lambda cim: cim.create(THINGS, {"Name": "a", "NoProperty": 1}),
            "Test_Thing has no member NoProperty",
        ),
        (lambda cim: cim.create(THINGS, {"Name": "a", "u8": "x"}), "'x' is no uint8"),
        (lambda cim: cim.create(THINGS, {"Name": "a", "Flag": 1}), "'1' is no boolean"),
        (lambda cim: cim.create(THINGS, {"Name": "a", "Texts": "x"}), "Texts is an array"),
        (lambda cim: cim.create(THINGS, {"Name": "a", "Text": ["x"]}), "Text is no array"),
    ],
)
def test_what_the_class_does_not_declare_is_refused(cim, call, problem):
    with pytest.raises(CimError) as caught:
        call(cim)
    assert problem in str(caught.value)


def test_what_the_lab_does_not_emulate_is_loud(cim, child, host):
    with pytest.raises(CimError, match="does not emulate"):
        cim.enumerate(THINGS, query="SELECT Name FROM Test_Thing")
    assert host.events == ["unknown-request"]
    assert b"there is no verb burn" in child.exchange(b'{"id":1,"calls":[{"verb":"burn"}]}\n', 1.0)
    assert host.events == ["unknown-request"] * 2
    assert json.loads(child.exchange(b"nonsense\n", 1.0)).keys() == {"error"}
    assert host.events == ["unknown-request"] * 3


def test_infinite_intervals_are_the_longest_of_dot_net(cim, things):
    things.kept["a"] = {"Name": "a", "For": timedelta(days=99999999)}
    assert cim.enumerate(THINGS)[0].get("For") == timedelta(microseconds=(2**63 - 1) // 10)


def test_powershell_of_a_node_knows_the_script_by_its_text(tmp_path, host, things):
    (tmp_path / "bridge.ps1").write_bytes(SCRIPT.read_bytes().replace(b"\n", b"\r\n"))
    table = ProgramTable(host)
    table.register_script(SCRIPT.read_text(), CimBridge(TestProviders([things]), host))
    program = table("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe")
    out = []
    pieces = [b'{"id":1,"calls":[]}\n']

    async def read():
        return pieces.pop(0) if pieces else b""

    argv = ["powershell.exe", "-NoProfile", "-ExecutionPolicy", "Bypass", "-File", "C:\\bridge.ps1"]
    assert asyncio.run(program(argv, Streams(read, out.append, out.append), {})) == 0
    assert json.loads(b"".join(out)) == {"id": 1, "answers": []}


def test_states_of_ftp_sites_come_each_for_itself(things, host):
    async def control(name: str, verb: str) -> str:
        assert verb == "state"
        if name == "Stopped service":
            raise IisError(NOT_ACTIVE)
        return {"Files & Co": "1"}.get(name, "Missing")

    child = InProcess(CimBridge(TestProviders([things]), host, control))
    bridge = Bridge(["p"], node="server1", start=lambda _argv: child)
    good, failed, none = bridge.ftp_states(["Files & Co", "Stopped service", "Nobody"])
    assert (good, none) == ("1", "Missing")
    assert isinstance(failed, CimError)
    assert 'the state of FTP site "Stopped service" failed: 80070426' in failed.problem
    assert bridge.ftp_states([]) == []
