# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Floating addresses: what is asked of Windows, and what is made of its answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import (
    BadDocument,
    CimError,
    OutcomeUnknown,
    StandbyError,
    Unreachable,
)
from ansible_collections.standby.iis.plugins.module_utils.node import Instance
from ansible_collections.standby.iis.plugins.module_utils.windows.address import (
    AddressState,
    add_address,
    read_addresses,
    remove_address,
    renew_address,
    renew_addresses,
    same_address,
    wait_preferred,
)

IP = "10.0.0.50"


def exists() -> CimError:
    return CimError("Instance MSFT_NetIPAddress already exists", cim_status=4, provider_code=87)


@pytest.fixture
def network(windows):
    """Create makes an address in the state of ``states``, one after the other (the last one stays)."""
    states = [AddressState.PREFERRED]

    def create(_target, arguments):
        for item in windows.instances:
            same_place = item.number("InterfaceIndex") == arguments["InterfaceIndex"]
            if same_place and item.text("IPAddress") == arguments["IPAddress"]:
                raise exists()
        state = states.pop(0) if len(states) > 1 else states[0]
        place(windows, arguments["IPAddress"], state, index=arguments["InterfaceIndex"])
        return Instance("Create_OUTPUT", {"ReturnValue": "0"})

    windows.methods["Create"] = create
    return states


def place(windows, address=IP, state=AddressState.PREFERRED, *, index=4, store=1, prefix=24):
    return windows.add(
        "MSFT_NetIPAddress",
        IPAddress=address,
        PrefixLength=str(prefix),
        InterfaceIndex=str(index),
        InterfaceAlias=f"Ethernet {index}",
        AddressState=str(int(state)),
        Store=str(store),
        SkipAsSource="true",
    )


def test_addresses_are_read_from_both_stores_with_zones_removed(windows, node):
    place(windows, "fe80::1%4", store=0)
    place(windows, "2001:DB8:0:0::5")
    first, second = read_addresses(node)
    assert (first.address, first.persistent) == ("fe80::1", True)
    assert (second.address, second.persistent, second.prefix) == ("2001:db8::5", False, 24)
    assert second.state is AddressState.PREFERRED
    assert second.skip_as_source


def test_an_address_says_whether_dhcp_gave_it(windows, node):
    place(windows).properties["PrefixOrigin"] = "3"
    place(windows, "10.0.0.51").properties["PrefixOrigin"] = "1"
    assert [one.from_dhcp for one in read_addresses(node)] == [True, False]


def test_a_state_that_is_not_in_the_table_counts_as_not_usable(windows, node):
    place(windows).properties["AddressState"] = "9"
    assert read_addresses(node)[0].state is AddressState.INVALID


def test_an_address_that_does_not_say_its_store_is_in_the_active_one(windows, node):
    del place(windows).properties["Store"]
    assert read_addresses(node)[0].persistent is False


def test_an_instance_without_an_address_is_named(windows, node):
    place(windows, "")
    with pytest.raises(BadDocument, match=r"MSFT_NetIPAddress\.IPAddress: expected an address, found ''"):
        read_addresses(node)


def test_a_floating_address_goes_to_the_active_store_and_is_no_source(windows, node, network):
    add_address(node, IP, 24, 4)
    assert windows.calls == [
        (
            "Create",
            {
                "InterfaceIndex": 4,
                "IPAddress": IP,
                "AddressFamily": 2,
                "PrefixLength": 24,
                "SkipAsSource": True,
                "PolicyStore": "ActiveStore",
            },
        )
    ]


def test_a_lifetime_is_given_as_valid_and_preferred(windows, node, network):
    add_address(node, "2001:db8::5", 64, 4, valid_lifetime=timedelta(seconds=12))
    arguments = windows.calls[0][1]
    assert arguments["AddressFamily"] == 23
    assert arguments["ValidLifetime"] == arguments["PreferredLifetime"] == timedelta(seconds=12)


def test_an_address_that_is_there_already_is_a_success(windows, node, network):
    place(windows)
    add_address(node, IP, 24, 4)
    assert len(windows.calls) == 1


def test_an_address_of_the_same_prefix_on_another_interface_is_refused_by_name(windows, node):
    place(windows, index=7)

    def create(_target, _arguments):
        raise exists()

    windows.methods["Create"] = create
    with pytest.raises(StandbyError) as caught:
        add_address(node, IP, 24, 4)
    assert str(caught.value) == (
        "server1, ip 10.0.0.50: is already on interface 'Ethernet 7' with prefix length 24. "
        "Remove it there first: Remove-NetIPAddress -IPAddress 10.0.0.50."
    )


def test_an_address_that_is_in_the_persistent_store_alone_is_not_there(windows, node):
    place(windows, store=0)

    def create(_target, _arguments):
        raise exists()

    windows.methods["Create"] = create
    with pytest.raises(StandbyError):
        add_address(node, IP, 24, 4)


def test_the_dhcp_race_is_tried_once_more(windows, node, network):
    plain, failures = windows.methods["Create"], [CimError("Inconsistent parameters", cim_status=4)]

    def create(target, arguments):
        if failures:
            raise failures.pop()
        return plain(target, arguments)

    windows.methods["Create"] = create
    add_address(node, IP, 24, 4)
    assert [call[0] for call in windows.calls] == ["Create", "Create"]
    assert len(read_addresses(node)) == 1


@pytest.mark.parametrize(("status", "tries"), [(4, 2), (2, 1)])
def test_a_refusal_that_stays_is_raised_with_node_resource_and_remedy(windows, node, status, tries):
    def create(_target, _arguments):
        raise CimError("refused", cim_status=status)

    windows.methods["Create"] = create
    with pytest.raises(CimError) as caught:
        add_address(node, IP, 24, 4)
    assert len(windows.calls) == tries
    assert (caught.value.node, caught.value.resource) == ("server1", "ip 10.0.0.50")
    assert caught.value.remedy


def test_a_lost_answer_is_read_back_instead_of_trusted(windows, node, network):
    windows.after_change = [Unreachable("connection reset")]
    add_address(node, IP, 24, 4)
    assert [call[0] for call in windows.calls] == ["Create"]


@pytest.mark.parametrize(
    "failure", [OutcomeUnknown("no answer"), CimError("time ran out", wsman_code=0x80338029)]
)
def test_a_creation_that_does_not_end_is_awaited_and_never_asked_for_twice(windows, node, clock, failure):
    def create(_target, _arguments):
        raise failure

    windows.methods["Create"] = create
    clock.at(5.0, lambda: place(windows))
    add_address(node, IP, 24, 4, clock=clock)
    assert len(windows.calls) == 1
    assert 5.0 <= clock.now < 6.0
    windows.instances.clear()
    with pytest.raises(StandbyError) as caught:
        add_address(node, IP, 24, 4, clock=clock)
    assert caught.value is failure
    assert len(windows.calls) == 2


def test_a_removal_that_does_not_end_is_awaited(windows, node, clock):
    item = place(windows)
    windows.delete = raising(CimError("time ran out", wsman_code=0x80338029))
    clock.at(5.0, lambda: windows.instances.remove(item))
    assert remove_address(node, IP, clock=clock) is True
    assert 5.0 <= clock.now < 6.0


def raising(failure):
    def call(*_rest):
        raise failure

    return call


def test_a_request_that_was_lost_is_sent_again(windows, node, network):
    plain, lost = windows.methods["Create"], [Unreachable("connection reset")]

    def create(target, arguments):
        if lost:
            raise lost.pop()
        return plain(target, arguments)

    windows.methods["Create"] = create
    add_address(node, IP, 24, 4)
    assert len(read_addresses(node)) == 1


def test_every_instance_is_removed_whatever_its_spelling_store_or_interface(windows, node):
    place(windows, "2001:DB8::5", store=0)
    place(windows, "2001:db8:0::5%7", index=7)
    keep = place(windows, "2001:db8::51")
    assert remove_address(node, "2001:db8::5") is True
    assert windows.instances == [keep]
    assert remove_address(node, "2001:db8::5") is False


def test_a_removal_that_has_no_effect_is_an_error(windows, node):
    place(windows, store=0)
    windows.delete = lambda reference: True
    with pytest.raises(StandbyError, match=r"still there.*'Ethernet 4' \(persistent store\)") as caught:
        remove_address(node, IP)
    assert (caught.value.node, caught.value.resource) == ("server1", f"ip {IP}")
    assert "Remove-NetIPAddress -IPAddress 10.0.0.50" in caught.value.remedy


def test_an_address_that_cannot_be_removed_is_not_passed_over(windows, node):
    item = place(windows)
    windows.instances[:] = [Instance(item.class_name, item.properties)]
    with pytest.raises(StandbyError, match="is still there"):
        remove_address(node, IP)


def test_a_removal_whose_answer_is_lost_is_completed(windows, node):
    place(windows, store=0)
    place(windows, store=1)
    windows.after_change = [Unreachable("connection reset")]
    assert remove_address(node, IP) is True
    assert windows.instances == []


def test_waiting_ends_as_soon_as_the_address_is_preferred(windows, node, clock):
    item = place(windows, state=AddressState.TENTATIVE)
    clock.at(1.0, lambda: item.properties.update(AddressState="4"))
    wait_preferred(node, IP, 24, 4, clock, 10.0)
    assert 1.0 <= clock.now <= 1.25


def test_the_persistent_copy_says_nothing_about_the_active_one(windows, node, clock):
    place(windows, state=AddressState.PREFERRED, store=0)
    place(windows, state=AddressState.TENTATIVE, store=1)
    with pytest.raises(StandbyError, match="was not usable within 2 s: it is Tentative"):
        wait_preferred(node, IP, 24, 4, clock, 2.0)


def test_an_address_that_was_there_may_be_gone_for_a_moment_however_long_it_took(windows, node, clock):
    item = place(windows, state=AddressState.TENTATIVE)
    clock.at(5.0, lambda: windows.instances.remove(item))
    clock.at(6.0, lambda: place(windows))
    wait_preferred(node, IP, 24, 4, clock, 10.0)
    assert 6.0 <= clock.now <= 6.5


def test_an_address_that_stays_away_is_not_waited_for_to_the_end(windows, node, clock):
    item = place(windows, state=AddressState.TENTATIVE)
    clock.at(5.0, lambda: windows.instances.remove(item))
    with pytest.raises(StandbyError, match="it is absent"):
        wait_preferred(node, IP, 24, 4, clock, 60.0)
    assert clock.now < 10.0


def test_an_address_that_is_absent_is_said_to_be_absent(node, clock):
    with pytest.raises(StandbyError, match="it is absent"):
        wait_preferred(node, IP, 24, 4, clock, 0.0)


def test_a_duplicate_is_removed_and_created_again(windows, node, network, clock):
    network[:] = [AddressState.DUPLICATE, AddressState.PREFERRED]
    place(windows, state=AddressState.DUPLICATE)
    wait_preferred(node, IP, 24, 4, clock, 10.0, lifetime=lambda: timedelta(seconds=9))
    creations = [arguments for method, arguments in windows.calls if method == "Create"]
    assert len(creations) == 2
    assert all(arguments["ValidLifetime"] == timedelta(seconds=9) for arguments in creations)


class Lease:
    """Gives lifetimes that grow shorter with each that is asked for, and after the last one refuses."""

    def __init__(self, *seconds):
        self.rest = [timedelta(seconds=one) for one in seconds]

    def __call__(self):
        if not self.rest:
            raise StandbyError("the lease is over")
        return self.rest.pop(0)


def lifetimes(windows):
    created = [arguments for method, arguments in windows.calls if method == "Create"]
    assert all(one["ValidLifetime"] == one["PreferredLifetime"] for one in created)
    return [one["ValidLifetime"].total_seconds() for one in created]


def test_each_creation_of_a_duplicate_has_the_lifetime_that_is_left_then(windows, node, network, clock):
    network[:] = [AddressState.DUPLICATE, AddressState.DUPLICATE, AddressState.PREFERRED]
    place(windows, state=AddressState.DUPLICATE)
    wait_preferred(node, IP, 24, 4, clock, 10.0, lifetime=Lease(9, 5, 2))
    assert lifetimes(windows) == [9, 5, 2]


def test_a_duplicate_is_not_created_again_once_the_lease_is_over(windows, node, network, clock):
    network[:] = [AddressState.DUPLICATE]
    place(windows, state=AddressState.DUPLICATE)
    with pytest.raises(StandbyError, match="the lease is over"):
        wait_preferred(node, IP, 24, 4, clock, 10.0, lifetime=Lease(9))
    assert lifetimes(windows) == [9]
    assert windows.instances == []


def test_a_creation_that_is_tried_again_has_the_lifetime_that_is_left_then(windows, node, network):
    create, refusals = windows.methods["Create"], [exists()]

    def refuses_once(target, arguments):
        if refusals:
            raise refusals.pop()
        return create(target, arguments)

    windows.methods["Create"] = refuses_once
    add_address(node, IP, 24, 4, valid_lifetime=Lease(9, 5))
    assert lifetimes(windows) == [9, 5]


def test_a_duplicate_that_stays_ends_with_how_to_find_the_other_host(windows, node, network, clock):
    network[:] = [AddressState.DUPLICATE]
    place(windows, state=AddressState.DUPLICATE)
    with pytest.raises(StandbyError) as caught:
        wait_preferred(node, IP, 24, 4, clock, 60.0)
    assert "another host answers for this address" in str(caught.value)
    assert "ping 10.0.0.50 from a third host" in str(caught.value)
    assert len([method for method, _rest in windows.calls if method == "Create"]) == 3


def test_renewing_sets_both_lifetimes(windows, node):
    item = place(windows)
    renew_address(node, item.reference, timedelta(seconds=30))
    assert windows.calls == [
        ("modify", {"ValidLifetime": timedelta(seconds=30), "PreferredLifetime": timedelta(seconds=30)})
    ]


def test_addresses_are_compared_as_addresses():
    assert same_address("2001:DB8::0:5", "2001:db8::5%12")
    assert not same_address("10.0.0.5", "10.0.0.50")


def test_addresses_are_renewed_each_for_itself(windows, node):
    references = [place(windows, f"10.0.0.{last}").reference for last in (50, 51, 52)]
    windows.after_change = [None, CimError("refused", cim_status=1), None]
    lifetime = timedelta(seconds=40)
    failures = renew_addresses(node, references, lifetime)
    assert [failure is None for failure in failures] == [True, False, True]
    assert (failures[1].node, failures[1].resource) == ("server1", "ip address")
    assert [item.get("ValidLifetime") for item in windows.instances] == [lifetime] * 3
    assert [item.get("PreferredLifetime") for item in windows.instances] == [lifetime] * 3


def test_no_addresses_are_renewed_without_a_call(windows, node):
    assert renew_addresses(node, [], timedelta(seconds=40)) == []
    assert windows.calls == []
