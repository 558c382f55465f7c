# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records: what is written is what is read, and what cannot be meant is refused by name."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    FORMAT,
    Answer,
    BadRecord,
    HierarchyRecord,
    Maintenance,
    NewerRecord,
    NodeRecord,
    NodeState,
    Request,
    RequestKind,
    asked,
    decode_hierarchy,
    decode_maintenance,
    decode_node,
    encode,
)

texts = st.text(max_size=20)
numbers = st.integers(0, 2**63)
requests = st.builds(
    Request, id=texts, kind=st.sampled_from(RequestKind), target=texts, force=st.booleans(), by=texts
)
node_records = st.builds(
    NodeRecord,
    node=texts,
    incarnation=numbers,
    instance=texts,
    beat=numbers,
    state=st.sampled_from(NodeState),
    by=texts,
    confirmed=st.booleans(),
    unfit=st.dictionaries(texts, texts, max_size=3),
    owned=st.dictionaries(texts, numbers, max_size=3),
)
hierarchy_records = st.builds(
    HierarchyRecord,
    hierarchy=texts,
    owner=texts,
    incarnation=numbers,
    epoch=numbers,
    reason=texts,
    successor=texts,
    wanted=st.booleans(),
    failovers=numbers,
    current=st.none() | st.lists(texts, max_size=3).map(tuple),
    request=st.none() | requests,
    answer=st.none() | st.builds(Answer, id=texts, accepted=st.booleans(), sentence=texts),
)
names = st.lists(texts, max_size=3).map(tuple)
maintenances = st.builds(Maintenance, cluster=st.booleans(), nodes=names, hierarchies=names)

STRANGE = 'Shop "&" \\ Ω магазин 店 🛒'
NODE = NodeRecord(STRANGE, 3, "p1", 12, unfit={"web": "no disk"}, owned={"db": 4})
HIERARCHY = HierarchyRecord(
    STRANGE,
    "server1",
    3,
    4,
    "server1 took it",
    current=("server1",),
    request=Request("r1", RequestKind.SWITCHOVER, "server2"),
    answer=Answer("r0", True, "it is done"),
)

kinds = pytest.mark.parametrize(
    ("decode", "record", "told"),
    [
        (lambda text: decode_node(text, STRANGE), NODE, f"the record of node {STRANGE}"),
        (lambda text: decode_hierarchy(text, STRANGE), HIERARCHY, f"the record of hierarchy {STRANGE}"),
        (decode_maintenance, Maintenance(True, ("server1",), ("web",)), "the record of maintenance"),
    ],
    ids=["node", "hierarchy", "maintenance"],
)


def changed(record, **members):
    return json.dumps({**json.loads(encode(record)), **members})


def without(record, member):
    document = json.loads(encode(record))
    del document[member]
    return json.dumps(document)


# Round trips


@given(node_records)
def test_a_nodes_record_is_read_as_it_was_written(record):
    assert decode_node(encode(record), record.node) == record


@given(hierarchy_records)
def test_a_hierarchys_record_is_read_as_it_was_written(record):
    assert decode_hierarchy(encode(record), record.hierarchy) == record


@given(maintenances)
def test_the_record_of_maintenance_is_read_as_it_was_written(record):
    assert decode_maintenance(encode(record)) == record


@kinds
def test_names_may_have_quotes_and_any_script(decode, record, told):
    assert decode(encode(record)) == record


@given(node_records | hierarchy_records | maintenances)
def test_a_record_is_canonical_json_in_ascii(record):
    text = encode(record)

    assert text.isascii()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    assert json.loads(text)["format"] == FORMAT


def test_the_order_of_members_does_not_show():
    one = NodeRecord("server1", 1, "p", unfit={"a": "x", "b": "y"})

    assert encode(one) == encode(replace(one, unfit={"b": "y", "a": "x"}))


# Records that cannot be understood


@kinds
def test_a_newer_format_is_told_apart_with_what_to_do(decode, record, told):
    with pytest.raises(NewerRecord) as refused:
        decode(changed(record, format=FORMAT + 1, members_of_the_future=[]))

    assert refused.value.problem == (
        f"{told} has format {FORMAT + 1}, and this version knows {FORMAT}: update standby.iis on this node"
    )
    assert refused.value.remedy


@kinds
@pytest.mark.parametrize("found", [FORMAT - 1, -1, "1", None, [], 1.5, "2"])
def test_an_older_or_foreign_format_is_damage_and_nothing_newer(decode, record, told, found):
    with pytest.raises(BadRecord) as refused:
        decode(changed(record, format=found))

    assert not isinstance(refused.value, NewerRecord)
    assert refused.value.problem == f"{told} has format {found!r}, and this version knows {FORMAT}"
    assert refused.value.remedy


@kinds
@pytest.mark.parametrize(
    "text",
    [None, "", " ", "[]", "[1]", "7", "true", "null", '"text"', "\0\0\0", "<xml/>", "{", "NaN", "{}{}"],
)
def test_what_is_no_object_is_damaged_or_foreign(decode, record, told, text):
    with pytest.raises(BadRecord, match="is damaged or foreign") as refused:
        decode(text)

    assert refused.value.problem == f"{told} is damaged or foreign"
    assert refused.value.remedy


@kinds
def test_a_record_torn_anywhere_is_damaged(decode, record, told):
    text = encode(record)

    for end in range(len(text)):
        with pytest.raises(BadRecord):
            decode(text[:end])


@kinds
def test_a_foreign_object_is_refused(decode, record, told):
    with pytest.raises(BadRecord) as refused:
        decode('{"leader": "server1", "ttl": 30}')

    assert refused.value.problem == f"{told} has format None, and this version knows {FORMAT}"


@kinds
def test_each_member_has_to_be_there(decode, record, told):
    for member in set(json.loads(encode(record))) - {"format"}:
        with pytest.raises(BadRecord, match="is damaged") as refused:
            decode(without(record, member))
        assert refused.value.problem.startswith(f"{told} is damaged: ")
        assert member in refused.value.problem


@kinds
def test_each_member_has_to_be_of_its_type(decode, record, told):
    nullable = {"request", "answer", "current"}
    for member in set(json.loads(encode(record))) - {"format"}:
        for wrong in (7.5, *([] if member in nullable else [None])):
            with pytest.raises(BadRecord) as refused:
                decode(changed(record, **{member: wrong}))
            assert refused.value.problem.startswith(f"{told} is damaged: ")


@pytest.mark.parametrize(
    "members",
    [
        {"incarnation": True},
        {"incarnation": "3"},
        {"confirmed": 1},
        {"confirmed": "no"},
        {"state": "gone"},
        {"unfit": ["web"]},
        {"owned": {"web": None}},
        {"owned": {"web": "four"}},
        {"by": None},
    ],
    ids=str,
)
def test_a_nodes_member_of_the_wrong_type_is_damage(members):
    with pytest.raises(BadRecord, match="the record of node"):
        decode_node(changed(NODE, **members), STRANGE)


@pytest.mark.parametrize(
    "members",
    [
        {"epoch": False},
        {"wanted": "yes"},
        {"current": "server1"},
        {"current": {}},
        {"request": []},
        {"request": "switchover"},
        {"request": {}},
        {"request": {"id": "1", "kind": "explode", "target": "", "force": False, "by": ""}},
        {"request": {"id": "1", "kind": "out", "more": 1}},
        {"request": {"kind": "out"}},
        {"answer": {"id": "1"}},
        {"answer": ["1", True, "yes"]},
    ],
    ids=str,
)
def test_a_hierarchys_member_of_the_wrong_type_is_damage(members):
    with pytest.raises(BadRecord, match="the record of hierarchy"):
        decode_hierarchy(changed(HIERARCHY, **members), STRANGE)


@pytest.mark.parametrize(
    "members",
    [
        {"request": {"id": "1", "kind": "switchover", "target": "", "force": "no", "by": ""}},
        {"request": {"id": "1", "kind": "switchover", "target": ["server2"], "force": False, "by": ""}},
        {"answer": {"id": "1", "accepted": "no", "sentence": "it is done"}},
        {"current": [1, None]},
    ],
    ids=str,
)
def test_what_a_member_holds_has_to_be_of_its_type(members):
    with pytest.raises(BadRecord):
        decode_hierarchy(changed(HIERARCHY, **members), STRANGE)


def test_a_number_beyond_all_numbers_is_damage():
    with pytest.raises(BadRecord):
        decode_node(changed(NODE, owned={"web": float("inf")}), STRANGE)


@kinds
def test_a_document_nested_beyond_reason_is_damage(decode, record, told):
    with pytest.raises(BadRecord):
        decode("[" * 100_000)


def test_the_record_of_another_node_is_not_taken_for_this_ones():
    with pytest.raises(BadRecord) as refused:
        decode_node(encode(NodeRecord("server1", 3, "p")), "server2")

    assert refused.value.problem == "under the name 'server2' stands the record of 'server1'"


def test_the_record_of_another_hierarchy_is_not_taken_for_this_ones():
    with pytest.raises(BadRecord, match="under the name 'web' stands the record of 'db'"):
        decode_hierarchy(encode(HierarchyRecord("db")), "web")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(json.loads(encode(NODE)))), json_values)
def test_whatever_a_member_of_a_nodes_record_is_it_is_read_or_refused(member, value):
    try:
        assert decode_node(changed(NODE, **{member: value}), STRANGE).node == STRANGE
    except BadRecord as refused:
        assert isinstance(refused, BadDocument)


@given(st.sampled_from(sorted(json.loads(encode(HIERARCHY)))), json_values)
def test_whatever_a_member_of_a_hierarchys_record_is_it_is_read_or_refused(member, value):
    try:
        assert decode_hierarchy(changed(HIERARCHY, **{member: value}), STRANGE).hierarchy == STRANGE
    except BadRecord as refused:
        assert isinstance(refused, BadDocument)


@given(st.text(max_size=50))
def test_any_text_is_refused_and_never_crashes(text):
    for decode in (lambda one: decode_node(one, "a"), lambda one: decode_hierarchy(one, "a")):
        with pytest.raises(BadRecord):
            decode(text)


# What is in them


@pytest.mark.parametrize(
    ("state", "ended"), [(NodeState.ALIVE, False), (NodeState.FENCED, True), (NodeState.LEFT, True)]
)
def test_an_incarnation_is_over_when_it_was_fenced_or_has_left(state, ended):
    assert NodeRecord("server1", 3, "p", state=state).ended is ended


def test_a_request_is_put_into_the_record_and_changes_nothing_else():
    wish = Request("r2", RequestKind.OUT, by="Ada")

    assert asked(HIERARCHY, wish) == replace(HIERARCHY, request=wish)


def test_a_request_that_waits_already_is_replaced():
    first, second = Request("r1", RequestKind.OUT), Request("r2", RequestKind.ACKNOWLEDGE)

    assert asked(asked(HIERARCHY, first), second).request == second
