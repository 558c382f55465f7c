# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records that follow what is in service here: updated once, looked at again, and never waited for."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import names
from ansible_collections.standby.iis.plugins.module_utils.agent.names import LONGEST, LOOK, Names
from ansible_collections.standby.iis.plugins.module_utils.control.dns_record import Done
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.dns import Told
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Dns, Hierarchy, Ip

RECORD = Dns("www.example.com", "example.com", "10.1.0.50", ("192.0.2.53", "192.0.2.54"), 30)
IP = Ip("10.1.0.50", 24, ("near", "far"), elsewhere=(("far", "10.2.0.50", 24),))
SHOP = Hierarchy("Shop", ("near", "far"), (IP,), records=(RECORD,))


class Zone:
    """Servers that say what they were told, unless they are down."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[str, ...]] = dict.fromkeys(RECORD.servers, ())
        self.down: set[str] = set()
        self.asked: list[str] = []
        self.went = threading.Event()
        self.serves = True
        self.forgets = False  # servers say that they have updated, and have not

    def ensure(self, record, value, keys, allowed):
        self.asked.append(value)
        updated = False
        for server in record.servers:
            if server not in self.down and self.values[server] != (value,) and allowed():
                self.values[server] = self.values[server] if self.forgets else (value,)
                updated = True
        told = tuple(
            Told(one, problem="silent") if one in self.down else Told(one, self.values[one], record.ttl)
            for one in record.servers
        )
        self.went.set()
        return Done(updated, told)


@pytest.fixture
def zone():
    return Zone()


def of(zone, node="far", said=None, keys=dict):
    told = said if said is not None else []
    return Names(
        node,
        {"Shop": SHOP, "Plain": replace(SHOP, records=())},
        keys,
        lambda: zone.serves,
        told.append,
        time,
        zone.ensure,
    )


def once(made):
    follower = made._followers["Shop"]
    follower._wanted = True
    return follower.round()


def test_the_record_says_the_address_that_this_node_has(zone):
    said: list[str] = []
    assert once(of(zone, said=said)) == LOOK
    assert zone.values == dict.fromkeys(RECORD.servers, ("10.2.0.50",))
    assert said == ["dns www.example.com A says 10.2.0.50"]


def test_what_is_as_it_should_be_is_told_once_and_looked_at_again(zone):
    said: list[str] = []
    made = of(zone, said=said)
    once(made)
    zone.values["192.0.2.54"] = ("10.1.0.50",)
    once(made)
    assert zone.values["192.0.2.54"] == ("10.2.0.50",)
    assert len(said) == 1


def test_a_server_that_is_down_is_told_and_asked_again_ever_more_slowly(zone):
    said: list[str] = []
    made = of(zone, said=said)
    zone.down = {"192.0.2.54"}
    pauses = [once(made) for _round in range(6)]
    assert pauses == [2.0, 4.0, 8.0, 16.0, LONGEST, LONGEST]
    assert "192.0.2.54: no answer (silent)" in made.notice("Shop")
    assert sum("192.0.2.54" in one for one in said) == 1
    zone.down = set()
    assert once(made) == LOOK
    assert made.notice("Shop") == ""


def test_an_update_without_effect_is_not_told_as_done(zone):
    said: list[str] = []
    zone.forgets = True
    made = of(zone, said=said)
    assert once(made) < LOOK
    assert not any("says 10.2.0.50" in one for one in said)
    assert "is to be 10.2.0.50, and the server 192.0.2.53: no such record" in said[-1]


def test_keys_that_cannot_be_read_are_told_and_break_nothing(zone):
    def keys():
        raise StandbyError("the file of TSIG keys cannot be read")

    made = of(zone, keys=keys)
    assert once(made) < LOOK
    assert "the file of TSIG keys cannot be read" in made.notice("Shop")


def test_nothing_is_sent_once_the_lease_is_over(zone):
    zone.serves = False
    made = of(zone)
    once(made)
    assert zone.values == dict.fromkeys(RECORD.servers, ())


def test_it_is_followed_from_when_it_serves_and_no_longer(zone, monkeypatch):
    monkeypatch.setattr(names, "LOOK", 0.01)
    made = of(zone)
    made.follow("Plain", serving=True)
    made.follow("Shop", serving=False)
    assert zone.asked == []
    made.follow("Shop", serving=True)
    made.follow("Shop", serving=True)
    assert zone.went.wait(5)
    made.follow("Shop", serving=False)
    assert made.notice("Shop") == ""
    made.close()


def test_a_hierarchy_without_records_has_no_thread(zone):
    made = of(zone)
    made.follow("Plain", serving=True)
    assert made.notice("Plain") == ""
    assert set(made._followers) == {"Shop"}
