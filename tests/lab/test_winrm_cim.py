# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances and methods over WS-Management, seen by pypsrp, and the faults of requests that do not fit."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypsrp.exceptions import WSManFaultError
from pypsrp.wsman import OptionSet

from lab.cim.base import not_emulated
from lab.cim.schema import Values
from lab.winrm import names
from lab.winrm.values import class_uri
from tests.support.winrm_bench import ADDRESS, Bench, Certificates, make_certificates, running
from tests.support.winrm_clients import (
    NIL,
    THING_URI,
    body,
    call,
    enumeration,
    fault_code,
    raw_fault,
    selectors,
    text,
    wsman,
)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def bench(tmp_path: Path, certificates: Certificates) -> Iterator[Bench]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with running(tmp_path, certificates) as bench:
            yield bench


def test_put_changes_what_is_given_and_answers_with_the_instance(bench: Bench):
    with wsman(bench) as client:
        inner = "<p:Caption>new</p:Caption><p:Level>-128</p:Level><p:Paths>x</p:Paths>"
        keys = selectors(name="D", Number="9")
        answer = client.put(THING_URI, body("Toy_Thing", inner), selector_set=keys)
        assert (text(answer, "Caption"), text(answer, "Enabled")) == ("new", "false")
        changed = bench.repository.things.items[2]
        assert (changed["Caption"], changed["Level"], changed["Paths"], changed["Enabled"]) == (
            "new",
            -128,
            ["x"],
            False,
        )


def test_create_and_delete(bench: Bench):
    with wsman(bench) as client:
        inner = "<p:Name>n&amp;w</p:Name><p:Number>4</p:Number>"
        answer = client.create(THING_URI, body("Toy_Thing", inner))
        given = {entry.get("Name"): entry.text for entry in answer.iter(f"{{{names.WSMAN}}}Selector")}
        assert given == {"__cimnamespace": "root/cimv2", "Name": "n&w", "Number": "4"}
        assert len(client.delete(THING_URI, selector_set=selectors(Name="n&w", Number="4"))) == 0
        assert [item["Name"] for item in bench.repository.things.items] == ["a", "b & <c>", "d"]


def test_methods_on_an_instance_and_static_ones(bench: Bench):
    with wsman(bench) as client:
        inner = "<p:Text>x &lt; y</p:Text><p:Many>1</p:Many><p:Many>65535</p:Many>"
        output = call(client, "Echo", inner, selectors(Name="a", Number="1"))[0]
        assert output.tag == f"{{{THING_URI}}}Echo_OUTPUT"
        found = [(child.tag.rpartition("}")[2], child.text or child.get(NIL)) for child in output]
        assert found == [
            ("Many", "1"),
            ("Many", "65535"),
            ("Part", "true"),
            ("ReturnValue", "0"),
            ("Text", "x < y"),
        ]
        assert text(call(client, "Make", "<p:Text>m</p:Text>"), "ReturnValue") == "3"
        quiet = call(client, "Quiet")[0]
        assert (quiet.tag, len(quiet)) == (f"{{{THING_URI}}}Quiet_OUTPUT", 0)
    assert bench.repository.things.calls == [
        ("Echo", {"Name": "a", "Number": 1}, {"Text": "x < y", "Many": [1, 65535], "Part": None}),
        ("Make", None, {"Text": "m", "Count": None}),
        ("Quiet", None, {}),
    ]


@pytest.mark.parametrize(
    ("method", "inner", "keys", "code"),
    [
        ("Nosuch", "", {}, 0x80338013),
        ("quiet", "", {}, 0x80338013),
        ("Make", "<p:text>x</p:text>", {}, 0x80338055),
        ("Make", "<p:Count>256</p:Count>", {}, 0x80338054),
        ("Make", "<p:Count/>", {}, 0x80338054),
        ("Echo", "", {}, 0x8033805A),
        ("Echo", "", {"Name": "a"}, 0x8033805A),
        ("Echo", "", {"Name": "a", "Number": "x"}, 0x8033805C),
        ("Echo", "", {"Name": "a", "Number": "1", "More": "1"}, 0x8033805B),
        ("Echo", "", {"Name": "a", "Number": "2"}, 0x80338000),
    ],
)
def test_calls_that_do_not_fit_the_schema(
    bench: Bench, method: str, inner: str, keys: dict[str, str], code: int
):
    with wsman(bench) as client:
        assert fault_code(lambda: call(client, method, inner, selectors(**keys) if keys else None)) == code
    assert bench.repository.things.calls == []


def test_other_faults_of_instances(bench: Bench):
    with wsman(bench) as client:
        keys = selectors(Name="a", Number="1")
        assert (
            fault_code(lambda: client.put(THING_URI, body("Toy_Thing", "<p:caption/>"), selector_set=keys))
            == 0x80338015
        )
        assert fault_code(lambda: client.put(THING_URI, body("Toy_Other"), selector_set=keys)) == 0x80338015
        assert (
            fault_code(
                lambda: client.put(THING_URI, body("Toy_Thing", "<p:Size>-1</p:Size>"), selector_set=keys)
            )
            == 0x80338056
        )
        assert fault_code(lambda: client.create(THING_URI, body("Toy_Thing", uri="urn:x"))) == 0x80338058
        assert fault_code(lambda: client.enumerate(THING_URI, enumeration(), selector_set=keys)) == 0x80338108
        assert fault_code(lambda: client.invoke("urn:nosuch", THING_URI, body("Toy_Thing"))) == 0x80338013


def test_a_provider_s_refusal_is_an_msft_wmierror(bench: Bench):
    with wsman(bench) as client:
        for work, status, error in (
            (lambda: call(client, "Refuse"), "4", "87"),
            (
                lambda: client.create(
                    THING_URI, body("Toy_Thing", "<p:Name>a</p:Name><p:Number>1</p:Number>")
                ),
                "11",
                "2147749913",
            ),
            (
                lambda: client.enumerate(f"{names.WMI_RESOURCE}/root/cimv2/Nosuch", enumeration()),
                "5",
                "2147749904",
            ),
            (
                lambda: client.enumerate(f"{names.WMI_RESOURCE}/root/nosuch/Toy_Thing", enumeration()),
                "3",
                "2147749902",
            ),
        ):
            root = raw_fault(work)
            namespace = f"{{{names.CIM_RESOURCE}/MSFT_WmiError}}"
            assert root.findtext(f".//{namespace}CIMStatusCode") == status
            assert root.findtext(f".//{namespace}error_Code") == error


def test_the_error_class_of_newer_namespaces_and_the_provider_fault_of_the_classic_one(bench: Bench):
    with wsman(bench) as client:
        missing = raw_fault(lambda: client.get(class_uri(ADDRESS), selector_set=selectors(Name="none")))
        own = f"{{{names.WMI_RESOURCE}/root/standardcimv2/MSFT_WmiError}}"
        assert missing.findtext(f".//{own}CIMStatusCode") == "6"
        classic = raw_fault(lambda: client.get(THING_URI, selector_set=selectors(Name="none", Number="1")))
        status = f"{{{names.WMI_RESOURCE}/root/cimv2/__ExtendedStatus}}"
        assert classic.findtext(f".//{status}ParameterInfo") == 'Toy_Thing.Name="none",Number="1"'


def test_options_that_nothing_looks_at_are_refused_and_recorded(bench: Bench):
    options = OptionSet()
    options.add_option("Sorted", "yes")
    with wsman(bench) as client:
        keys = selectors(Name="D", Number="9")
        for work in (
            lambda: client.get(THING_URI, selector_set=keys, option_set=options),
            lambda: client.enumerate(THING_URI, enumeration(), option_set=options),
            lambda: client.get(names.CONFIG, option_set=options),
        ):
            assert fault_code(work) == 0x80338039
    assert [entry["kind"] for entry in bench.host.unknown_requests()] == ["wsman"] * 3


def test_what_a_class_does_not_emulate_is_recorded(bench: Bench):
    async def create(values: Values) -> Values:
        raise not_emulated(f"Create with {', '.join(values)}")

    bench.repository.addresses.create = create
    with wsman(bench) as client, pytest.raises(WSManFaultError, match="does not emulate Create with Name"):
        client.create(class_uri(ADDRESS), body("Toy_Address", "<p:Name>n</p:Name>", class_uri(ADDRESS)))
    assert [entry["why"] for entry in bench.host.unknown_requests()] == [
        "The lab does not emulate Create with Name."
    ]


def test_an_operation_longer_than_its_timeout_goes_on_without_an_answer(bench: Bench):
    with wsman(bench) as client:
        inner = body("Linger_INPUT", "<p:Seconds>0.6</p:Seconds>")

        def work():
            return client.invoke(f"{THING_URI}/Linger", THING_URI, inner, timeout=0.2)

        assert fault_code(work) == 0x80338029
        assert [name for name, _rest, _rest in bench.repository.things.calls] == ["Linger"]
