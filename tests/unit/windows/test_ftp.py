# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver of FTP sites: states by name and by number, start and stop that are seen through, refusals."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, StandbyError, Unreachable
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Node
from ansible_collections.standby.iis.plugins.module_utils.windows import ftp
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import (
    Binding,
    IisConfiguration,
    IisSite,
)
from tests.unit.windows.windows_world import Clock

NAMES = ["Files", "Other"]


class Service:
    """An FTP service whose sites change state some calls after they were told to.

    Attributes:
        asked: (verb, name) of every call, a run of PowerShell each list.
        states: of the sites.
        slow: calls for the state until a change shows.
        refuses: verbs that are refused, and how often.
    """

    def __init__(self, **states: object) -> None:
        self.asked: list[list[tuple[str, str]]] = []
        self.states = dict(states)
        self.wanted: dict[str, object] = {}
        self.slow = 0
        self.refuses: dict[str, int] = {}
        self.code = 0

    def run(self, argv, stdin=b"", *, on_output=None):
        if not argv[0].endswith("powershell.exe"):
            self.asked.append([("argv", " ".join(argv[1:]))])
            return Completed(0, b"", b"")
        calls = [json.loads(line) for line in stdin.splitlines()]
        assert {call["verb"] for call in calls} <= {"state", "Start", "Stop"}  # as the methods are spelled
        self.asked.append([(call["verb"].lower(), call["name"]) for call in calls])
        lines = [base64.b64encode(json.dumps(self._answer(call)).encode()) for call in calls]
        return Completed(self.code, b"" if self.code else b"\r\n".join(lines), b"")

    def _answer(self, call):
        name, verb = call["name"], call["verb"].lower()
        if self.refuses.get(verb, 0) > 0:
            self.refuses[verb] -= 1
            return {"error": "Der Dienst wurde nicht gestartet. (0x80070426)"}
        if verb in ("start", "stop") and name in self.states:
            self.wanted[name] = {"start": "1", "stop": "3"}[verb]
        if self.slow > 0:
            self.slow -= 1
        elif name in self.wanted:
            self.states[name] = self.wanted.pop(name)
        return {"state": self.states.get(name, "Missing")}

    @property
    def verbs(self) -> list[str]:
        return [verb for run in self.asked for verb, _name in run]


def node(service: Service) -> Node:
    return Node("server1", None, service)


def site(name: str, *protocols: str) -> IisSite:
    bindings = tuple(Binding(one, "10.0.0.50:21:") for one in protocols)
    return IisSite(name, 1, False, "Unknown", bindings, has_ftp="ftp" in protocols)


def states(service: Service) -> dict[str, tuple[str, str]]:
    configuration = IisConfiguration(
        (site("Web", "http"), site("Files", "ftp"), site("Other", "http", "ftp"))
    )
    found = ftp.with_states(node(service), configuration)
    return {one.name: (one.ftp_state, one.ftp_problem) for one in found.sites}


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ("Started", "Started"),
        (1, "Started"),
        ("3", "Stopped"),
        ("0", "Starting"),
        ("7", "Unknown"),
        ("", "Unknown"),
    ],
)
def test_states_come_by_name_or_by_number(told, state):
    service = Service(Files=str(told), Other="Stopped")
    assert states(service) == {"Web": ("Unknown", ""), "Files": (state, ""), "Other": ("Stopped", "")}
    assert service.asked == [[("state", "Files"), ("state", "Other")]]


def test_a_node_without_ftp_sites_starts_no_powershell():
    service = Service()
    assert ftp.with_states(node(service), IisConfiguration((site("Web", "http"),))).sites[0].name == "Web"
    assert service.asked == []


def test_a_state_that_cannot_be_read_says_why_and_the_rest_is_read():
    service = Service(Files=1, Other=1)
    service.refuses["state"] = 1
    assert states(service) == {
        "Web": ("Unknown", ""),
        "Files": ("Unknown", "Der Dienst wurde nicht gestartet. (0x80070426)"),
        "Other": ("Started", ""),
    }


def test_powershell_that_does_not_run_leaves_all_states_unknown():
    service = Service()
    service.code = 1
    found = states(service)
    assert found["Files"][0] == "Unknown"
    assert "ended with exit code 1" in found["Files"][1]


def test_a_node_that_does_not_answer_is_no_unknown_state():
    class Gone(Service):
        def run(self, argv, stdin=b"", *, on_output=None):
            raise Unreachable("no answer")

    with pytest.raises(Unreachable):
        states(Gone())


@pytest.mark.parametrize(("operate", "before", "after"), [(ftp.start_site, 3, "1"), (ftp.stop_site, 1, "3")])
def test_a_change_is_waited_for_until_it_shows(operate, before, after):
    service, clock = Service(Files=before), Clock()
    service.slow = 2
    operate(node(service), "Files", clock=clock)
    assert service.states["Files"] == after
    assert service.verbs[1:] == ["state", "state"]
    assert clock.pauses == [0.25, 0.5]


def test_what_is_as_wanted_already_is_one_call():
    service = Service(Files=1)
    ftp.start_site(node(service), "Files", clock=Clock())
    assert service.verbs == ["start"]


def test_a_refusal_is_asked_again_and_counts_as_success_where_the_state_is_as_wanted():
    service = Service(Files=3)
    service.refuses["start"] = 2
    ftp.start_site(node(service), "Files", clock=Clock())
    assert service.verbs == ["start", "state", "start", "state", "start"]
    running = Service(Files=1)
    running.refuses["start"] = 9
    ftp.start_site(node(running), "Files", clock=Clock())
    assert running.verbs == ["start", "state"]


def test_a_site_that_does_not_start_is_told_with_node_reason_and_remedy():
    service, clock = Service(Files=3), Clock()
    service.refuses["start"] = 99
    with pytest.raises(StandbyError) as failure:
        ftp.start_site(node(service), "Files", clock=clock)
    told = str(failure.value)
    assert told.startswith('server1, site "Files": its FTP service did not start: it is stopped (Der Dienst')
    assert "FTPSVC" in told
    assert clock.now == sum(ftp.PAUSES)


def test_a_site_that_is_not_there_is_stopped_and_cannot_be_started():
    ftp.stop_site(node(Service()), "Files", clock=Clock())
    clock = Clock()
    with pytest.raises(StandbyError, match=r'server1, site "Files": does not exist\. Check the name'):
        ftp.start_site(node(Service()), "Files", clock=clock)
    assert clock.now == 0


@pytest.mark.parametrize(("enabled", "text"), [(True, "true"), (False, "false")])
def test_automatic_start_is_set_by_appcmd(enabled, text):
    service = Service()
    ftp.set_auto_start(node(service), "Files & Co", enabled)
    assert service.asked == [[("argv", f"set site /site.name:Files & Co /ftpServer.serverAutoStart:{text}")]]


@pytest.mark.parametrize(
    ("attributes", "ports"),
    [('lowDataChannelPort="50000" highDataChannelPort="50100"', (50000, 50100)), ("", (0, 0))],
)
def test_the_ports_of_data_connections_are_those_of_the_server(attributes, ports):
    class Told(Service):
        def run(self, argv, stdin=b"", *, on_output=None):
            assert argv[1:] == ["list", "config", "/section:system.ftpServer/firewallSupport", "/xml"]
            section = f"<system.ftpServer-firewallSupport {attributes} />"
            return Completed(0, f"<appcmd><CONFIG>{section}</CONFIG></appcmd>".encode(), b"")

    assert ftp.read_passive_ports(node(Told())) == ports


@pytest.mark.parametrize("text", ["", '<system.ftpServer-firewallSupport lowDataChannelPort="many" />'])
def test_ports_that_are_none_are_named(text):
    class Told(Service):
        def run(self, argv, stdin=b"", *, on_output=None):
            return Completed(0, f"<appcmd><CONFIG>{text}</CONFIG></appcmd>".encode(), b"")

    with pytest.raises(BadDocument, match="expected two port numbers"):
        ftp.read_passive_ports(node(Told()))


def test_a_powershell_that_stays_is_asked_instead_where_the_node_has_one():
    asked = []

    def states(names):
        asked.append(list(names))
        return ["1", StandbyError("failed: no such service")]

    service = Service()
    configuration = IisConfiguration((site("Files", "ftp"), site("Web", "http"), site("Other", "ftp")))
    found = ftp.with_states(Node("server1", None, service, ftp_states=states), configuration)
    assert [(one.ftp_state, one.ftp_problem) for one in found.sites] == [
        ("Started", ""),
        ("Unknown", ""),
        ("Unknown", "failed: no such service"),
    ]
    assert asked == [["Files", "Other"]]
    assert service.asked == []
