# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which answers of name servers count: signed ones to signed updates, authoritative ones to questions."""

from __future__ import annotations

import base64
from dataclasses import replace

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rrset
import dns.tsig
import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import dns_client
from ansible_collections.standby.iis.plugins.module_utils.control.dns_client import Key, Refused
from ansible_collections.standby.iis.plugins.module_utils.control.dns_record import ask_all, ensure
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Dns
from tests.support.scripted import ManualClock

SECRET = base64.b64encode(b"0123456789abcdef").decode()
KEYS = {"standby": Key("standby", SECRET)}
NEAR, FAR = "192.0.2.50", "198.51.100.50"
RECORD = Dns("www.example.org", "example.org", "10.1.0.50", ("ns1", "ns2"), ttl=5, key="standby")


class Servers:
    """Each a primary of its own.

    Attributes:
        has: address by server.
        updates: servers that were sent an update, in order.
        signs, owns: whether answers to updates are signed, and those to questions authoritative.
        secret: of what signs their answers.
        damaged: what is added to their answers to updates.
        refuses: servers that take no update.
    """

    def __init__(self, **has: str) -> None:
        self.has, self.updates, self.signs, self.owns = has, [], True, True
        self.refuses: set[str] = set()
        self.secret, self.damaged = SECRET, b""

    def __call__(self, server: str, wire: bytes, _seconds: float) -> bytes:
        known = dns.tsig.Key("standby", base64.b64decode(SECRET), "hmac-sha256")
        asked = dns.message.from_wire(wire, keyring={known.name: known})
        if asked.opcode() is dns.opcode.UPDATE:
            return self._update(server, asked)
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.AA if self.owns else 0
        answer.answer.append(dns.rrset.from_text("www.example.org.", 5, "IN", "A", self.has[server]))
        return answer.to_wire()

    def _update(self, server: str, asked: dns.message.Message) -> bytes:
        self.updates.append(server)
        answer = dns.message.make_response(asked)
        if server in self.refuses:
            answer.set_rcode(dns.rcode.REFUSED)
        else:
            self.has[server] = next(one[0].to_text() for one in asked.update if one.ttl)
        if not self.signs:
            answer.tsig = None
        elif asked.had_tsig:
            answer.use_tsig(dns.tsig.Key("standby", base64.b64decode(self.secret), "hmac-sha256"))
        return answer.to_wire() + self.damaged


def update(servers: Servers, key: Key | None = KEYS["standby"]) -> None:
    dns_client.update(RECORD, FAR, "ns1", key, servers, 4.0)


def test_a_signed_answer_to_a_signed_update_counts():
    servers = Servers(ns1=NEAR)
    update(servers)
    assert servers.has == {"ns1": FAR}


def test_an_unsigned_answer_to_a_signed_update_proves_nothing():
    servers = Servers(ns1=NEAR)
    servers.signs = False
    with pytest.raises(
        Refused, match="the server ns1 did not sign its answer, which anybody may have sent"
    ) as told:
        update(servers)
    assert told.value.resource == RECORD.id
    assert "Look at the server's log" in told.value.remedy


def test_an_unsigned_refusal_is_told_with_its_own_remedy():
    servers = Servers(ns1=NEAR)
    servers.signs, servers.refuses = False, {"ns1"}
    with pytest.raises(Refused, match=r"answers the update of zone example.org with REFUSED") as told:
        update(servers)
    assert "Allow it: update-policy" in told.value.remedy


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"secret": base64.b64encode(b"of another server").decode()}, "signature"),
        ({"damaged": b"more"}, "cannot be read"),
        ({"signs": False, "damaged": b"more"}, "cannot be read"),
    ],
)
def test_an_answer_that_cannot_be_verified_or_read_proves_nothing(changes, told):
    servers = Servers(ns1=NEAR)
    vars(servers).update(changes)
    with pytest.raises(Refused, match=told) as refused:
        update(servers)
    assert refused.value.remedy


def test_an_unsigned_answer_to_an_unsigned_update_is_what_there_is():
    servers = Servers(ns1=NEAR)
    servers.signs = False
    update(servers, None)
    assert servers.has == {"ns1": FAR}


def test_an_update_whose_answer_is_not_signed_is_told_of_that_server():
    servers = Servers(ns1=NEAR, ns2=NEAR)
    servers.signs = False
    done = ensure(RECORD, FAR, KEYS, ManualClock(), exchange=servers, spreading=0.0)
    assert not done.updated
    assert servers.updates == ["ns1", "ns2"]


def test_an_answer_that_is_not_authoritative_says_nothing_of_the_record():
    servers = Servers(ns1=NEAR)
    assert dns_client.ask(RECORD, "ns1", servers, 4.0) == ((NEAR,), 5)
    servers.owns = False
    with pytest.raises(
        Refused, match=r"ns1 does not hold the zone example.org: its answer is not authoritative"
    ):
        dns_client.ask(RECORD, "ns1", servers, 4.0)
    (told,) = ask_all(replace(RECORD, servers=("ns1",)), exchange=servers)
    assert (told.values, "not authoritative" in told.problem) == (None, True)
