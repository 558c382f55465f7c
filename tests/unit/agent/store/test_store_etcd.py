# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The etcd store without a network: lost answers, tokens, endpoints in turn, and answers not of etcd."""

from __future__ import annotations

import errno
import json
import os
import ssl
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.agent.store import etcd_wire
from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd import Etcd, prefix_of
from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd_requests import Reply, Unsent
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import (
    Conflict,
    Store,
    StoreOutage,
    Versioned,
    drive,
)
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_etcd
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from tests.support.etcd_model import EtcdModel, refusal
from tests.support.interleaving import Fate, Running

PREFIX = prefix_of("web")
KEY = "hierarchies/Shop"
WHOLE = (PREFIX + KEY).encode()
ENDPOINTS = ("https://10.0.0.1:2379", "https://10.0.0.2:2379", "https://10.0.0.3:2379")
CREDENTIALS = ("standby", "S3cret")


def protocol(writer: str = "aa", endpoints=ENDPOINTS, credentials=None, clock=lambda: 0.0) -> Etcd:
    return Etcd(endpoints, PREFIX, writer, clock, credentials=credentials, seconds=3.0)


def failing(model: EtcdModel, faults: dict[str, Any]):
    """Perform requests on a model, but for endpoints that fail."""

    def perform(request):
        fault = faults.get(request.endpoint)
        if isinstance(fault, OSError):
            raise fault
        return fault if fault is not None else model(request)

    return perform


# --- two writers


def prepared(version: int, endpoints) -> tuple[EtcdModel, int, list[Etcd]]:
    model = EtcdModel()
    first = Store(protocol("cc"), model)
    at = 0
    for number in range(version):
        at = first.put(KEY, at, f"old {number}")
    return model, at, [protocol("aa", endpoints), protocol("bb", endpoints)]


FATES = st.sampled_from([Fate.ANSWERED, Fate.ANSWERED, Fate.ANSWER_LOST, Fate.LOST, Fate.LATE])


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([0, 1, 3]),
    st.sampled_from([ENDPOINTS, ENDPOINTS[:1]]),
    st.lists(st.tuples(st.integers(0, 1), FATES), max_size=20),
)
def test_any_fates_in_any_order_leave_one_winner_at_most(version, endpoints, turns):
    model, at, writers = prepared(version, endpoints)
    puts = [Running(one.put(KEY, at, f"new {who}"), model) for who, one in enumerate(writers)]
    ever = [model.value(WHOLE)]
    for who, fate in turns:
        if not puts[who].done:
            puts[who].step(fate)
        elif puts[who].late:
            puts[who].arrive()
        ever.append(model.value(WHOLE))
    for put in puts:
        while not put.done:
            put.step()
            ever.append(model.value(WHOLE))
        while put.late:
            put.arrive()
            ever.append(model.value(WHOLE))
    values = {json.loads(data)["value"] for data in ever if data is not None}
    assert sum(isinstance(put.outcome, int) for put in puts) <= 1
    assert not {"new 0", "new 1"} <= values
    for who, put in enumerate(puts):
        if isinstance(put.outcome, int):
            assert Store(protocol("dd"), model).get(KEY) == Versioned(put.outcome, f"new {who}")
        elif isinstance(put.outcome, Conflict) or not put.outcome.uncertain:
            assert f"new {who}" not in values, put.outcome


def test_a_put_whose_answer_is_lost_is_found_done_through_another_member():
    model = EtcdModel()
    put = Running(protocol().put(KEY, 0, "value"), model)
    put.step(Fate.ANSWER_LOST)
    put.step()
    assert put.outcome == 2
    assert [request.endpoint for request in model.requests] == list(ENDPOINTS[:2])


def test_a_put_whose_answers_are_all_lost_is_read_back():
    model = EtcdModel()
    put = Running(protocol().put(KEY, 0, "value"), model)
    for _endpoint in ENDPOINTS:
        put.step(Fate.ANSWER_LOST)
    put.step()
    assert put.outcome == 2


def test_a_put_that_was_lost_and_may_still_come_is_uncertain():
    model = EtcdModel()
    put = Running(protocol().put(KEY, 0, "value"), model)
    for _endpoint in ENDPOINTS:
        put.step(Fate.LATE)
    put.step()
    assert put.outcome.uncertain
    assert not put.outcome.permanent
    put.arrive()
    assert Store(protocol(), model).get(KEY) == Versioned(2, "value")


def test_a_lost_put_is_a_conflict_only_where_it_can_be_told_that_another_one_replaced_its_version():
    for others, outcome in ((1, Conflict), (2, StoreOutage)):
        model = EtcdModel()
        put = Running(protocol().put(KEY, 0, "value"), model)
        for _endpoint in ENDPOINTS:
            put.step(Fate.LOST)
        other, at = Store(protocol("bb"), model), 0
        for _put in range(others):
            at = other.put(KEY, at, "other")
        put.step()
        assert isinstance(put.outcome, outcome)


# --- values and keys


@given(st.text(st.characters(codec=None), max_size=200), st.text())
def test_keys_and_values_come_back(key, value):
    store = Store(protocol(), EtcdModel())
    version = store.put(key, 0, value)
    assert store.get(key) == Versioned(version, value)
    assert store.list("") == {key: Versioned(version, value)}


def test_clusters_see_no_keys_of_each_other():
    model = EtcdModel()
    for cluster in ("a", "a/nodes", "a%2Fnodes", "b"):
        Store(Etcd(ENDPOINTS, prefix_of(cluster), "aa", lambda: 0.0, seconds=3.0), model).put(
            "nodes/server1", 0, cluster
        )
    for cluster in ("a", "a/nodes", "a%2Fnodes", "b"):
        found = Store(Etcd(ENDPOINTS, prefix_of(cluster), "aa", lambda: 0.0, seconds=3.0), model).list("")
        assert {key: one.value for key, one in found.items()} == {"nodes/server1": cluster}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not JSON",
        b"\xff\xfe",
        b"[]",
        b"[" * 100_000,
        b'{"format": 2, "writer": "aa", "over": 0, "value": "newer"}',
        b'{"format": 1, "writer": "aa", "over": 0}',
        b'{"format": 1, "writer": 7, "over": 0, "value": "x"}',
        b'{"format": 1, "writer": "aa", "over": true, "value": "x"}',
        b'{"format": 1, "writer": "aa", "over": 0, "value": null}',
    ],
)
def test_a_foreign_value_has_a_version_and_no_value_and_can_be_put_on(data):
    model = EtcdModel()
    version = model.put(WHOLE, data)
    store = Store(protocol(), model)
    assert store.get(KEY) == Versioned(version, None)
    assert store.list("") == {KEY: Versioned(version, None)}
    assert store.put(KEY, version, "mended") > version


def test_a_foreign_key_is_left_out_and_a_deleted_one_is_gone():
    model = EtcdModel()
    model.put(PREFIX.encode() + b"\xff", b"")
    store = Store(protocol(), model)
    version = store.put(KEY, 0, "value")
    model.delete(WHOLE)
    assert store.list("") == {}
    assert store.get(KEY) is None
    with pytest.raises(Conflict):
        store.put(KEY, version, "too late")
    assert store.put(KEY, 0, "again") > version


# --- endpoints and time


def test_the_endpoint_that_answered_last_is_asked_first():
    model = EtcdModel()
    faults = {ENDPOINTS[0]: Unsent(ConnectionRefusedError(errno.ECONNREFUSED, "refused"))}
    store = Store(protocol(), failing(model, faults))
    store.get(KEY)
    store.get(KEY)
    assert [request.endpoint for request in model.requests] == [ENDPOINTS[1]] * 2


def test_all_endpoints_together_take_no_longer_than_allowed():
    now = [0.0]

    def slow(request):
        now[0] += request.seconds
        raise TimeoutError("timed out")

    with pytest.raises(StoreOutage) as outage:
        drive(protocol(clock=lambda: now[0]).get(KEY), slow)
    assert now[0] == pytest.approx(3.0)
    assert all(endpoint in str(outage.value) for endpoint in ENDPOINTS)


# --- tokens


@pytest.mark.parametrize(
    "operation", [lambda e: e.get(KEY), lambda e: e.list(""), lambda e: e.put(KEY, 0, "")]
)
def test_an_operation_takes_no_longer_than_it_may_whatever_it_has_to_ask_again(operation):
    now = [0.0]

    def slow(request):
        now[0] += request.seconds
        raise TimeoutError("timed out")

    with pytest.raises(StoreOutage):
        drive(operation(protocol(clock=lambda: now[0])), slow)
    assert now[0] == pytest.approx(3.0)


def test_a_token_is_got_once_and_renewed_when_it_is_not_known_any_more():
    model = EtcdModel(CREDENTIALS)
    store = Store(protocol(credentials=CREDENTIALS), model)
    version = store.put(KEY, 0, "a")
    version = store.put(KEY, version, "b")
    assert [request.path for request in model.requests].count("/v3/auth/authenticate") == 1
    model.tokens.clear()
    assert store.put(KEY, version, "c") > version


def test_tokens_that_no_member_knows_any_more_cost_no_operation():
    model, faults = EtcdModel(CREDENTIALS), {}
    store = Store(protocol(credentials=CREDENTIALS), failing(model, faults))
    down = Unsent(ConnectionRefusedError(errno.ECONNREFUSED, "refused"))
    for endpoint in ENDPOINTS:
        faults |= dict.fromkeys(ENDPOINTS, down)
        del faults[endpoint]
        store.get(KEY)
    faults.clear()
    model.tokens.clear()
    assert store.put(KEY, 0, "a") > 0


def test_a_token_is_renewed_where_etcd_closes_the_connection_instead_of_refusing_it():
    model = EtcdModel(CREDENTIALS)

    def closing(request):
        reply = model(request)
        if reply.status == 401:
            raise ConnectionResetError("Remote end closed connection without response")
        return reply

    store = Store(protocol(credentials=CREDENTIALS), closing)
    version = store.put(KEY, 0, "a")
    model.tokens.clear()
    assert store.get(KEY) == Versioned(version, "a")
    model.tokens.clear()
    assert store.put(KEY, version, "b") > version


def test_a_token_that_is_never_taken_is_no_endless_loop():
    model = EtcdModel(CREDENTIALS)

    def refusing(request):
        return (
            model(request)
            if request.path == etcd_wire.AUTHENTICATE
            else refusal(401, 16, "invalid auth token")
        )

    with pytest.raises(StoreOutage, match="refuses the token it gave"):
        drive(protocol(credentials=CREDENTIALS).put(KEY, 0, "a"), refusing)
    assert len(model.requests) == len(ENDPOINTS)


def test_no_password_and_no_token_is_ever_shown():
    model = EtcdModel(("standby", "other"))
    seen: list[str] = []

    def showing(request):
        seen.append(repr(request))
        return model(request)

    with pytest.raises(StoreOutage) as outage:
        drive(protocol(credentials=CREDENTIALS).put(KEY, 0, "a"), showing)
    model.user = CREDENTIALS
    Store(protocol(credentials=CREDENTIALS), showing).put(KEY, 0, "a")
    for text in (str(outage.value), *seen):
        assert "S3cret" not in text
        assert "token 0" not in text


# --- whatever else may answer

CERTIFICATE = ssl.SSLCertVerificationError(1, "certificate verify failed")
CERTIFICATE.verify_message = "self-signed certificate"


@pytest.mark.parametrize(
    ("fault", "said", "permanent", "uncertain"),
    [
        (Unsent(CERTIFICATE), "has a certificate that is not trusted (self-signed certificate)", True, False),
        (Unsent(ssl.SSLError(1, "wrong version number")), "agrees to no TLS connection", True, False),
        (
            Unsent(ConnectionRefusedError(111, "Connection refused")),
            "cannot be reached (Connection refused)",
            False,
            False,
        ),
        (Unsent(TimeoutError("timed out")), "cannot be reached in time", False, False),
        (TimeoutError("timed out"), "does not answer in time", False, True),
        (ConnectionResetError(104, "Connection reset by peer"), "broke the connection", False, True),
        (OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN)), "broke the connection", False, True),
        (Reply(200, b"<html>It works!</html>"), "is not an etcd of version 3.4 or newer", True, False),
        (Reply(200, b"[]"), "is not an etcd of version 3.4 or newer", True, False),
        (Reply(200, b'{"header": {}}'), "is not an etcd of version 3.4 or newer", False, True),
        (Reply(404, b"404 page not found\n"), "answers with HTTP status 404", True, False),
        (Reply(502, b"<html>Bad Gateway</html>"), "answers with HTTP status 502", False, True),
        (Reply(400, b"CommonName of client"), "refuses client certificates with a CommonName", True, False),
        (refusal(400, 3, "etcdserver: request is too large"), "refuses a record of this size", True, False),
        (refusal(400, 3, "etcdserver: user name is empty"), "wants a user", True, False),
        (refusal(403, 7, "etcdserver: permission denied"), "refuses access", True, False),
        (refusal(429, 8, "etcdserver: mvcc: database space exceeded"), "is full", False, False),
        (refusal(503, 14, "etcdserver: no leader"), "has no leader", False, True),
        (
            refusal(503, 14, "etcdserver: request timed out"),
            "fails (etcdserver: request timed out)",
            False,
            True,
        ),
        (refusal(500, 2, "something new"), "fails (something new)", False, True),
    ],
)
def test_every_other_answer_is_one_outage_that_names_endpoint_and_remedy(fault, said, permanent, uncertain):
    perform = failing(EtcdModel(), dict.fromkeys(ENDPOINTS, fault))
    for ask in (lambda one: one.get(KEY), lambda one: one.list(""), lambda one: one.put(KEY, 0, "value")):
        with pytest.raises(StoreOutage) as outage:
            drive(ask(protocol()), perform)
        assert said in str(outage.value)
        assert ENDPOINTS[0] in str(outage.value)
        assert outage.value.remedy
        assert outage.value.permanent == permanent
    assert outage.value.uncertain == uncertain


def test_a_put_answered_with_nonsense_may_have_been_done():
    nonsense = Reply(200, b'{"header": {"cluster_id": "1", "revision": "7"}, "responses": 7}')
    with pytest.raises(StoreOutage, match="is not an etcd") as outage:
        drive(protocol().put(KEY, 0, "value"), lambda _request: nonsense)
    assert outage.value.uncertain


def test_a_member_of_another_cluster_is_not_asked_for_records():
    model = EtcdModel()
    store = Store(protocol(), failing(model, faults := {}))
    store.put(KEY, 0, "value")
    other = Reply(200, b'{"header": {"cluster_id": "9", "revision": "7"}, "succeeded": true}')
    faults |= dict.fromkeys(ENDPOINTS, other)
    with pytest.raises(StoreOutage, match="belongs to another etcd cluster"):
        store.put(KEY, 2, "elsewhere")


@pytest.mark.parametrize(
    ("endpoints", "options", "said"),
    [
        ([], {}, "has no endpoints"),
        (["10.0.0.1:2379"], {}, "is not the URL of an etcd"),
        (["ftp://10.0.0.1"], {}, "is not the URL of an etcd"),
        (["https://10.0.0.1:2379/v3"], {}, "is not the URL of an etcd"),
        (["https://10.0.0.1:port"], {}, "is not a URL"),
        (["https://standby:S3cret@10.0.0.1"], {}, "has a user in it"),
        (["http://10.0.0.1:2379"], {"credentials": CREDENTIALS}, "would take the password in the clear"),
        (["https://10.0.0.1"], {"ca_file": "/nowhere/ca.pem"}, "cannot be used: No such file"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_before_anything_is_sent(endpoints, options, said):
    with pytest.raises(StandbyError, match=said) as refused:
        open_etcd(endpoints, "web", seconds=3.0, **options)
    assert refused.value.remedy
    assert "S3cret" not in str(refused.value)
