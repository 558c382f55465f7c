# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from lab.machine.clock import ManualClock
from lab.machine.faults import Faults, UnknownFault
from lab.machine.services import IIS_SERVICES, Services
from lab.topology import ServiceSpec


@pytest.fixture
def faults():
    return Faults(lambda name: None)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def services(tmp_path, clock, faults):
    specs = (*IIS_SERVICES, ServiceSpec("Slow", start_mode="Manual", start_seconds=2.0))
    made = Services(
        specs, tmp_path / "services.json", clock, faults, lambda event, **details: None, lambda: None
    )
    made.boot()
    return made


def test_a_service_starts_what_it_depends_on(services):
    assert services.running("w3svc")
    assert services.running("WAS")


def test_a_service_that_others_need_does_not_stop(services):
    assert services.stop(services.find("WAS")) == 3
    assert services.stop(services.find("W3SVC")) == 0
    assert services.stop(services.find("WAS")) == 0
    assert services.stop(services.find("WAS")) == 5


def test_starting_what_runs_is_told(services):
    assert services.start(services.find("W3SVC")) == 10


def test_a_slow_service_is_pending_first(services, clock):
    slow = services.find("Slow")
    assert services.start(slow) == 0
    assert slow.state == "Start Pending"
    clock.advance(1.9)
    assert not services.running("Slow")
    clock.advance(0.2)
    assert services.running("Slow")


def test_a_service_waits_for_a_pending_one_it_depends_on(services, clock, faults):
    services.stop(services.find("W3SVC"))
    services.stop(services.find("WAS"))
    faults.set("service_slow", {"service": "WAS", "seconds": 3})
    assert services.start(services.find("W3SVC")) == 0
    clock.advance(2)
    assert services.find("W3SVC").state == "Start Pending"
    clock.advance(2)
    assert services.running("WAS")
    assert services.running("W3SVC")


def test_a_disabled_service_does_not_start_and_stays_so_after_a_reboot(tmp_path, clock, faults):
    def boot():
        made = Services(
            IIS_SERVICES, tmp_path / "s.json", clock, faults, lambda event, **details: None, lambda: None
        )
        made.boot()
        return made

    services = boot()
    services.stop(services.find("W3SVC"))
    assert services.set_start_mode(services.find("W3SVC"), "Disabled") == 0
    assert services.start(services.find("W3SVC")) == 14
    assert not boot().running("W3SVC")
    assert services.set_start_mode(services.find("W3SVC"), "Sometimes") == 21


def test_a_start_failure_is_told_and_reaches_those_that_depend_on_it(services, faults):
    services.stop(services.find("W3SVC"))
    services.stop(services.find("WAS"))
    faults.set("service_start", {"service": "was"})
    assert services.start(services.find("WAS")) == 7
    assert services.start(services.find("W3SVC")) == 13


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("earthquake", {}, "unknown fault 'earthquake'"),
        ("slow", {}, "needs seconds"),
        ("disk", {"disk": "a", "color": "red"}, "not color"),
    ],
)
def test_a_fault_that_nothing_would_act_on_is_refused(faults, name, parameters, said):
    with pytest.raises(UnknownFault, match=said):
        faults.set(name, parameters)
    assert faults.active() == {}
