# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers that take the request and switch nothing off: the disk stays where it is, and why is told."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.support.controlled_lab import ControlledLab
from tests.support.lying_controllers import LyingControllers

pytestmark = [pytest.mark.alone, pytest.mark.faults]


@pytest.fixture(scope="module")
def controlled(make_shared_lab, tmp_path_factory) -> Iterator[ControlledLab]:
    folder = tmp_path_factory.mktemp("lying")
    made = ControlledLab(make_shared_lab, folder, controllers=LyingControllers, fence_timeout=6.0)
    made.declare()
    made.install()
    yield made
    made.end()
    assert made.corrupted == []


@pytest.fixture
def of(controlled) -> ControlledLab:
    """The cluster, with the site and its disk in service on server1."""
    controlled.controllers.honest = False
    controlled.settle()
    assert controlled.online() == ["server1"]
    return controlled


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (("On",), "was asked for ForceOff, and is On at the end of its time"),
        (("Off", "PoweringOn"), "said Off, and 2 s later PoweringOn"),
    ],
    ids=["stays", "returns"],
)
def test_a_disk_is_not_taken_on_the_word_of_a_controller_that_lies(of, says, told):
    of.controllers.says = says
    before = of.controllers.asked["server1"]
    with of.watching():
        of.lab.hang("server1")
        of.until(lambda: told in str(of.evidence("server2", "server1").get("told")))
        assert of.reason("server2") == "waiting_for_confirmation"
        of.until(lambda: of.controllers.asked["server1"] >= before + 2)  # it is tried again
        time.sleep(of.timers.ttl)
        assert not of.evidence("server2", "server1")["off"]
        assert (of.reason("server2"), of.online()) == ("waiting_for_confirmation", ["server1"])
        of.controllers.honest = True
        of.until(of.serves("server2"))
    assert of.lab.status("server1")["power"] == "off"
    assert of.online() == ["server2"]
