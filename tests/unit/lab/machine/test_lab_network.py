# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from lab.machine.netmodel import IPV4, AlreadyExists, Held, State
from lab.machine.wire import Message
from lab.topology import Nic
from tests.support.lab_wire import ADDRESS, World, state, take


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_an_address_is_tentative_for_every_probe_and_then_preferred(world):
    one = world.host("one")
    take(one)
    world.clock.advance(2.9)
    assert state(one) is State.TENTATIVE
    assert ADDRESS not in one.usable()
    world.clock.advance(0.2)
    assert state(one) is State.PREFERRED
    assert ADDRESS in one.usable()


def test_without_probes_an_address_is_preferred_at_once(world):
    one = world.host("one", Nic("Ethernet", 12, ("127.77.0.11/16",), dad_transmits=0))
    take(one)
    assert state(one) is State.PREFERRED


def test_an_address_that_another_host_holds_is_duplicate_and_stays_so(world):
    one, two = world.host("one"), world.host("two")
    take(one)
    world.clock.advance(4)
    take(two)
    assert state(two) is State.DUPLICATE
    one.remove(one.active[12, ADDRESS])
    world.clock.advance(60)
    assert state(two) is State.DUPLICATE
    assert ADDRESS not in two.usable()


def test_delete_and_create_again_after_the_release_gets_the_address(world):
    one, two = world.host("one"), world.host("two")
    take(one)
    world.clock.advance(4)
    held = take(two)
    one.remove(one.active[12, ADDRESS])
    two.remove(held)
    take(two)
    world.clock.advance(4)
    assert state(two) is State.PREFERRED


def test_two_hosts_that_probe_at_once_both_see_a_conflict(world):
    one, two = world.host("one"), world.host("two")
    take(one)
    take(two)
    world.clock.advance(4)
    assert state(one) is State.DUPLICATE or state(two) is State.DUPLICATE
    assert not (state(one) is State.PREFERRED and state(two) is State.PREFERRED)


def test_a_host_that_has_lost_its_power_does_not_answer(world):
    one, two = world.host("one"), world.host("two")
    take(one)
    world.clock.advance(4)
    world.hub.detach("one")
    take(two)
    world.clock.advance(4)
    assert state(two) is State.PREFERRED


def test_hosts_that_are_cut_off_from_each_other_both_get_the_address(world):
    one, two = world.host("one"), world.host("two")
    world.cut.add(frozenset(("one", "two")))
    take(one)
    world.clock.advance(4)
    take(two)
    world.clock.advance(4)
    assert state(one) is state(two) is State.PREFERRED


def test_segments_do_not_hear_each_other(world):
    one = world.host("one", Nic("Ethernet", 12, ("127.77.0.11/16",)))
    two = world.host("two", Nic("Ethernet", 12, ("127.77.0.12/16",), segment="other"))
    take(one)
    world.clock.advance(4)
    take(two)
    world.clock.advance(4)
    assert state(two) is State.PREFERRED


def test_an_address_is_deprecated_and_then_removed_when_its_lifetimes_end(world):
    one = world.host("one")
    held = take(one)
    one.set_lifetimes(held, 20.0, 10.0)
    world.clock.advance(9.9)
    assert state(one) is State.PREFERRED
    world.clock.advance(0.2)
    assert state(one) is State.DEPRECATED
    assert ADDRESS in one.usable()
    world.clock.advance(10)
    assert state(one) is None
    assert ADDRESS not in one.usable()


def test_a_renewed_lifetime_counts_from_the_renewal_and_makes_it_preferred_again(world):
    one = world.host("one")
    held = take(one)
    one.set_lifetimes(held, 20.0, 5.0)
    world.clock.advance(15)
    one.set_lifetimes(held, 20.0, 20.0)
    assert state(one) is State.PREFERRED
    world.clock.advance(19.9)
    assert one.remaining(held.valid_end) == pytest.approx(0.1)
    assert state(one) is State.PREFERRED
    world.clock.advance(0.2)
    assert state(one) is None


def test_only_the_persistent_store_comes_back_after_a_reboot(world):
    one = world.host("one", Nic("Ethernet", 12, ("127.77.0.11/16",)))
    take(one)
    take(one, "127.77.1.60", persistent=True)
    one.stop()
    again = world.host("one", Nic("Ethernet", 12, ("127.77.0.11/16",)))
    assert state(again) is None
    assert state(again, "127.77.1.60") is State.PREFERRED
    assert state(again, "127.77.0.11") is State.PREFERRED


def test_an_address_that_comes_back_after_a_reboot_is_tested_again(world):
    one, two = world.host("one"), world.host("two")
    take(one, persistent=True)
    world.clock.advance(4)
    one.stop()
    take(two)
    world.clock.advance(4)
    assert state(world.host("one")) is State.DUPLICATE


def test_stopping_records_that_every_address_is_gone(world):
    one = world.host("one")
    take(one)
    world.clock.advance(4)
    one.stop()
    assert world.states("one") == ["Tentative", "Preferred", "Gone"]


def test_a_pulled_cable_takes_the_addresses_out_of_use_and_silences_the_host(world):
    one, two = world.host("one"), world.host("two")
    take(one)
    world.clock.advance(4)
    one.set_link(12, cable=False)
    assert one.usable() == {"127.0.0.1"}
    take(two)
    world.clock.advance(4)
    assert state(two) is State.PREFERRED


def test_a_cable_put_back_tests_every_address_again(world):
    one, two = world.host("one"), world.host("two")
    take(one)
    world.clock.advance(4)
    one.set_link(12, cable=False)
    take(two)
    world.clock.advance(4)
    one.set_link(12, cable=True)
    assert state(one) is State.DUPLICATE


def test_a_link_that_bounces_within_the_detection_starts_it_anew(world):
    one = world.host("one")
    take(one)
    world.clock.advance(2.5)
    one.set_link(12, enabled=False)
    one.set_link(12, enabled=True)
    world.clock.advance(2.5)
    assert state(one) is State.TENTATIVE
    world.clock.advance(1)
    assert state(one) is State.PREFERRED


def test_an_address_exists_once_an_interface_and_store(world):
    one = world.host("one")
    take(one)
    with pytest.raises(AlreadyExists):
        take(one)


def test_a_manual_address_switches_dhcp_off_and_loses_what_dhcp_gave(world):
    one = world.host("one", Nic("Ethernet", 12, ("127.77.0.11/16",), dhcp=True))
    assert one.interface(12, IPV4).settings["Dhcp"] == 1
    one.disable_dhcp(12)
    assert one.interface(12, IPV4).settings["Dhcp"] == 0
    assert state(one, "127.77.0.11") is None


def test_an_interface_setting_survives_a_reboot(world):
    one = world.host("one")
    one.set_interface(one.interface(12, IPV4), {"DadTransmits": 0})
    one.stop()
    again = world.host("one")
    take(again)
    assert state(again) is State.PREFERRED


def test_a_conflict_with_an_address_in_use_is_recorded_and_not_given_up(world):
    one = world.host("one")
    take(one)
    world.clock.advance(4)
    world.hub.deliver(Message("announce", "lan", ADDRESS, "alien"))
    assert state(one) is State.PREFERRED
    assert ("one", "address_conflict", {"address": ADDRESS, "peer": "alien"}) in world.events


def test_loopback_is_usable_and_has_no_adapter(world):
    one = world.host("one")
    assert "127.0.0.1" in one.usable()
    assert 1 not in one.adapters
    assert one.index_of("loopback pseudo-interface 1") == 1


def test_removing_a_stored_address_leaves_the_active_one(world):
    one = world.host("one")
    take(one, persistent=True)
    one.remove(one.stored[12, ADDRESS])
    world.clock.advance(4)
    assert state(one) is State.PREFERRED
    one.stop()
    assert state(world.host("one")) is None


def test_entries_of_both_stores_are_apart(world):
    one = world.host("one")
    stored, active = one.add(Held(ADDRESS, 16, 12), active=True, persistent=True)
    one.set_skip_as_source(active, True)
    assert not stored.skip_as_source
