# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records: which may be declared, in which form, where they belong, and when an update is due."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.definition import from_values, to_values
from ansible_collections.standby.iis.plugins.module_utils.ha.disturbance import disturbed
from ansible_collections.standby.iis.plugins.module_utils.ha.dns import (
    Told,
    endpoint,
    needs_update,
    settled,
    unsettled,
    validated,
    value_on,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.graph import find, hierarchies
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Cluster, Dns, Ip, Site

NODES = ("near", "far")
IP = Ip("10.1.0.50", 24, NODES, elsewhere=(("far", "10.2.0.50", 24),))
V6 = Ip("2001:db8::50", 64, NODES)
SITE = Site("Shop", NODES, ("10.1.0.50", "2001:db8::50"))
RECORD = Dns("www.example.com", "example.com", "10.1.0.50", ("192.0.2.53", "192.0.2.54:5353"), 30, "standby")
CLUSTER = Cluster("web", NODES, (IP, V6), (), (SITE,), records=(RECORD,))
RIGHT = Told("192.0.2.53", ("10.1.0.50",), 30)
OTHER = Told("192.0.2.54:5353", ("10.2.0.50",), 30)
SILENT = Told("192.0.2.54:5353", problem="no answer in time")


def test_a_record_is_kept_in_one_form():
    given = Dns(
        "WWW.Example.com.",
        "example.COM",
        "10.1.0.50",
        ("192.0.2.53:53", "192.0.2.53", "[2001:DB8:0::53]:5353", "2001:db8::54"),
        30,
        "Standby.",
    )
    found = validated(given, (IP,))
    assert (found.name, found.zone, found.key) == ("www.example.com", "example.com", "standby")
    assert found.servers == ("192.0.2.53", "[2001:db8::53]:5353", "2001:db8::54")
    assert validated(found, (IP,)) == found
    assert (found.type, replace(found, ip="2001:db8::50").type) == ("A", "AAAA")


def test_the_apex_of_a_zone_may_be_a_record():
    assert validated(replace(RECORD, name="example.com"), (IP,)).name == "example.com"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "www.other.com"}, "does not lie in the zone"),
        ({"name": "wwwexample.com"}, "does not lie in the zone"),
        ({"name": "a..example.com"}, "is no name of a record"),
        ({"name": "*.example.com"}, "is no name of a record"),
        ({"name": "-a.example.com"}, "is no name of a record"),
        ({"name": f"{'a' * 64}.example.com"}, "is no name of a record"),
        ({"name": f"{'a.' * 130}example.com"}, "is no name of a record"),
        ({"name": "bücher.example.com"}, "in ASCII"),
        ({"zone": ""}, "is no name of a zone"),
        ({"key": "a b"}, "is no name of a key"),
        ({"ttl": 0}, "ttl of 0 s"),
        ({"ttl": 86401}, "ttl of 86401 s"),
        ({"servers": ()}, "has no servers"),
        ({"servers": ("ns1.example.com",)}, "is not an IP address"),
        ({"servers": ("192.0.2.53:0",)}, "is not an IP address"),
        ({"servers": ("192.0.2.53:x",)}, "is not an IP address"),
        ({"servers": ("[2001:db8::53]x",)}, "is not an IP address"),
        ({"ip": "10.9.9.9"}, "is no ip resource"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(change, told):
    with pytest.raises(StandbyError, match=told) as raised:
        validated(replace(RECORD, **change), (IP, V6))
    assert raised.value.remedy


def test_servers_are_taken_apart():
    assert endpoint("192.0.2.53") == ("192.0.2.53", 53)
    assert endpoint("2001:db8::53") == ("2001:db8::53", 53)
    assert endpoint("[2001:db8::53]:5353") == ("2001:db8::53", 5353)


def test_a_record_belongs_to_the_hierarchy_of_its_address_and_names_it():
    (hierarchy,) = hierarchies(CLUSTER)
    assert hierarchy.records == (RECORD,)
    assert find((hierarchy,), "WWW.example.com") is hierarchy
    assert find((hierarchy,), "dns www.example.com A") is hierarchy
    assert (value_on(RECORD, hierarchy, "near"), value_on(RECORD, hierarchy, "far")) == (
        "10.1.0.50",
        "10.2.0.50",
    )


def test_records_are_stored_and_disturb_no_agents():
    assert from_values(to_values(CLUSTER), "near") == CLUSTER
    assert disturbed(replace(CLUSTER, records=()), CLUSTER) == {}
    assert disturbed(CLUSTER, replace(CLUSTER, records=())) == {}
    assert "secret" not in to_values(CLUSTER)["Definition"]


@pytest.mark.parametrize(
    ("told", "due", "well"),
    [
        ((RIGHT,), False, True),
        ((RIGHT, OTHER), True, False),
        ((RIGHT, SILENT), False, False),
        ((SILENT,), False, False),
        ((), False, False),
        ((replace(RIGHT, ttl=300),), True, False),
        ((replace(RIGHT, values=("10.1.0.50", "10.2.0.50")),), True, False),
        ((replace(RIGHT, values=(), ttl=None),), True, False),
    ],
)
def test_an_update_is_due_where_a_server_says_something_else(told, due, well):
    assert needs_update(RECORD, "10.1.0.50", told) is due
    assert settled(RECORD, "10.1.0.50", told) is well
    assert len(unsettled(RECORD, "10.1.0.50", told)) == sum(one is not RIGHT for one in told)


def test_what_a_server_says_is_told_in_words():
    assert OTHER.words == "192.0.2.54:5353: 10.2.0.50"
    assert SILENT.words == "192.0.2.54:5353: no answer (no answer in time)"
    assert replace(RIGHT, values=()).words == "192.0.2.53: no such record"
