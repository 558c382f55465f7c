# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The six verbs over scripted answers: what is sent, what is made of the answer, what is repeated."""

from __future__ import annotations

import itertools
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import (
    BadDocument,
    CimError,
    MethodError,
    StandbyError,
    Unreachable,
)
from ansible_collections.standby.iis.plugins.module_utils.node import (
    Association,
    ClassPath,
    Instance,
    Reference,
)
from ansible_collections.standby.iis.plugins.module_utils.wsman.cim import WsmanCim
from ansible_collections.standby.iis.plugins.module_utils.wsman.link import LinkLost

from_text = ElementTree.fromstring

WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi"
NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "n": "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
    "t": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "b": "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd",
    "p": f"{WMI}/root/StandardCimv2/MSFT_NetIPAddress",
}
ADDRESSES = ClassPath("root/StandardCimv2", "MSFT_NetIPAddress")
OPAQUE = "poB:DD;C:@D<n>nD==:@DB=:m/;@55;@55;55;&"
ONE = Reference(NS["p"], (("CreationClassName", ""), ("Name", OPAQUE)))
NOT_FOUND = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code>"
    '<s:Reason><s:Text xml:lang="en-US">gone</s:Text></s:Reason>'
    '<s:Detail><q:MSFT_WmiError xmlns:q="urn:any"><q:CIMStatusCode>6</q:CIMStatusCode></q:MSFT_WmiError>'
    "</s:Detail></s:Fault>"
)
OTHER_FAULT = NOT_FOUND.replace(">6<", ">1<")


class Script:
    """Answers in turn; an exception in the script is raised, text is put into an envelope."""

    def __init__(self, *bodies, relates=None):
        self.bodies = list(bodies)
        self.sent: list[ElementTree.Element] = []
        self.relates = relates

    def __call__(self, message: str) -> bytes:
        root = from_text(message)
        self.sent.append(root)
        body = self.bodies.pop(0)
        if isinstance(body, Exception):
            raise body
        asked = self.relates or root.findtext("s:Header/a:MessageID", namespaces=NS)
        spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())
        return (
            f'<s:Envelope {spaces} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Header>'
            f"<a:RelatesTo>{asked}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
        ).encode()

    def header(self, name, number=-1):
        return self.sent[number].findtext(f"s:Header/{name}", namespaces=NS)

    def find(self, path, number=-1):
        return self.sent[number].find(f"s:Body/{path}", NS)


def cim(script):
    numbers = itertools.count(1)
    return WsmanCim(script, node="server1", new_id=lambda: f"uuid:{next(numbers)}")


def epr(name, uri=NS["p"]):
    return (
        f"<a:EndpointReference><a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>{uri}</w:ResourceURI>"
        f'<w:SelectorSet><w:Selector Name="Name">{name}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
        "</a:EndpointReference>"
    )


def item(name):
    inside = f"<p:MSFT_NetIPAddress><p:IPAddress>{name}</p:IPAddress></p:MSFT_NetIPAddress>"
    return f"<w:Item>{inside}{epr(name)}</w:Item>"


def first(*items, context="c1", end=False):
    inside = f"<w:Items>{''.join(items)}</w:Items>" if items else ""
    return (
        f"<n:EnumerateResponse><n:EnumerationContext>{context}</n:EnumerationContext>{inside}"
        f"{'<w:EndOfSequence/>' if end else ''}</n:EnumerateResponse>"
    )


def more(*items, context=None):
    named = f"<n:EnumerationContext>{context}</n:EnumerationContext>" if context else ""
    inside = f"<n:Items>{''.join(items)}</n:Items>" if items else ""
    return f"<n:PullResponse>{named}{inside}{'' if context else '<n:EndOfSequence/>'}</n:PullResponse>"


# --- enumerate


def test_enumeration_goes_on_through_changing_contexts_and_answers_without_items():
    script = Script(first(), more(item("10.0.0.1"), context="c2"), more(context="c3"), more(item("10.0.0.2")))
    found = cim(script).enumerate(ADDRESSES)
    assert [one.text("IPAddress") for one in found] == ["10.0.0.1", "10.0.0.2"]
    assert [script.find("n:Pull/n:EnumerationContext", n).text for n in (1, 2, 3)] == ["c1", "c2", "c3"]
    assert {script.header("w:ResourceURI", n) for n in range(4)} == {NS["p"]}


def test_everything_in_the_first_answer_needs_no_pull():
    script = Script(first(item("10.0.0.1"), item("10.0.0.2"), context="", end=True))
    assert len(cim(script).enumerate(ADDRESSES)) == 2
    assert len(script.sent) == 1


def test_an_item_belongs_to_the_class_of_its_own_reference():
    sub = f"{WMI}/root/StandardCimv2/MSFT_Derived"
    inside = f"<w:Item><p:MSFT_NetIPAddress><p:A>1</p:A></p:MSFT_NetIPAddress>{epr('x', sub)}</w:Item>"
    (found,) = cim(Script(first(inside, end=True))).enumerate(ADDRESSES)
    assert found.class_name == "MSFT_Derived"
    assert found.reference.resource_uri == sub


def test_the_plain_request_asks_for_objects_with_references_optimized():
    script = Script(first(end=True))
    assert cim(script).enumerate(ADDRESSES) == []
    enumerate_ = script.find("n:Enumerate")
    assert [child.tag.rpartition("}")[2] for child in enumerate_] == [
        "OptimizeEnumeration",
        "MaxElements",
        "EnumerationMode",
    ]
    assert enumerate_.findtext("w:EnumerationMode", namespaces=NS) == "EnumerateObjectAndEPR"
    assert script.header("w:MaxEnvelopeSize") == "512000"
    assert script.header("w:OperationTimeout") == "PT20.000S"


def test_each_filter_has_its_dialect_and_place():
    script = Script(*[first(end=True)] * 3)
    client = cim(script)
    client.enumerate(ADDRESSES, where={"InterfaceIndex": "4", "Odd": 'a"<&'})
    given = script.find("n:Enumerate/w:Filter")
    assert given.get("Dialect").endswith("/wsman/SelectorFilter")
    assert [(one.get("Name"), one.text) for one in given.iter(f"{{{NS['w']}}}Selector")] == [
        ("InterfaceIndex", "4"),
        ("Odd", 'a"<&'),
    ]
    client.enumerate(ADDRESSES, query="SELECT * FROM X WHERE A < 3 AND B = '&'")
    assert script.find("n:Enumerate/w:Filter").text == "SELECT * FROM X WHERE A < 3 AND B = '&'"
    assert script.find("n:Enumerate/w:Filter").get("Dialect").endswith("/WQL")
    assert script.header("w:ResourceURI") == f"{WMI}/root/StandardCimv2/*"
    client.enumerate(ADDRESSES, associated=Association(ONE, "MSFT_Link", "MSFT_Other"))
    inside = script.find("n:Enumerate/w:Filter/b:AssociatedInstances")
    assert inside.find("b:Object/a:ReferenceParameters/w:SelectorSet", NS)[1].text == OPAQUE
    assert inside.findtext("b:AssociationClassName", namespaces=NS) == "MSFT_Link"
    assert inside.findtext("b:ResultClassName", namespaces=NS) == "MSFT_Other"


def test_two_filters_at_once_are_a_mistake():
    with pytest.raises(StandbyError, match="one of where, query and associated"):
        cim(Script()).enumerate(ADDRESSES, where={}, query="x")


def test_fragments_of_a_query_are_items_of_the_class_asked_for():
    fragment = "<w:XmlFragment><IPAddress>10.0.0.9</IPAddress><Store xsi:nil='true'/></w:XmlFragment>"
    (found,) = cim(Script(first(fragment, end=True))).enumerate(ADDRESSES, query="SELECT IPAddress FROM X")
    assert (found.class_name, found.text("IPAddress"), found.get("Store")) == (
        "MSFT_NetIPAddress",
        "10.0.0.9",
        None,
    )


def test_an_answer_without_context_or_end_is_an_error_not_a_loop():
    with pytest.raises(BadDocument, match="expected EnumerationContext or EndOfSequence"):
        cim(Script(first(context=""))).enumerate(ADDRESSES)
    endless = Script(first(), *(more(context=f"c{n}") for n in range(1000)))
    with pytest.raises(BadDocument, match="answers without an item or an end"):
        cim(endless).enumerate(ADDRESSES)


# --- get, create, modify, delete


def test_get_sends_the_reference_as_it_came_and_keeps_it():
    script = Script("<p:MSFT_NetIPAddress><p:AddressState>4</p:AddressState></p:MSFT_NetIPAddress>")
    found = cim(script).get(ONE)
    assert found == Instance("MSFT_NetIPAddress", {"AddressState": "4"}, ONE)
    selectors = script.sent[0].findall("s:Header/w:SelectorSet/w:Selector", NS)
    assert [(one.get("Name"), one.text or "") for one in selectors] == list(ONE.selectors)


def test_what_is_gone_is_none_or_false_and_other_faults_are_errors():
    assert cim(Script(NOT_FOUND)).get(ONE) is None
    assert cim(Script(NOT_FOUND)).delete(ONE) is False
    assert cim(Script("")).delete(ONE) is True
    for call in (lambda c: c.get(ONE), lambda c: c.delete(ONE), lambda c: c.enumerate(ADDRESSES)):
        with pytest.raises(CimError) as caught:
            call(cim(Script(OTHER_FAULT)))
        assert caught.value.node == "server1"


def test_a_missing_instance_elsewhere_is_an_error():
    with pytest.raises(CimError):
        cim(Script(NOT_FOUND)).modify(ONE, {"SkipAsSource": True})


def test_modify_sends_the_changed_properties_alone():
    script = Script("<p:MSFT_NetIPAddress/>")
    cim(script).modify(ONE, {"SkipAsSource": True, "Alias": None})
    sent = script.find("p:MSFT_NetIPAddress")
    assert [(child.tag.rpartition("}")[2], child.text) for child in sent] == [
        ("SkipAsSource", "true"),
        ("Alias", None),
    ]
    assert script.header("a:Action").endswith("/transfer/Put")


def test_create_returns_the_reference_of_the_new_instance():
    created = epr("new").replace("EndpointReference", "X").removeprefix("<a:X>").removesuffix("</a:X>")
    script = Script(f"<t:ResourceCreated>{created}</t:ResourceCreated>")
    assert cim(script).create(ADDRESSES, {"IPAddress": "10.0.0.1", "Alias": None}) == Reference(
        NS["p"], (("Name", "new"),)
    )
    assert [child.text for child in script.find("p:MSFT_NetIPAddress")] == ["10.0.0.1"]


def test_create_without_a_reference_in_the_answer_is_an_error():
    with pytest.raises(BadDocument, match="expected t:ResourceCreated"):
        cim(Script("<t:ResourceCreated/>")).create(ADDRESSES, {})


# --- invoke


def output(inside, method="Create"):
    return f"<p:{method}_OUTPUT>{inside}</p:{method}_OUTPUT>"


def test_a_static_method_has_no_selectors_and_an_instance_method_those_of_its_reference():
    script = Script(output("<p:ReturnValue>0</p:ReturnValue>"), output("<p:ReturnValue>0</p:ReturnValue>"))
    client = cim(script)
    client.invoke(
        ADDRESSES, "Create", {"InterfaceIndex": 4, "ValidLifetime": timedelta(seconds=30), "Alias": None}
    )
    assert script.sent[0].find("s:Header/w:SelectorSet", NS) is None
    assert script.header("a:Action") == f"{NS['p']}/Create"
    given = script.find("p:Create_INPUT")
    assert [child.tag for child in given] == [f"{{{NS['p']}}}InterfaceIndex", f"{{{NS['p']}}}ValidLifetime"]
    assert given[1][0].text == "P0DT0H0M30S"
    client.invoke(ONE, "Create")
    assert len(script.sent[1].findall("s:Header/w:SelectorSet/w:Selector", NS)) == 2


@pytest.mark.parametrize(
    "body",
    ["", output(""), output("<p:ReturnValue xsi:nil='true'/>"), output("<p:ReturnValue>0</p:ReturnValue>")],
)
def test_zero_null_and_no_return_value_are_success(body):
    assert cim(Script(body)).invoke(ONE, "Create").class_name == "Create_OUTPUT"


def test_another_return_value_is_an_error_with_the_class_s_own_text():
    body = output("<p:ReturnValue>40003</p:ReturnValue>", "Online")
    with pytest.raises(
        MethodError, match=r"invoke MSFT_NetIPAddress\.Online returned 40003: cache out of date"
    ) as caught:
        cim(Script(body)).invoke(ONE, "Online", codes={40003: "cache out of date"})
    assert (caught.value.code, caught.value.node) == (40003, "server1")
    with pytest.raises(MethodError, match="no text is known"):
        cim(Script(body)).invoke(ONE, "Online")


def test_the_storage_provider_s_extended_status_explains_an_unknown_code():
    status = "<p:ExtendedStatus><e:Message xmlns:e='urn:x'>the disk is in use</e:Message></p:ExtendedStatus>"
    with pytest.raises(MethodError, match="the disk is in use"):
        cim(Script(output(f"{status}<p:ReturnValue>46000</p:ReturnValue>"))).invoke(ONE, "Offline")


def test_the_class_s_own_text_for_a_code_comes_before_the_extended_status():
    status = "<p:ExtendedStatus><e:Message xmlns:e='urn:x'>a general error</e:Message></p:ExtendedStatus>"
    body = output(f"{status}<p:ReturnValue>40003</p:ReturnValue>", "Online")
    with pytest.raises(MethodError, match="cache out of date"):
        cim(Script(body)).invoke(ONE, "Online", codes={40003: "cache out of date"})


def test_out_parameters_may_be_arrays_and_embedded_instances():
    inside = "".join(
        "<p:CmdletOutput xsi:type='p:MSFT_NetIPAddress_Type'>"
        f"<p:IPAddress>10.0.0.{n}</p:IPAddress></p:CmdletOutput>"
        for n in (1, 2)
    )
    result = cim(Script(output(inside))).invoke(ADDRESSES, "Create")
    assert [one.text("IPAddress") for one in result.items("CmdletOutput")] == ["10.0.0.1", "10.0.0.2"]


# --- the link


LOST = LinkLost("the connection was lost", node="server1")


def test_reading_is_repeated_once_from_the_start():
    script = Script(first(item("old")), LOST, first(item("new"), end=True))
    assert [one.text("IPAddress") for one in cim(script).enumerate(ADDRESSES)] == ["new"]
    assert cim(Script(LOST, "<p:MSFT_NetIPAddress/>")).get(ONE) is not None
    with pytest.raises(Unreachable):
        cim(Script(LOST, LOST)).get(ONE)


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.invoke(ADDRESSES, "Create"),
        lambda c: c.modify(ONE, {}),
        lambda c: c.delete(ONE),
        lambda c: c.create(ADDRESSES, {}),
    ],
)
def test_what_changes_something_is_not_repeated_and_its_outcome_is_called_unknown(call):
    script = Script(LOST)
    with pytest.raises(Unreachable, match="whether it was carried out is unknown") as caught:
        call(cim(script))
    assert not isinstance(caught.value, LinkLost)
    assert "Read the state back" in caught.value.remedy
    assert len(script.sent) == 1


def test_the_answer_to_another_message_is_refused():
    with pytest.raises(BadDocument, match="RelatesTo: expected uuid:1, found uuid:99") as caught:
        cim(Script("", relates="uuid:99")).delete(ONE)
    assert caught.value.node == "server1"


@pytest.mark.parametrize(
    "answer", [b"<html/>", b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'/>"]
)
def test_what_is_no_soap_answer_is_named(answer):
    with pytest.raises(BadDocument, match="answer to get MSFT_NetIPAddress: expected a SOAP envelope"):
        WsmanCim(lambda _message: answer).get(ONE)


def test_a_truncated_answer_names_document_and_place():
    whole = Script(first(item("x"), end=True))
    with pytest.raises(BadDocument, match=r"answer to enumerate MSFT_NetIPAddress: line 1, column \d+: "):
        WsmanCim(lambda message: whole(message)[:-40], node="n").enumerate(ADDRESSES)


def test_a_value_that_cannot_be_sent_is_refused_before_anything_is_sent():
    script = Script()
    with pytest.raises(
        StandbyError, match=r"MSFT_NetIPAddress.Alias holds the character U\+0007 at position 2"
    ):
        cim(script).invoke(ADDRESSES, "Create", {"Alias": "a\x07"})
    assert script.sent == []


def test_several_changes_go_one_after_the_other_and_fail_each_for_itself():
    script = Script("<p:MSFT_NetIPAddress/>", OTHER_FAULT, "<p:MSFT_NetIPAddress/>")
    change = (ONE, {"ValidLifetime": timedelta(seconds=40)})
    failures = WsmanCim(script, node="server1").modify_each([change] * 3)
    assert [type(failure) for failure in failures] == [type(None), CimError, type(None)]
    assert failures[1].node == "server1"
    assert len(script.sent) == 3
