# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values on the lines of the bridge: read exactly as the script writes them, and given to it without loss."""

from __future__ import annotations

import json
from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.agent import bridge_values as values
from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import Instance, Reference

WIDTHS = {f"{sign}int{bits}": (sign, bits) for sign in "su" for bits in (8, 16, 32, 64)}


def integers(sign, bits):
    return (
        st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if sign == "s" else st.integers(0, 2**bits - 1)
    )


# Each scalar as a pair: what the script writes, and what is to be read.
scalars = st.one_of(
    st.none().map(lambda value: (None, value)),
    st.booleans().map(lambda value: (f"boolean={str(value).lower()}", value)),
    *(
        integers(*width).map(lambda value, name=name: (f"{name}={value}", value))
        for name, width in WIDTHS.items()
    ),
    st.floats(allow_nan=False).map(lambda value: (f"real64={_dot_net(value)}", value)),
    st.text().map(lambda value: (f"string={value}", value)),
    st.characters().map(lambda value: (f"char16={value}", value)),
    st.datetimes(timezones=st.just(UTC)).map(
        lambda value: (f"datetime={value.replace(tzinfo=None).isoformat(timespec='microseconds')}0Z", value)
    ),
    st.integers(0, 2**63 - 1).map(lambda ticks: (f"interval={ticks}", timedelta(microseconds=ticks // 10))),
)


def _dot_net(value):
    return {"inf": "Infinity", "-inf": "-Infinity"}.get(repr(value), repr(value))


def _reference(keys):
    written = {"namespace": "root/x", "class": "C", "keys": [[name, text] for name, text in keys.items()]}
    return {"kind": "reference", "value": written}, Reference("root/x:C", tuple(keys.items()))


references = st.dictionaries(st.text(min_size=1), st.text().map("string={}".format), min_size=1).map(
    _reference
)


def _array(pairs):
    return {"kind": "array", "value": [pair[0] for pair in pairs]}, [pair[1] for pair in pairs]


def _instance(properties):
    own, read = _reference({"Name": "string=x"})
    written = {
        "class": "C",
        "properties": {name: pair[0] for name, pair in properties.items()},
        "reference": own["value"],
    }
    inside = {name: pair[1] for name, pair in properties.items()}
    return {"kind": "instance", "value": written}, Instance("C", inside, read)


def plain(pair):
    """CIM has no arrays of arrays."""
    return not isinstance(pair[1], list)


anything = st.recursive(
    scalars | references,
    lambda inner: (
        st.lists(inner.filter(plain), max_size=4).map(_array)
        | st.dictionaries(st.text(), inner, max_size=4).map(_instance)
    ),
    max_leaves=12,
)


@given(anything)
def test_what_the_script_writes_is_read_exactly(pair):
    written, read = pair
    assert values.decode(json.loads(json.dumps(written))) == read


@given(st.text())
def test_text_passes_without_loss_and_never_looks_like_a_date(text):
    sent = values.encode(text, "x")
    assert sent == f"={text}"
    assert json.loads(json.dumps(sent))[0] == "="


@given(st.integers(-(2**63), 2**64 - 1))
def test_integers_pass_as_text(number):
    assert values.encode(number, "x") == f"={number}"


@given(st.integers(0, 2**63 - 1).map(lambda ticks: timedelta(microseconds=ticks // 10)))
def test_intervals_return_as_they_went(interval):
    assert values.decode(values.encode(interval, "x")) == interval


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_return_as_they_went(moment):
    assert values.decode(values.encode(moment, "x")) == moment


@given(references)
def test_references_return_as_they_came(pair):
    written, read = pair
    assert values.encode_reference(values.decode_reference(written["value"])) == written["value"]
    assert values.encode(read, "x") == written


def test_a_reference_may_hold_references():
    inner, read = _reference({"Name": "string=x", "Number": "uint32=7"})
    written = {"namespace": "root/x", "class": "Link", "keys": [["From", inner], ["To", inner]]}
    found = values.decode_reference(written)
    assert found.selectors == (("From", read), ("To", read))
    assert values.encode_reference(found) == written


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, timedelta(-1), timedelta.max, object()])
def test_what_cim_cannot_carry_is_named(value):
    with pytest.raises(StandbyError, match=r"C\.Property"):
        values.encode(value, "C.Property")


def test_arrays_of_none_one_and_many_stay_arrays():
    for texts in ([], ["a"], ["a", "b"]):
        sent = values.encode(texts, "x")
        assert sent == {"kind": "array", "value": [f"={text}" for text in texts]}


def test_an_embedded_instance_leaves_out_what_is_null():
    part = Instance("Part", {"Label": "x", "Count": None, "Tags": ["a"]})
    assert values.encode(part, "x") == {
        "kind": "instance",
        "value": {
            "class": "Part",
            "properties": [["Label", "=x"], ["Tags", {"kind": "array", "value": ["=a"]}]],
        },
    }


def test_reals_go_as_dot_net_reads_them():
    written = [values.encode(value, "x") for value in (1.5, float("inf"), float("-inf"), float("nan"))]
    assert written == ["=1.5", "=Infinity", "=-Infinity", "=NaN"]


@pytest.mark.parametrize(
    "written",
    [
        "no type",
        "uint8=x",
        "boolean=True",
        "thing=1",
        "datetime=yesterday",
        "interval=",
        7,
        True,
        {"kind": "other", "value": {}},
        {"kind": "reference", "value": []},
        {"kind": "array", "value": "x"},
        {"value": 1},
    ],
)
def test_nonsense_is_refused(written):
    with pytest.raises(BadDocument, match="answer of the bridge"):
        values.decode(written)


@pytest.mark.parametrize("keys", [[], [["Name", None]]])
def test_an_instance_without_all_its_keys_has_no_reference(keys):
    own = {"namespace": "root/x", "class": "C", "keys": keys}
    assert values.decode_instance({"class": "C", "properties": {}, "reference": own}).reference is None
    with pytest.raises(BadDocument, match="keys of an instance"):
        values.decode_reference(own)


def test_what_the_cmdlet_adds_is_no_output():
    found = values.decode_output({"ReturnValue": "uint32=0", "PSComputerName": None}, "Create")
    assert found == Instance("Create_OUTPUT", {"ReturnValue": 0})


def test_a_reference_of_the_other_transport_is_refused():
    foreign = Reference(
        "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service", (("Name", "x"),)
    )
    with pytest.raises(StandbyError, match="is no reference of the bridge"):
        values.encode_reference(foreign)
