# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A witness of three etcd members: some killed, most killed, hanging, and wrong in every way it can be."""

from __future__ import annotations

import http.server
import threading
import time
from dataclasses import asdict, replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import StoreOutage, Versioned
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_etcd
from tests.support.crowd import Crowd, check, count
from tests.support.etcd_access import PASSWORD, USER, Access
from tests.support.etcd_members import EtcdMembers
from tests.support.server_process import free_port
from tests.support.store_worker import Place

pytestmark = pytest.mark.xdist_group("stores of etcd")
KEY = "nodes/server1"


@pytest.fixture
def access(etcd_place) -> Access:
    return Access(**etcd_place.where)


@pytest.fixture(scope="module")
def strict(etcd, tmp_path_factory):
    """A cluster of one member that wants a certificate of every client and forgets tokens after a second."""
    folder = tmp_path_factory.mktemp("strict")
    member = EtcdMembers(folder, size=1, token_seconds=1, clients=True, certificates=etcd.certificates)
    member.start()
    member.protect()
    yield member
    member.kill()


def with_certificate(member: EtcdMembers, certificate=None):
    return open_etcd(
        member.access.endpoints,
        "test",
        credentials=(USER, PASSWORD),
        ca_file=member.access.ca_file,
        certificate=certificate or (str(member.nameless), None),
        seconds=6.0,
    )


def patiently(ask):
    """Ask again while members are not ready."""
    end = time.monotonic() + 20
    while True:
        try:
            return ask()
        except StoreOutage as outage:
            assert time.monotonic() < end, outage
            time.sleep(0.1)


def test_members_fail_and_hang_one_after_the_other_under_several_processes(etcd, etcd_place):
    crowd = Crowd([etcd_place] * 3, seconds=8.0)
    for member in range(3):
        time.sleep(1.0)
        etcd.kill(member)
        time.sleep(0.8)
        etcd.start(member)
    etcd.pause(1)
    time.sleep(1.0)
    etcd.resume(1)
    lines = crowd.history()
    check(lines)
    assert count(lines, "swapped") > 2


def test_one_member_killed_costs_no_answer(etcd, access):
    store = access.open()
    store.put(KEY, 0, "value")
    etcd.kill(0)
    version = patiently(lambda: store.put(KEY, store.get(KEY).version, "other"))
    assert store.get(KEY) == Versioned(version, "other")


@pytest.mark.parametrize("hang", [False, True])
def test_without_a_majority_every_operation_is_an_outage_in_time_and_goes_on_after_it(etcd, access, hang):
    store = replace(access, seconds=1.0).open()
    version = access.open().put(KEY, 0, "value")
    patiently(lambda: store.get(KEY))
    (etcd.pause if hang else etcd.kill)(1, 2)
    for ask in (
        lambda: store.get(KEY),
        lambda: store.list("nodes/"),
        lambda: store.put(KEY, version, "cut off"),
    ):
        started = time.monotonic()
        with pytest.raises(StoreOutage) as outage:
            ask()
        # Twice the second that was allowed, and what a busy machine adds.
        assert time.monotonic() - started < 8.0
        assert not outage.value.permanent
        assert access.endpoints[0] in str(outage.value)
    possible = ("value", "cut off") if outage.value.uncertain else ("value",)
    etcd.restore()
    found = patiently(lambda: store.get(KEY))
    assert found.value in possible
    assert patiently(lambda: store.put(KEY, store.get(KEY).version, "after")) > found.version


def refused(store) -> StoreOutage:
    with pytest.raises(StoreOutage) as outage:
        store.put(KEY, 0, "value")
    assert not outage.value.uncertain
    assert PASSWORD not in str(outage.value)
    assert outage.value.remedy
    return outage.value


def test_a_wrong_password_is_told_and_not_shown(access):
    outage = refused(replace(access, password="wrong-S3cret").open())
    assert outage.permanent
    assert "refuses user or password" in str(outage)
    assert "wrong-S3cret" not in str(outage)


def test_no_user_where_one_is_wanted_is_told(access):
    outage = refused(open_etcd(access.endpoints, "test", ca_file=access.ca_file, seconds=6.0))
    assert outage.permanent
    assert "wants a user" in str(outage)


def test_keys_that_the_user_has_no_right_to_are_told(access):
    outage = refused(
        open_etcd(
            access.endpoints, "other", credentials=(USER, PASSWORD), ca_file=access.ca_file, seconds=6.0
        )
    )
    assert outage.permanent
    assert "refuses access" in str(outage)


def test_a_certificate_of_another_authority_is_told(access, etcd):
    outage = refused(replace(access, ca_file=str(etcd.certificates.foreign)).open())
    assert outage.permanent
    assert "has a certificate that is not trusted" in str(outage)


def test_a_certificate_of_another_name_is_told(access):
    named = [endpoint.replace("127.0.0.1", "localhost") for endpoint in access.endpoints]
    outage = refused(
        open_etcd(named, "test", credentials=(USER, PASSWORD), ca_file=access.ca_file, seconds=6.0)
    )
    assert outage.permanent
    assert "has a certificate that is not trusted" in str(outage)


def test_a_record_too_large_for_etcd_is_told(access):
    with pytest.raises(StoreOutage, match="refuses a record of this size") as outage:
        replace(access, seconds=20.0).open().put(KEY, 0, "x" * 2_200_000)
    assert outage.value.permanent


def test_nobody_at_the_port_is_told(access):
    outage = refused(replace(access, endpoints=(f"https://127.0.0.1:{free_port()}",)).open())
    assert not outage.permanent
    assert "cannot be reached" in str(outage)


class Page(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>It works!</html>")

    def log_message(self, *_arguments) -> None:
        pass


def test_a_web_server_is_no_etcd(access):
    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        outage = refused(open_etcd([f"http://127.0.0.1:{server.server_port}"], "test", seconds=3.0))
        tls = refused(replace(access, endpoints=(f"https://127.0.0.1:{server.server_port}",)).open())
        server.shutdown()
    assert outage.permanent
    assert "is not an etcd of version 3.4 or newer" in str(outage)
    assert tls.permanent
    assert "agrees to no TLS connection" in str(tls)


def test_one_good_endpoint_beside_bad_ones_is_enough(access):
    bad = (f"https://127.0.0.1:{free_port()}", access.endpoints[0].replace("127.0.0.1", "localhost"))
    store = replace(access, endpoints=(*bad, access.endpoints[1])).open()
    assert store.put(KEY, 0, "value") > 0


def test_a_token_that_has_expired_is_renewed(strict):
    store = with_certificate(strict)
    version = store.put(KEY, 0, "value")
    time.sleep(3)
    assert store.get(KEY) == Versioned(version, "value")
    time.sleep(3)
    assert store.put(KEY, version, "other") > version


def test_a_client_without_the_certificate_that_etcd_wants_is_told(strict):
    with pytest.raises(StoreOutage) as outage:
        strict.access.open().get(KEY)
    assert "agrees to no TLS connection" in str(outage.value) or "broke the connection" in str(outage.value)
    assert outage.value.remedy


def test_a_client_certificate_that_the_gateway_does_not_take_is_told(strict):
    certificate = (str(strict.certificates.client), str(strict.certificates.client_key))
    outage = refused(with_certificate(strict, certificate))
    assert outage.permanent
    assert "refuses client certificates with a CommonName" in str(outage)


def test_members_of_two_clusters_are_never_mixed(strict, access):
    store = open_etcd(
        [strict.access.endpoints[0], access.endpoints[1]],
        "test",
        credentials=(USER, PASSWORD),
        ca_file=access.ca_file,
        certificate=(str(strict.nameless), None),
        seconds=6.0,
    )
    store.get(KEY)
    strict.kill(0)
    with pytest.raises(StoreOutage, match="belongs to another etcd cluster"):
        store.get(KEY)
    strict.start(0)


def test_a_list_longer_than_one_answer_is_whole(access):
    store = access.open()
    for number in range(201):
        store.put(f"nodes/server{number}", 0, "value")
    assert len(store.list("nodes/")) == 201
    assert Place("etcd", asdict(access)).open("other").list("cluster/") == {}
