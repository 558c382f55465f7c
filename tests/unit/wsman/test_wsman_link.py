# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A link is used again while it can be trusted, and made anew when it cannot."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import requests

from ansible_collections.standby.iis.plugins.module_utils.errors import Unreachable
from ansible_collections.standby.iis.plugins.module_utils.wsman import session
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from tests.support.scripted import ManualClock


class Wire:
    """Stands for pywinrm: tells which connection was opened, used and closed; ``failures`` come first."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.failures: list[Exception] = []
        self.opened = 0

    def protocol(self, **_options):
        self.opened += 1
        number = self.opened
        self.told.append(f"open {number}")

        def send_message(_message):
            self.told.append(f"use {number}")
            if self.failures:
                raise self.failures.pop(0)
            return b"<answer/>"

        transport = SimpleNamespace(
            build_session=SimpleNamespace, close_session=lambda: self.told.append(f"close {number}")
        )
        return SimpleNamespace(send_message=send_message, transport=transport)


@pytest.fixture
def wire(monkeypatch):
    one = Wire()
    monkeypatch.setattr(session, "Protocol", one.protocol)
    return one


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def link(wire, clock):
    return session.Link(Connection("server1", "192.0.2.1"), monotonic=clock.monotonic)


def test_a_link_in_use_is_used_again_however_old_it_is(wire, clock, link):
    for _number in range(4):
        assert link.exchange("<question/>") == b"<answer/>"
        clock.sleep(60)
    assert wire.told == ["open 1", *["use 1"] * 4]


def test_a_link_that_windows_may_have_closed_for_idleness_is_opened_anew_before_it_is_used(wire, clock, link):
    link.exchange("<question/>")
    clock.sleep(119)  # Windows closes it after 120
    link.exchange("<question/>")
    assert wire.told == ["open 1", "use 1", "close 1", "open 2", "use 2"]


def test_a_link_is_closed_after_an_error_and_the_next_exchange_opens_another(wire, link):
    wire.failures = [requests.ConnectionError("reset")]
    with pytest.raises(Unreachable):
        link.exchange("<question/>")
    assert wire.told == ["open 1", "use 1", "close 1"]
    assert link.exchange("<question/>") == b"<answer/>"
    assert wire.told[3:] == ["open 2", "use 2"]
