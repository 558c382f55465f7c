# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirrored volumes on one node: what is waited for and for how long, and what turns the copying round."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import mirrors
from ansible_collections.standby.iis.plugins.module_utils.control.mirrors import (
    NO_PROGRESS,
    TURN_TIMEOUT,
    turn_mirror,
    wait_in_sync,
)
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, Role
from tests.support.mirror_world import MIRROR, side

NODE = Node("server2", None, None)
SOURCE = side("server2", Role.SOURCE)
COPY = side("server2", Role.DESTINATION)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Provider:
    """Shows one end after the other, the last one for ever; ``turned`` is shown once it is turned round."""

    def __init__(self, *shown, turned=SOURCE) -> None:
        self.shown, self.turned, self.calls = list(shown), turned, []

    def sides(self, _node):
        found = self.shown.pop(0) if len(self.shown) > 1 else self.shown[0]
        return () if found is None else (found,)

    def reverse(self, _node, own, other):
        self._turn("reverse", own, other)

    def promote(self, _node, own, other, _clock):
        self._turn("promote", own, other)

    def _turn(self, name, own, other):
        self.calls.append((name, own.group, other.group))
        self.shown = [self.turned]


@pytest.fixture
def shows(monkeypatch):
    """Have the node show these ends."""

    def provider(*shown, **more):
        made = Provider(*shown, **more)
        monkeypatch.setattr(mirrors, "PROVIDERS", {"storage_replica": made})
        return made

    return provider


def behind(to_go, copy=Copy.CATCHING_UP):
    return replace(COPY, copy=copy, remaining=to_go)


# Waiting


def test_a_copy_is_waited_for_as_long_as_it_gets_on(shows):
    """However long that takes: each byte begins the time anew."""
    pauses = [behind(n) for n in range(3, 0, -1) for _look in range(200)]
    shows(*pauses, COPY)
    clock = Clock()
    wait_in_sync(NODE, MIRROR, clock)
    assert clock.now > 2 * NO_PROGRESS


def test_one_that_does_not_get_on_is_given_up_after_a_while(shows):
    shows(behind(7))
    clock = Clock()
    with pytest.raises(StandbyError, match=r"7 bytes to go .*and did not get on for 60 s") as told:
        wait_in_sync(NODE, MIRROR, clock)
    assert clock.now == pytest.approx(NO_PROGRESS)
    assert (told.value.node, told.value.resource) == ("server2", "volume R:\\")
    assert told.value.remedy.startswith("Nothing was moved.")


@pytest.mark.parametrize(
    "end", [None, *(behind(7, copy) for copy in (Copy.SUSPENDED, Copy.FAILED, Copy.NONE))]
)
def test_what_is_not_copied_at_all_is_not_waited_for(shows, end):
    shows(end)
    clock = Clock()
    with pytest.raises(StandbyError, match="and nothing is copied"):
        wait_in_sync(NODE, MIRROR, clock)
    assert clock.now == 0.0


# Turning round


@pytest.fixture
def mounted(monkeypatch):
    """The paths that were waited for."""
    found = []
    monkeypatch.setattr(
        mirrors, "wait_access_path", lambda node, path, _clock, _timeout: found.append((node.name, path))
    )
    return found


@pytest.mark.parametrize(("promote", "way"), [(False, "reverse"), (True, "promote")])
def test_the_copy_of_a_lost_source_is_promoted_and_any_other_one_is_turned_round(
    shows, mounted, promote, way
):
    provider = shows(COPY)
    turn_mirror(NODE, MIRROR, Clock(), promote=promote)
    assert provider.calls == [(way, "rg-server2", "rg-server1")]
    assert mounted == [("server2", "R:\\")]


@pytest.mark.parametrize("promote", [False, True])
@pytest.mark.parametrize("end", [SOURCE, side("server2", Role.UNPAIRED, Copy.NONE), None])
def test_an_end_that_is_no_destination_is_used_as_it_is(shows, mounted, end, promote):
    provider = shows(end)
    turn_mirror(NODE, MIRROR, Clock(), promote=promote)
    assert provider.calls == []
    assert mounted == [("server2", "R:\\")]


def test_a_volume_is_not_used_before_its_node_is_the_source(shows, mounted):
    shows(COPY, turned=COPY)
    clock = Clock()
    with pytest.raises(StandbyError, match="still the destination of its mirror 30 s after") as told:
        turn_mirror(NODE, MIRROR, clock, promote=False)
    assert clock.now == pytest.approx(TURN_TIMEOUT)
    assert told.value.remedy
    assert mounted == []
