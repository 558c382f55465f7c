# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stored definition: what is written is what is read, and anything else is refused by name."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument
from ansible_collections.standby.iis.plugins.module_utils.ha.definition import (
    VALUE,
    from_values,
    reconcile,
    to_values,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.model import (
    Check,
    Cluster,
    Intent,
    Ip,
    Site,
    Volume,
    VolumeKind,
)

NODES = ("server1", "server2")
FULL = Cluster(
    "web",
    NODES,
    ips=(Ip("10.0.0.50", 24, NODES, (("server1", "LAN & Co"),), 0, (("server1", 3),)),),
    volumes=(Volume("E:\\", VolumeKind.SHARED, NODES, "{ABC}"), Volume("D:\\", VolumeKind.LOCAL, NODES)),
    sites=(
        Site(
            'Shop "&" Ω 🛒',
            NODES,
            ("10.0.0.50",),
            ("E:\\",),
            ("shop",),
            (Check("http://10.0.0.50/", "shop", (200, 302), "ok", 2.5, False),),
        ),
    ),
    intents=(Intent("Shop", "server1", "switchover", "2026-01-01T00:00:00Z", "server2", 0.8),),
    revision=7,
)

names = st.text(min_size=1, max_size=20)
nodes = st.lists(names, min_size=1, max_size=3, unique=True).map(tuple)
checks = st.builds(
    Check,
    url=names,
    host=st.none() | names,
    status=st.lists(st.integers(100, 599), max_size=3).map(tuple),
    body=st.none() | names,
    timeout=st.floats(0.1, 60),
    verify=st.booleans(),
    latency=st.none() | st.floats(0.1, 60),
    certificate_days=st.none() | st.floats(0, 400),
)
clusters = st.builds(
    Cluster,
    name=names,
    nodes=nodes,
    ips=st.lists(
        st.builds(
            Ip,
            address=names,
            prefix=st.integers(0, 128),
            nodes=nodes,
            dad_transmits=st.none() | st.integers(0, 3),
        ),
        max_size=3,
    ).map(tuple),
    volumes=st.lists(
        st.builds(Volume, path=names, kind=st.sampled_from(VolumeKind), nodes=nodes, disk=st.none() | names),
        max_size=3,
    ).map(tuple),
    sites=st.lists(
        st.builds(
            Site,
            name=names,
            nodes=nodes,
            ips=nodes,
            volumes=nodes,
            pools=nodes,
            checks=st.lists(checks, max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    intents=st.lists(
        st.builds(
            Intent,
            hierarchy=names,
            owner=st.none() | names,
            reason=names,
            at=names,
            moving_from=st.none() | names,
        ),
        max_size=2,
    ).map(tuple),
    revision=st.integers(0, 10**9),
)


def test_a_check_stored_before_it_had_bounds_is_read_and_equals_one_without():
    document = json.loads(to_values(FULL)[VALUE])
    for name in ("latency", "certificate_days"):
        del document["sites"][0]["checks"][0][name]
    assert from_values({VALUE: json.dumps(document)}, "server1") == FULL


@given(clusters)
def test_whatever_is_stored_is_read_back_letter_for_letter(cluster):
    read = from_values(to_values(cluster), "server1")

    assert read == cluster
    assert read.revision == cluster.revision
    assert to_values(read) == to_values(cluster)


def test_the_stored_text_is_ascii_whatever_the_script_of_a_name():
    assert to_values(FULL)[VALUE].isascii()
    assert from_values(to_values(FULL), "server1").sites[0].name == 'Shop "&" Ω 🛒'


def test_fields_that_are_not_compared_are_stored_too():
    read = from_values(to_values(FULL), "server1")

    assert (read.intents[0].at, read.intents[0].seconds) == ("2026-01-01T00:00:00Z", 0.8)


def test_a_node_without_the_value_has_no_definition():
    assert from_values({}, "server1") is None


def _document(**changes):
    document = json.loads(to_values(FULL)[VALUE])
    document.update(changes)
    return {VALUE: json.dumps(document)}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({VALUE: "{"}, "is not JSON"),
        ({VALUE: "[]"}, "is not a JSON object"),
        (_document(format=2), "newer than 1"),
        (_document(format=None), "format None"),
        (_document(nodes="server1"), "definition.nodes"),
        (_document(nodes=[1]), "definition.nodes[0]"),
        (_document(ips=[{"address": "10.0.0.50"}]), "lacks 'prefix' at definition.ips[0]"),
        (_document(volumes=[{"path": "E:\\", "kind": "magic", "nodes": []}]), "no VolumeKind"),
        (_document(extra=1), "unknown entry 'extra'"),
        (_document(revision=True), "definition.revision"),
    ],
)
def test_a_definition_that_is_not_understood_is_refused_with_node_key_and_remedy(values, said):
    with pytest.raises(BadDocument) as refused:
        from_values(values, "server2")

    message = str(refused.value)
    assert said in message
    assert "server2" in message
    assert "HKLM\\SOFTWARE\\standby.iis" in message
    assert refused.value.remedy


def test_a_newer_format_is_not_to_be_deleted_but_asks_for_an_update():
    with pytest.raises(BadDocument) as refused:
        from_values(_document(format=9), "server2")

    assert "Update" in str(refused.value.remedy)
    assert "Delete" not in str(refused.value.remedy)


def test_the_newest_revision_wins_and_nodes_that_differ_are_named():
    newest = replace(FULL, ips=(), sites=(), revision=8)

    cluster, sentences = reconcile({"server1": FULL, "server2": newest, "server3": None})

    assert cluster is newest
    assert len(sentences) == 2
    assert "server1" in sentences[0]
    assert "7" in sentences[0]
    assert "8" in sentences[0]
    assert "server3" in sentences[1]


def test_nodes_that_agree_are_not_mentioned():
    assert reconcile({"server1": FULL, "server2": replace(FULL)}) == (FULL, [])


def test_equal_revisions_that_differ_are_decided_alike_whatever_the_order():
    other = replace(FULL, name="other")

    one, sentences = reconcile({"server1": FULL, "server2": other})
    two, _rest = reconcile({"server2": other, "server1": FULL})

    assert one == two
    assert len(sentences) == 1
    assert "revision 7" in sentences[0]


def test_no_definition_anywhere_is_nothing():
    assert reconcile({"server1": None, "server2": None}) == (None, [])
