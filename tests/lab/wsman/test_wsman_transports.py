# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every transport, refusals, quotas, and nodes that stop, drop or come back."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import AccessDenied, CimError, Unreachable
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from tests.support.wsman_lab import THINGS

WAYS = [("ntlm", "http"), ("ntlm", "https"), ("basic", "https"), ("certificate", "https")]


@pytest.mark.parametrize(("transport", "scheme"), WAYS)
def test_cim_and_shell_work_over_every_transport(lab, transport, scheme):
    lab.start()
    opened = connect(lab.connection(transport, scheme))
    created = opened.cim.create(THINGS, {"Name": "Größe 東京 😀 <&>", "Text": "x"})
    (found,) = opened.cim.enumerate(THINGS)
    assert (found.text("Name"), found.reference) == ("Größe 東京 😀 <&>", created)
    assert opened.shell.run(["arguments", "東京 😀"]).stdout.decode() == "東京 😀"
    opened.close()


@pytest.mark.parametrize(("transport", "scheme"), [("ntlm", "http"), ("ntlm", "https"), ("basic", "https")])
def test_a_wrong_password_is_refused(lab, transport, scheme):
    lab.start()
    opened = connect(lab.connection(transport, scheme, password="wrong"))
    with pytest.raises(AccessDenied, match="refused the credentials") as caught:
        opened.cim.enumerate(THINGS)
    assert "wrong" not in str(caught.value)


def test_a_certificate_of_nobody_is_refused(lab):
    lab.start(certificate_users={})
    with pytest.raises(AccessDenied, match="certmapping"):
        connect(lab.connection("certificate", "https")).cim.enumerate(THINGS)


def test_a_server_certificate_that_has_expired_is_called_so(lab):
    lab.authority.issue_server(lab.server_pair, "server1", ["127.0.0.1"], days=-1)
    lab.start()
    with pytest.raises(Unreachable, match="has expired"):
        connect(lab.connection("ntlm", "https")).cim.enumerate(THINGS)


def test_readable_traffic_over_http_is_refused_with_the_way_out(lab):
    lab.start()
    opened = connect(lab.connection("basic", "http", message_encryption="never"))
    with pytest.raises(AccessDenied, match="AllowUnencrypted"):
        opened.cim.enumerate(THINGS)


def test_an_instance_over_the_envelope_quota_names_the_setting(lab):
    lab.start(max_envelope_kb=10)
    lab.things.kept = {"big": {"Name": "big", "Text": "x" * 20000}}
    with pytest.raises(CimError) as caught:
        connect(lab.connection()).cim.enumerate(THINGS)
    assert "MaxEnvelopeSizekb" in caught.value.remedy


def test_a_request_over_the_envelope_quota_names_the_setting(lab):
    lab.start(max_envelope_kb=10)
    with pytest.raises(CimError) as caught:
        connect(lab.connection()).cim.create(THINGS, {"Name": "big", "Text": "x" * 20000})
    assert "MaxEnvelopeSizekb" in caught.value.remedy


def test_a_node_that_stops_answering_is_left_after_the_timeout(node, lab):
    node.cim.enumerate(THINGS)
    lab.host.faults["stall"] = {}
    started = time.monotonic()
    with pytest.raises(Unreachable, match="did not answer within 3 s"):
        node.cim.enumerate(THINGS)
    assert time.monotonic() - started < 30
    lab.host.faults.clear()
    assert node.cim.enumerate(THINGS) == []


def test_a_cut_answer_to_a_change_is_called_unknown_and_the_next_call_works(node, lab):
    created = node.cim.create(THINGS, {"Name": "a"})
    lab.host.faults["reset"] = {"method": "Touch"}
    with pytest.raises(Unreachable, match="whether it was carried out is unknown"):
        node.cim.invoke(created, "Touch")
    lab.host.faults.clear()
    assert lab.things.calls == ["Touch"]
    assert node.cim.get(created) is not None


@pytest.mark.parametrize(("transport", "scheme"), WAYS)
def test_a_change_goes_through_after_the_node_dropped_idle_connections(lab, transport, scheme):
    lab.start()
    opened = connect(lab.connection(transport, scheme))
    created = opened.cim.create(THINGS, {"Name": "a"})
    lab.wait(lab.server.drop())
    opened.cim.invoke(created, "Touch")
    assert lab.things.calls == ["Touch"]
    opened.close()


def test_a_refused_connection_and_then_a_node_that_is_back(node, lab):
    assert node.cim.enumerate(THINGS) == []
    lab.wait(lab.server.stop())
    with pytest.raises(Unreachable, match="refused"):
        node.cim.enumerate(THINGS)
    lab.wait(lab.server.start())
    assert node.cim.enumerate(THINGS) == []


def test_round_trips_are_as_few_as_the_protocol_allows(lab):
    lab.start()
    seen: list[SimpleNamespace] = []
    opened = connect(
        lab.connection(), lambda sent, got, took: seen.append(SimpleNamespace(sent=sent, got=got))
    )
    lab.things.kept = {f"n{number}": {"Name": f"n{number}"} for number in range(100)}
    assert len(opened.cim.enumerate(THINGS)) == 100
    assert len(seen) == 2
    opened.shell.run(["arguments"])
    assert len(seen) == 5
    opened.shell.run(["arguments"])
    assert len(seen) == 7
    assert all(one.sent > 500 and one.got > 200 for one in seen)
    opened.close()
