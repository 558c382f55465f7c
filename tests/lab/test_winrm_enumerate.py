# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enumerate and Pull, seen by pypsrp: pages, contexts, filters, references, envelopes."""

from __future__ import annotations

import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypsrp.exceptions import WinRMTransportError
from pypsrp.wsman import NAMESPACES

from lab.winrm import names
from lab.winrm.values import class_uri
from tests.support.winrm_bench import ADDRESS, Bench, Certificates, make_certificates, running
from tests.support.winrm_clients import (
    STAR,
    THING_URI,
    call,
    enumeration,
    fault_code,
    pages,
    pulling,
    selector_filter,
    selectors,
    things,
    wql,
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


def test_the_first_answer_has_one_item_and_the_rest_is_pulled(bench: Bench):
    with wsman(bench) as client:
        assert [len(page) for page in pages(client, THING_URI, enumeration())] == [1, 2]
        assert [len(page) for page in pages(client, THING_URI, enumeration(), count=1)] == [1, 1, 1]
        assert [len(page) for page in pages(client, THING_URI, enumeration(optimized=False))] == [0, 3]
        bench.repository.things.items.clear()
        assert [len(page) for page in pages(client, THING_URI, enumeration())] == [0]
        assert [len(page) for page in pages(client, THING_URI, enumeration(optimized=False))] == [0, 0]


def test_the_first_answer_has_all_items_in_the_manner_of_2003(tmp_path: Path, certificates: Certificates):
    with running(tmp_path, certificates, first_items="all") as bench, wsman(bench) as client:
        assert [len(page) for page in pages(client, THING_URI, enumeration())] == [3]
        assert [len(page) for page in pages(client, THING_URI, enumeration(count=2))] == [2, 1]


def test_a_used_or_released_or_foreign_or_old_context_is_refused(bench: Bench):
    with wsman(bench) as client:

        def context() -> str:
            answer = client.enumerate(THING_URI, enumeration())
            return answer.findtext(".//wsen:EnumerationContext", namespaces=NAMESPACES) or ""

        used, released, foreign, old = (context() for _rest in range(4))
        client.pull(THING_URI, pulling(used))
        release = pulling(released)
        release.tag = f"{{{names.ENUMERATION}}}Release"
        release.remove(release[1])
        client.invoke(names.RELEASE, THING_URI, release)
        for uri, given in (
            (THING_URI, used),
            (THING_URI, released),
            (STAR, foreign),
            (THING_URI, "nonsense"),
        ):
            assert fault_code(lambda uri=uri, given=given: client.pull(uri, pulling(given))) == 0x8033801B
        bench.host.clock_offset += 61
        assert fault_code(lambda: client.pull(THING_URI, pulling(old))) == 0x8033801B


def test_objects_come_with_references_that_get_understands(bench: Bench):
    with wsman(bench) as client:
        found = pages(client, THING_URI.lower(), enumeration("EnumerateObjectAndEPR"))
        item = [item for page in found for item in page][1]
        assert item.tag == f"{{{names.WSMAN}}}Item"
        reference = item.find("wsa:EndpointReference/wsa:ReferenceParameters", NAMESPACES)
        assert reference is not None
        assert reference.findtext("wsman:ResourceURI", namespaces=NAMESPACES) == THING_URI
        entries = reference.iterfind("wsman:SelectorSet/wsman:Selector", NAMESPACES)
        keys = {entry.get("Name") or "": entry.text or "" for entry in entries}
        answer = client.get(THING_URI, selector_set=selectors(**keys))
        assert ET.tostring(answer[0]) == ET.tostring(item[0])
        only = pages(client, THING_URI, enumeration("EnumerateEPR"))
        assert [item.tag.rpartition("}")[2] for page in only for item in page] == ["EndpointReference"] * 3


def test_an_empty_key_is_part_of_the_reference(bench: Bench):
    with wsman(bench) as client:
        answer = client.enumerate(class_uri(ADDRESS), enumeration("EnumerateObjectAndEPR"))
        values = {entry.get("Name"): entry.text or "" for entry in answer.iter(f"{{{names.WSMAN}}}Selector")}
        assert values == {"__cimnamespace": "root/StandardCimv2", "Name": ""}
        assert client.get(class_uri(ADDRESS), selector_set=selectors(Name="")) is not None


@pytest.mark.parametrize(
    ("filtering", "found"),
    [
        (wql("SELECT * FROM Toy_Thing WHERE Number &gt; 1 AND NOT Enabled = FALSE"), ["b & <c>"]),
        (wql("SELECT Name FROM Toy_Thing WHERE Name LIKE '%&amp; &lt;%'"), ["b & <c>"]),
        (
            f'<w:Filter Dialect="{names.ASSOCIATION_DIALECT}">'
            "<b:AssociatedInstances><b:Object><a:Address>x</a:Address>"
            f"<a:ReferenceParameters><w:ResourceURI>{THING_URI}</w:ResourceURI><w:SelectorSet>"
            '<w:Selector Name="Name">a</w:Selector></w:SelectorSet></a:ReferenceParameters></b:Object>'
            "<b:ResultClassName>Toy_Thing</b:ResultClassName></b:AssociatedInstances></w:Filter>",
            ["b & <c>", "d"],
        ),
    ],
)
def test_filters_on_the_whole_namespace(bench: Bench, filtering: str, found: list[str]):
    with wsman(bench) as client:
        assert things(client, STAR, filtering=filtering) == found


def test_a_selector_filter_takes_properties_that_are_no_keys(bench: Bench):
    with wsman(bench) as client:
        assert things(client, filtering=selector_filter("Enabled", "true")) == ["b & <c>"]
        assert things(client, filtering=selector_filter("number", "9")) == ["d"]


@pytest.mark.parametrize(
    ("uri", "filtering", "code"),
    [
        (THING_URI, selector_filter("Nosuch", "1"), 0x8033801A),
        (THING_URI, selector_filter("Number", "x"), 0x8033801A),
        (STAR, wql("SELECT * FROM Toy_Thing WHERE Nosuch = 1"), 0x8033801A),
        (STAR, wql("ASSOCIATORS OF {Toy_Thing='a'}"), 0x8033801A),
        (STAR, '<w:Filter Dialect="http://www.w3.org/TR/1999/REC-xpath-19991116">x</w:Filter>', 0x80338019),
        (STAR, "", 0x8033803B),
        (THING_URI, wql("SELECT * FROM Toy_Thing"), 0x8033803B),
        (THING_URI, "<w:Sorted/>", 0x80338042),
        ("http://schemas.microsoft.com/wbem/wsman/1/nosuch", "", 0x8033803B),
        ("http://schemas.microsoft.com/wbem/wsman/1/wmi/Toy_Thing", "", 0x8033803B),
    ],
)
def test_what_cannot_be_enumerated_is_a_fault_and_is_recorded(
    bench: Bench, uri: str, filtering: str, code: int
):
    with wsman(bench) as client:
        assert fault_code(lambda: client.enumerate(uri, enumeration(filtering=filtering))) == code
    assert bench.host.unknown_requests()


def test_pages_stay_below_the_envelope_of_client_and_server(tmp_path: Path, certificates: Certificates):
    with running(tmp_path, certificates, max_envelope_kb=64) as bench:
        bench.repository.things.items[:] = [
            {**bench.repository.things.items[0], "Number": number, "Caption": "ü" * 3000}
            for number in range(40)
        ]
        with wsman(bench) as client:
            by_server = pages(client, THING_URI, enumeration())
        with wsman(bench, max_envelope_size=16384) as client:
            by_client = pages(client, THING_URI, enumeration())
    assert sum(map(len, by_server)) == sum(map(len, by_client)) == 40
    assert 4 <= len(by_server) < 9 < len(by_client)


def test_an_answer_that_cannot_be_split_is_a_fault_that_names_whose_limit_it_is(
    tmp_path: Path, certificates: Certificates
):
    with running(tmp_path, certificates, max_envelope_kb=64) as bench:
        bench.repository.things.items[0]["Caption"] = "x" * 100000
        keys = selectors(Name="a", Number="1")
        with wsman(bench) as client:
            assert fault_code(lambda: client.get(THING_URI, selector_set=keys)) == 0x80338049
            assert fault_code(lambda: client.enumerate(THING_URI, enumeration())) == 0x80338049
        with wsman(bench, max_envelope_size=16384) as client:
            assert fault_code(lambda: client.get(THING_URI, selector_set=keys)) == 0x80338048


def test_a_request_over_the_quota_is_refused(tmp_path: Path, certificates: Certificates):
    with running(tmp_path, certificates, max_envelope_kb=64) as bench, wsman(bench) as client:
        inner = f"<p:Text>{'x' * 70000}</p:Text>"
        with pytest.raises(WinRMTransportError) as caught:
            call(client, "Make", inner)
        assert caught.value.code == 413
        assert bench.repository.things.calls == []


def test_the_client_learns_the_envelope_size_from_the_configuration(bench: Bench):
    with wsman(bench) as client:
        client.update_max_payload_size()
        assert client.max_envelope_size == 500 * 1024
