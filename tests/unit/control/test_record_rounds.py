# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An update of a record: which servers are asked, in which order, and what is told of each."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.dns_record import ensure
from ansible_collections.standby.iis.plugins.module_utils.errors import Unreachable
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Dns
from tests.support.ha_world import Ticks

NAME = "www.example.com"
OLD, NEW = "192.0.2.50", "198.51.100.50"


class Servers:
    """Name servers that the test describes.

    Attributes:
        values: what each says, by name; None where it is silent.
        refusing: those that take no update.
        heard: who has an update of the first of them at once, or after as many questions.
    """

    def __init__(self, *names: str) -> None:
        self.values: dict[str, str | None] = dict.fromkeys(names, OLD)
        self.refusing: set[str] = set()
        self.heard: dict[str, int] = {}
        self.updates: list[str] = []

    @property
    def record(self) -> Dns:
        return Dns(NAME, "example.com", "10.1.0.50", tuple(self.values), ttl=30)

    def exchange(self, server: str, wire: bytes, _timeout: float) -> bytes:
        if self.values[server] is None:
            raise Unreachable("no answer in time")
        asked = dns.message.from_wire(wire)
        answer = dns.message.make_response(asked)
        if asked.opcode() == dns.opcode.UPDATE:
            self.updates.append(server)
            if server in self.refusing:
                answer.set_rcode(dns.rcode.REFUSED)
            else:
                self.values[server] = NEW
        else:
            self._spread(server)
            answer.flags |= dns.flags.AA
            answer.answer.append(dns.rrset.from_text(f"{NAME}.", 30, "IN", "A", self.values[server]))
        return answer.to_wire()

    def _spread(self, server: str) -> None:
        if server in self.heard and NEW in self.values.values():
            self.heard[server] -= 1
            if self.heard[server] < 0:
                self.values[server] = NEW

    def ensure(self, **more):
        return ensure(self.record, NEW, {}, Ticks(), exchange=self.exchange, **more)


def told(done):
    return {one.server: (one.values, bool(one.problem)) for one in done.told}


def test_one_server_takes_the_update_and_the_others_hear_of_it():
    servers = Servers("a", "b", "c")
    servers.heard = {"b": 0, "c": 3}
    done = servers.ensure()
    assert servers.updates == ["a"]
    assert (done.updated, told(done)) == (True, dict.fromkeys("abc", ((NEW,), False)))
    again = servers.ensure()
    assert (again.updated, servers.updates) == (False, ["a"])


def test_those_that_refuse_and_those_that_are_silent_hold_up_nothing():
    servers = Servers("a", "b", "c")
    servers.values["a"] = None
    servers.refusing = {"b"}
    done = servers.ensure()
    assert servers.updates == ["b", "c"]
    assert done.updated
    assert told(done) == {"a": (None, True), "b": ((OLD,), True), "c": ((NEW,), False)}
    (refused,) = [one.problem for one in done.told if one.server == "b"]
    assert "REFUSED" in refused


def test_servers_that_hear_nothing_from_one_another_are_each_updated():
    servers = Servers("a", "b")
    done = servers.ensure(spreading=2.0)
    assert servers.updates == ["a", "b"]
    assert told(done) == dict.fromkeys("ab", ((NEW,), False))


def test_nothing_is_sent_once_that_is_not_allowed_any_more():
    servers = Servers("a", "b")
    assert not servers.ensure(allowed=lambda: False).updated
    assert servers.updates == []
    allowed = iter((True, False))
    done = servers.ensure(allowed=lambda: next(allowed), spreading=1.0)
    assert servers.updates == ["a"]
    assert told(done) == {"a": ((NEW,), False), "b": ((OLD,), False)}


def test_where_the_first_that_refused_is_followed_by_no_allowance_nothing_more_is_sent():
    servers = Servers("a", "b", "c")
    servers.refusing = {"a"}
    allowed = iter((True, False))
    done = servers.ensure(allowed=lambda: next(allowed))
    assert (servers.updates, done.updated) == (["a"], False)


@pytest.mark.parametrize("refusing", [set(), {"a"}])
def test_where_nobody_took_it_nothing_is_waited_for(refusing):
    servers = Servers("a")
    servers.refusing = refusing
    clock = Ticks()
    done = ensure(servers.record, NEW, {}, clock, exchange=servers.exchange, spreading=1000.0)
    assert done.updated is not bool(refusing)
    assert clock.monotonic() < 500
