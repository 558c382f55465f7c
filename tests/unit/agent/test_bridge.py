# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge with real child processes that hang, die, come late, write nonsense or too much."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import bridge_child
from ansible_collections.standby.iis.plugins.module_utils.agent.bridge import Bridge, command
from ansible_collections.standby.iis.plugins.module_utils.errors import (
    AccessDenied,
    CimError,
    MethodError,
    OutcomeUnknown,
    StandbyError,
    Unreachable,
)
from ansible_collections.standby.iis.plugins.module_utils.node import ClassPath, Reference

PROGRAM = Path(__file__).parents[2] / "support" / "bridge_program.py"
THING = ClassPath("root/x", "C")
ONE = Reference("root/x:C", (("Name", "string=x"),))
PYTHON = "C:\\python.exe"


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start a bridge whose children follow a plan; give it and the lines that they read."""
    (tmp_path / "C").mkdir()
    (tmp_path / "C" / "python.exe").symlink_to(sys.executable)
    monkeypatch.setenv("STANDBY_ROOT", str(tmp_path))
    log = tmp_path / "log"
    log.touch()
    started = []

    def make(*plan, timeout=10.0, **options):
        (tmp_path / "plan").write_text(json.dumps(plan or ["answer"]))
        argv = [PYTHON, str(PROGRAM), str(tmp_path / "plan"), str(log)]
        started.append(Bridge(argv, node="server1", timeout=timeout, **options))
        return started[-1]

    def lines():
        split = [line.split(" ", 1) for line in log.read_text().splitlines()]
        return [(int(process), json.loads(text)) for process, text in split]

    make.lines = lines
    yield make
    for one in started:
        one.close()


def process_of(bridge) -> int:
    return bridge.enumerate(THING)[0].number("Pid")


def test_one_child_serves_call_after_call(start):
    bridge = start()
    assert process_of(bridge) == process_of(bridge)
    assert bridge.get(ONE).reference == ONE
    assert bridge.create(THING, {"Name": "x"}) == ONE
    bridge.modify(ONE, {"Size": 2**64 - 1})
    assert bridge.delete(ONE)
    assert bridge.invoke(THING, "Do", {"At": timedelta(seconds=1), "Not": None}).number("ReturnValue") == 0
    sent = [request["calls"][0] for _process, request in start.lines()]
    assert [call["verb"] for call in sent] == [
        *("enumerate", "enumerate", "get", "create", "modify", "delete", "invoke"),
    ]
    assert sent[4]["properties"] == [["Size", "=18446744073709551615"]]
    assert sent[6]["arguments"] == [["At", "interval=10000000"]]
    assert sent[6]["keys"] is None


@pytest.mark.parametrize("trouble", ["die", "garbage", "half", "stale", "short"])
def test_a_reading_is_repeated_once_on_a_fresh_child(start, trouble):
    bridge = start(trouble, "answer")
    fresh = process_of(bridge)
    processes = [process for process, _request in start.lines()]
    assert processes[0] != processes[1] == fresh


def test_a_child_that_hangs_is_killed_and_replaced(start):
    bridge = start("hang", "answer", timeout=0.5)
    process_of(bridge)
    with pytest.raises(ProcessLookupError):
        os.kill(start.lines()[0][0], 0)


def test_a_reading_without_an_answer_twice_says_what_the_child_said(start):
    bridge = start("die")
    with pytest.raises(Unreachable) as raised:
        bridge.enumerate(THING)
    assert not isinstance(raised.value, OutcomeUnknown)
    assert raised.value.node == "server1"
    assert "enumerate C: C:\\python.exe ended with exit code 3 and said: Out of luck" in raised.value.problem
    assert len(start.lines()) == 2


@pytest.mark.parametrize("trouble", ["die", "garbage", "half", "stale", "short"])
@pytest.mark.parametrize(
    "change",
    [
        lambda bridge: bridge.modify(ONE, {"Size": 1}),
        lambda bridge: bridge.delete(ONE),
        lambda bridge: bridge.create(THING, {"Name": "x"}),
        lambda bridge: bridge.invoke(ONE, "Do"),
    ],
)
def test_a_change_without_an_answer_is_never_made_again(start, trouble, change):
    bridge = start(trouble, "answer")
    with pytest.raises(OutcomeUnknown, match=r"server1: .*whether it was carried out is unknown"):
        change(bridge)
    assert len(start.lines()) == 1
    change(bridge)


def test_a_change_that_hangs_ends_in_time(start):
    bridge = start("hang", "answer", timeout=0.5)
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown, match=r"did not answer within 0\.5 s during invoke C\.Do"):
        bridge.invoke(THING, "Do")
    assert time.monotonic() - began < 5


def test_an_answer_that_comes_late_is_never_taken_for_another(start):
    bridge = start("late1.5", "answer", timeout=0.7)
    with pytest.raises(OutcomeUnknown):
        bridge.invoke(THING, "Do")
    assert process_of(bridge) == start.lines()[1][0]


def test_calls_of_a_namespace_may_take_longer(start):
    bridge = start("late1.0", timeout=0.2, timeouts={"ROOT/X": 10.0})
    assert process_of(bridge)


def test_a_child_may_take_longer_to_its_first_answer_than_a_call_may(start):
    bridge = start("waking1.0", timeout=0.4)
    assert process_of(bridge) == process_of(bridge)
    assert len({process for process, _request in start.lines()}) == 1


def test_a_child_that_does_not_wake_is_not_sent_the_call(start):
    bridge = start("waking60", greeting=0.3)
    with pytest.raises(Unreachable, match=r"modify C: .* did not answer within 0\.3 s") as raised:
        bridge.modify(ONE, {"Size": 1})
    assert not isinstance(raised.value, OutcomeUnknown)
    assert start.lines() == []


@pytest.mark.parametrize("plan", [("late0.6", "answer"), ("waking0.6",)])
@pytest.mark.parametrize(
    ("change", "given"),
    [
        (lambda bridge, size: bridge.modify_each([(ONE, size)]), "properties"),
        (lambda bridge, size: bridge.invoke(THING, "Create", size), "arguments"),
    ],
    ids=["renewal", "creation"],
)
def test_what_is_given_by_a_function_is_made_when_the_line_is_sent(start, plan, change, given):
    """Behind another call, or a child that wakes, seconds go by: a lifetime must not be as old."""
    bridge, asked, made = start(*plan), time.monotonic(), []

    def size():
        made.append(time.monotonic() - asked)
        return {"Size": 7}

    busy = threading.Thread(target=lambda: bridge.enumerate(THING))
    busy.start()
    while not bridge._lock.locked():
        time.sleep(0.001)
    change(bridge, size)
    busy.join(10)
    assert made[0] >= 0.5
    assert start.lines()[-1][1]["calls"][0][given] == [["Size", "=7"]]


@pytest.mark.parametrize(
    "change",
    [
        lambda bridge, late: bridge.invoke(THING, "Do", late),
        lambda bridge, late: [bridge.modify_each([(ONE, late)])[0]],
    ],
)
def test_what_must_not_be_sent_any_more_is_not_sent(start, change):
    over = StandbyError("the lease is over")

    def late():
        raise over

    bridge = start()
    with pytest.raises(StandbyError) as raised:
        (found,) = change(bridge, late)
        raise found
    assert raised.value is over
    assert start.lines() == []
    assert process_of(bridge)


def test_a_child_that_died_between_two_calls_is_replaced_unseen(start):
    bridge = start("leave", "answer")
    first = process_of(bridge)
    deadline = time.monotonic() + 10
    while bridge._child.fit() and time.monotonic() < deadline:
        time.sleep(0.01)
    bridge.modify(ONE, {"Size": 1})
    assert [process != first for process, _request in start.lines()] == [False, True]


def test_a_child_that_goes_on_talking_is_replaced(start):
    bridge = start("chatter", "answer")
    first = process_of(bridge)
    deadline = time.monotonic() + 10
    while bridge._child.fit() and time.monotonic() < deadline:
        time.sleep(0.01)
    bridge.modify(ONE, {"Size": 1})
    assert start.lines()[1][0] != first
    for thread in [one for one in threading.enumerate() if one.name == "bridge read_answers"][:-1]:
        thread.join(10)
        assert not thread.is_alive()


def test_a_flood_ends_the_child_and_not_the_agent(start, monkeypatch):
    monkeypatch.setattr(bridge_child, "ANSWER_LIMIT", 1 << 20)
    bridge = start("flood", "answer", timeout=60.0)
    began = time.monotonic()
    assert process_of(bridge) == start.lines()[1][0]
    assert time.monotonic() - began < 30


def test_standard_error_never_blocks_an_answer(start):
    assert process_of(start("noise"))


def test_a_large_request_to_a_child_that_does_not_read_ends_in_time(start):
    bridge = start("hang", timeout=0.5)
    with pytest.raises(Unreachable):
        bridge.enumerate(THING)
    with pytest.raises(OutcomeUnknown):
        bridge.modify(ONE, {"Text": "x" * 1_900_000})


def test_a_request_that_powershell_would_not_take_is_refused(start):
    with pytest.raises(StandbyError, match="the bridge takes 2000000"):
        start().modify(ONE, {"Text": "x" * 2_000_000})
    assert start.lines() == []


def test_several_changes_are_one_line_and_fail_each_for_itself(start):
    bridge = start()
    changes = [(ONE, {"Size": 1}), (ONE, {"Bad": True}), (ONE, {"Size": 2})]
    failures = bridge.modify_each(changes)
    assert [type(failure) for failure in failures] == [type(None), CimError, type(None)]
    assert str(failures[1]) == "server1: modify C failed: no (CIM status 7)."
    assert len(start.lines()) == 1
    assert bridge.modify_each([]) == []


def test_several_changes_without_an_answer_are_all_unknown(start):
    failures = start("die").modify_each([(ONE, {"Size": 1})] * 3)
    assert [type(failure) for failure in failures] == [OutcomeUnknown] * 3


def test_threads_wait_for_one_another_and_get_their_own_answers(start):
    bridge = start("late0.05")
    found = []

    def ask():
        found.append(process_of(bridge))

    threads = [threading.Thread(target=ask) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_thread_that_waits_in_vain_has_sent_nothing(start):
    bridge = start("hang", timeout=5.0, timeouts={"root/y": 0.2})
    busy = threading.Thread(target=lambda: bridge.modify_each([(ONE, {"Size": 1})]))
    busy.start()
    while not start.lines():
        time.sleep(0.01)
    with pytest.raises(Unreachable, match=r"earlier calls to Windows did not end within 0\.2 s") as raised:
        bridge.modify(Reference("root/y:C", (("Name", "string=x"),)), {"Size": 1})
    assert not isinstance(raised.value, OutcomeUnknown)
    bridge.close()
    busy.join(10)
    assert len(start.lines()) == 1


def test_close_ends_the_child_under_a_call(start):
    bridge = start("hang", timeout=60.0)
    failures = []
    busy = threading.Thread(target=lambda: failures.extend(bridge.modify_each([(ONE, {"Size": 1})])))
    busy.start()
    while not start.lines():
        time.sleep(0.01)
    bridge.close()
    busy.join(10)
    assert isinstance(failures[0], OutcomeUnknown)
    with pytest.raises(Unreachable, match="has been ended"):
        bridge.enumerate(THING)
    with pytest.raises(ProcessLookupError):
        os.kill(start.lines()[0][0], 0)


def test_a_program_that_is_not_there_is_no_unknown_outcome(start, tmp_path):
    bridge = start()
    (tmp_path / "C" / "python.exe").unlink()
    for call in (lambda: bridge.enumerate(THING), lambda: bridge.modify(ONE, {"Size": 1})):
        with pytest.raises(Unreachable, match="could not be started: No such file") as raised:
            call()
        assert not isinstance(raised.value, OutcomeUnknown)


def test_the_child_is_powershell_with_no_profile_and_no_questions():
    argv = command("C:\\ProgramData\\standby.iis\\cim_bridge.ps1", "D:\\Windows")
    assert argv == [
        "D:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
        *("-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass"),
        *("-File", "C:\\ProgramData\\standby.iis\\cim_bridge.ps1"),
    ]


class Canned:
    """A child with one answer for everything."""

    def __init__(self, **answer):
        self.answer = answer

    def __call__(self, argv):
        return self

    def exchange(self, line, timeout):
        request = json.loads(line)
        answers = [self.answer for _call in request["calls"]]
        return json.dumps({"id": request["id"], "answers": answers}).encode() + b"\n"

    def fit(self):
        return True

    def stop(self):
        return ""


def refused(status=0, native=0, **more):
    error = {"message": "Element not\r\nfound.", "type": "T", "status": status, "native": native}
    return Bridge(["p"], start=Canned(error=error | {"id": None, "data": None} | more))


def data(code):
    own = {"namespace": "root", "class": "MSFT_WmiError", "keys": []}
    return {"class": "MSFT_WmiError", "properties": {"error_Code": f"uint32={code}"}, "reference": own}


@pytest.mark.parametrize(
    "bridge",
    [
        refused(status=6),
        refused(native=6),
        refused(data=data(1168)),
        refused(id="HRESULT 0x80041002"),
        refused(id="Windows System Error 1168"),
    ],
)
def test_what_is_gone_is_no_failure(bridge):
    assert bridge.get(ONE) is None
    assert bridge.delete(ONE) is False
    with pytest.raises(CimError):
        bridge.modify(ONE, {"Size": 1})


@pytest.mark.parametrize(
    "bridge",
    [refused(status=2), refused(native=2), refused(data=data(0x80041003)), refused(data=data(0x80070005))],
)
def test_a_missing_right_is_told_as_such(bridge):
    with pytest.raises(AccessDenied, match="LocalSystem"):
        bridge.enumerate(THING)


def test_codes_reach_the_drivers():
    with pytest.raises(CimError) as raised:
        refused(status=4, native=1, data=data(87), id="Windows System Error 87").invoke(THING, "Create")
    assert (raised.value.cim_status, raised.value.provider_code) == (4, 87)
    assert raised.value.problem == (
        "invoke C.Create failed: Element not found (CIM status 4, provider 0x00000057)"
    )


def test_a_return_value_is_told_by_the_table_of_its_caller():
    bridge = Bridge(["p"], node="server1", start=Canned(output={"ReturnValue": "uint32=40003"}))
    with pytest.raises(MethodError, match=r"server1: .*returned 40003: the cache is old") as raised:
        bridge.invoke(ONE, "Online", codes={40003: "the cache is old"})
    assert raised.value.code == 40003


def test_a_void_method_has_no_return_value():
    assert Bridge(["p"], start=Canned(output={})).invoke(ONE, "Touch").properties == {}


def test_exact_values_are_compared_as_wmi_does():
    own = {"namespace": "root/x", "class": "C", "keys": []}
    made = [
        {
            "class": "C",
            "properties": {"Index": f"uint32={index}", "Up": "boolean=true", "Name": name},
            "reference": own,
        }
        for index, name in ((4, "string=Ethernet"), (5, None))
    ]
    bridge = Bridge(["p"], start=Canned(items=made))
    assert len(bridge.enumerate(THING)) == 2
    assert [one.number("Index") for one in bridge.enumerate(THING, where={"Index": "4", "Up": "true"})] == [4]
    assert [one.number("Index") for one in bridge.enumerate(THING, where={"Name": "ETHERNET"})] == [4]
    assert bridge.enumerate(THING, where={"Index": "44"}) == []


def test_one_filter_at_a_time():
    with pytest.raises(StandbyError, match="takes one of where, query and associated"):
        Bridge(["p"], start=Canned(items=[])).enumerate(THING, where={}, query="SELECT * FROM C")
