# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services: several in one query, started and stopped to the end."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import MethodError, StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import Instance
from ansible_collections.standby.iis.plugins.module_utils.windows.service import (
    Service,
    read_services,
    set_start_mode,
    start_service,
    stop_service,
)


@pytest.fixture
def w3svc(windows):
    return windows.add("Win32_Service", Name="W3SVC", State="Stopped", StartMode="Auto")


def answers(windows, method, code=0):
    def call(_target, _arguments):
        if code:
            raise MethodError("refused", code)
        return Instance("OUTPUT", {"ReturnValue": "0"})

    windows.methods[method] = call


def test_several_services_are_read_by_one_query_and_keyed_as_asked(windows, node, w3svc):
    windows.add("Win32_Service", Name="Spooler", State="Running", StartMode="Auto")
    found = read_services(node, ["w3svc", "O'Brien\\x"])
    assert found == {"w3svc": Service("W3SVC", "Stopped", "Auto")}
    assert windows.last_query == r"SELECT * FROM Win32_Service WHERE Name='w3svc' OR Name='O\'Brien\\x'"
    assert read_services(node, []) == {}


@pytest.mark.parametrize("code", [0, 10, 5])
def test_starting_waits_until_the_service_runs(windows, node, w3svc, clock, code):
    answers(windows, "StartService", code)
    clock.at(0.3, lambda: w3svc.properties.update(State="Running"))
    start_service(node, "W3SVC", clock)
    assert 0.3 <= clock.now < 0.6


def test_what_is_so_already_is_left_alone(windows, node, w3svc, clock):
    stop_service(node, "W3SVC", clock)
    set_start_mode(node, "W3SVC", "Auto")
    w3svc.properties["State"] = "Running"
    start_service(node, "W3SVC", clock)
    assert windows.calls == []


def test_a_service_that_does_not_come_up_is_named_with_its_state(windows, node, w3svc, clock):
    answers(windows, "StartService")
    with pytest.raises(StandbyError, match=r"server1, service W3SVC: the service is Stopped 3 s after"):
        start_service(node, "W3SVC", clock, 3.0)


@pytest.mark.parametrize(("method", "act"), [("StartService", start_service), ("StopService", stop_service)])
def test_other_codes_are_failures(windows, node, w3svc, clock, method, act):
    w3svc.properties["State"] = "Paused"
    answers(windows, method, 3)
    with pytest.raises(MethodError):
        act(node, "W3SVC", clock)


def test_a_service_that_is_not_installed_is_named_with_a_remedy(node, clock):
    with pytest.raises(StandbyError, match=r"service FTPSVC: no such service\. Install"):
        start_service(node, "FTPSVC", clock)


def test_the_start_mode_is_written_in_the_words_of_the_method(windows, node, w3svc):
    answers(windows, "ChangeStartMode")
    w3svc.properties["StartMode"] = "Manual"
    set_start_mode(node, "W3SVC", "Auto")
    assert windows.calls == [("ChangeStartMode", {"StartMode": "Automatic"})]
