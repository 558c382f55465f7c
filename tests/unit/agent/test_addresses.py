# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Floating addresses that live with the lease: which ones are renewed, with what, and which ones never."""

from __future__ import annotations

from datetime import timedelta
from queue import SimpleQueue

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.addresses import Addresses
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import Instance, Node, Reference, given

REST = timedelta(seconds=6)


class Cim:
    """A node's addresses; ``renewed`` gets one list of (address, lifetime) for every call that renews."""

    def __init__(self, **stores: str) -> None:
        self.there = {
            Reference("uri", (("Name", text),)): Instance(
                "MSFT_NetIPAddress",
                {"IPAddress": text, "InterfaceIndex": "12", "AddressState": "4", "Store": store},
                Reference("uri", (("Name", text),)),
            )
            for text, store in stores.items()
        }
        self.renewed: SimpleQueue[list[tuple[str, object]]] = SimpleQueue()

    def enumerate(self, _target, **_more):
        return list(self.there.values())

    def modify_each(self, changes):
        done, failures = [], []
        for reference, values in changes:
            try:
                done.append((self.there[reference].text("IPAddress"), given(values)["ValidLifetime"]))
                failures.append(None)
            except StandbyError as failure:
                failures.append(failure)
        self.renewed.put(done)
        return failures

    def delete(self, reference):
        return self.there.pop(reference, None) is not None


@pytest.fixture
def addresses():
    """Make those of a node."""
    made = []

    def make(cim, rest=lambda: REST):
        made.append(Addresses(Node("server1", cim, None), rest))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_what_is_held_gets_the_lifetime_that_is_left_and_nothing_else_does(addresses):
    cim = Cim(**{"10.0.0.50": "1", "10.0.0.51": "1", "10.0.0.11": "1"})
    held = addresses(cim)
    held.hold(["10.0.0.50", "10.0.0.51"])
    held.renew()
    assert cim.renewed.get(timeout=10) == [("10.0.0.50", REST), ("10.0.0.51", REST)]
    held.release(["10.0.0.51"])
    held.renew()
    assert cim.renewed.get(timeout=10) == [("10.0.0.50", REST)]


def test_an_address_of_the_persistent_store_is_never_given_a_lifetime(addresses):
    """Windows has one instance of an address in each store (0 is the persistent one)."""
    cim = Cim(**{"10.0.0.50": "1", "10.0.0.51": "0"})
    held = addresses(cim)
    held.hold(["10.0.0.50", "10.0.0.51"])
    held.renew()
    assert cim.renewed.get(timeout=10) == [("10.0.0.50", REST)]


def test_without_a_lease_nothing_is_renewed(addresses):
    def over():
        raise StandbyError("the node's lease is over")

    cim = Cim(**{"10.0.0.50": "1"})
    held = addresses(cim, over)
    held.hold(["10.0.0.50"])
    held.renew()
    assert cim.renewed.get(timeout=10) == []


def test_an_address_that_is_dropped_is_gone_and_not_renewed(addresses):
    cim = Cim(**{"10.0.0.50": "1", "10.0.0.51": "1"})
    held = addresses(cim)
    held.hold(["10.0.0.50", "10.0.0.51"])
    held.drop("10.0.0.50")
    assert [one.text("IPAddress") for one in cim.there.values()] == ["10.0.0.51"]
    held.renew()
    assert cim.renewed.get(timeout=10) == [("10.0.0.51", REST)]
