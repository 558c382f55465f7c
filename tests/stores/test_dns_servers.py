# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records on real name servers (BIND 9): what dig says of them, and what is told when something is wrong."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import bundle, names
from ansible_collections.standby.iis.plugins.module_utils.agent.names import Names
from ansible_collections.standby.iis.plugins.module_utils.control.dns_client import (
    Key,
    Refused,
    check_access,
    update,
)
from ansible_collections.standby.iis.plugins.module_utils.control.dns_record import ask_all, ensure
from ansible_collections.standby.iis.plugins.module_utils.control.dns_tcp import exchange
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError, Unreachable
from ansible_collections.standby.iis.plugins.module_utils.ha.dns import settled, unsettled
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Dns, Hierarchy, Ip
from tests.support.name_servers import KEY, ZONE, name_servers
from tests.support.server_process import free_port

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("name servers")]
NEAR, FAR = "192.0.2.50", "198.51.100.50"
NAME = f"www.{ZONE}"


@pytest.fixture(scope="module")
def bind(tmp_path_factory):
    with name_servers(tmp_path_factory.mktemp("bind")) as running:
        yield running


@pytest.fixture
def servers(bind):
    for server in bind[0]:
        if server.process is None:
            server.start()
    return bind[0]


@pytest.fixture
def keys(bind):
    return {KEY: Key(KEY, bind[1])}


@pytest.fixture
def record(servers):
    return Dns(NAME, ZONE, "10.1.0.50", tuple(one.name for one in servers), ttl=5, key=KEY)


def test_every_server_has_the_record_and_dig_sees_it(servers, record, keys):
    done = ensure(record, NEAR, keys, time)
    assert done.updated
    assert settled(record, NEAR, done.told)
    assert [one.addresses(NAME) for one in servers] == [[NEAR], [NEAR]]
    assert servers[1].dig(NAME).split()[1] == "5"

    again = ensure(record, NEAR, keys, time)
    assert not again.updated

    moved = ensure(record, FAR, keys, time)
    assert moved.updated
    assert [one.addresses(NAME) for one in servers] == [[FAR], [FAR]]


def test_what_somebody_else_wrote_is_replaced(servers, record, keys, bind):
    ensure(record, NEAR, keys, time)
    script = (
        f"server {servers[0].address} {servers[0].port}\nzone {ZONE}\nkey hmac-sha256:{KEY} {bind[1]}\n"
        f"update add {NAME} 5 A {FAR}\nsend\n"
    )
    subprocess.run(["nsupdate"], input=script, text=True, check=True)
    assert servers[0].addresses(NAME) == sorted([NEAR, FAR])

    assert ensure(record, NEAR, keys, time).updated
    assert servers[0].addresses(NAME) == [NEAR]


def test_the_record_goes_where_none_is_wanted(servers, record, keys):
    ensure(record, NEAR, keys, time)
    assert ensure(record, None, keys, time).updated
    assert servers[0].addresses(NAME) == []
    assert not ensure(record, None, keys, time).updated


def test_a_server_that_is_down_is_told_and_holds_up_nothing(servers, record, keys):
    ensure(record, NEAR, keys, time)
    servers[1].stop()

    done = ensure(record, FAR, keys, time)

    assert done.updated
    assert servers[0].addresses(NAME) == [FAR]
    (sentence,) = unsettled(record, FAR, done.told)
    assert servers[1].name in sentence
    assert "cannot be reached" in sentence


def test_with_the_primary_down_nothing_is_updated_and_the_reason_is_told(servers, record, keys):
    ensure(record, NEAR, keys, time)
    servers[0].stop()

    done = ensure(record, FAR, keys, time, spreading=0)

    assert not done.updated
    told = unsettled(record, FAR, done.told)
    assert len(told) == 2
    assert "cannot be reached" in told[0]
    assert NEAR in told[1]
    assert "NOTIMP" in told[1] or "REFUSED" in told[1] or "NOTAUTH" in told[1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"secret": "AAAA"}, "BADSIG"),
        ({"name": "another"}, "BADKEY"),
        ({"algorithm": "hmac-sha512"}, "BADKEY"),
    ],
)
def test_a_wrong_key_is_refused_by_name(servers, record, keys, change, told):
    with pytest.raises(Refused, match=told) as raised:
        update(record, NEAR, servers[0].name, replace(keys[KEY], **change), exchange, 5)
    assert raised.value.remedy
    assert keys[KEY].secret not in str(raised.value)


def test_an_update_without_a_key_is_refused(servers, record):
    with pytest.raises(Refused, match="REFUSED") as raised:
        update(record, NEAR, servers[0].name, None, exchange, 5)
    assert "update-policy" in raised.value.remedy


def test_another_zone_is_refused(servers, record, keys):
    with pytest.raises(Refused, match="NOTAUTH"):
        check_access(replace(record, zone="other.example"), servers[0].name, keys[KEY], exchange, 5)
    ensure(record, NEAR, keys, time)
    check_access(record, servers[0].name, keys[KEY], exchange, 5)
    assert servers[0].addresses(NAME) == [NEAR]
    with pytest.raises(Refused, match="REFUSED"):
        check_access(record, servers[0].name, None, exchange, 5)


def test_what_is_no_name_server_is_told_within_its_time(record):
    began = time.monotonic()
    with pytest.raises(Unreachable, match=r"127\.0\.53\.9"):
        exchange(f"127.0.53.9:{free_port('127.0.53.9')}", b"x", 1)
    assert time.monotonic() - began < 10


def test_a_key_that_is_not_known_here_is_named(record):
    with pytest.raises(StandbyError, match=KEY) as raised:
        ensure(record, NEAR, {}, time)
    assert "dns_keys" in raised.value.remedy


def test_a_name_that_is_an_alias_takes_no_address_and_that_is_told(servers, record, keys, bind):
    alias = replace(record, name=f"alias.{ZONE}")
    script = (
        f"server {servers[0].address} {servers[0].port}\nzone {ZONE}\nkey hmac-sha256:{KEY} {bind[1]}\n"
        f"update add alias.{ZONE} 5 CNAME ns.{ZONE}\nsend\n"
    )
    subprocess.run(["nsupdate"], input=script, text=True, check=True)

    done = ensure(alias, NEAR, keys, time, spreading=0)

    assert not done.updated
    assert not settled(alias, NEAR, done.told)
    assert "YXRRSET" in done.told[0].problem
    assert ask_all(alias)[0].values == ()
    with pytest.raises(Refused, match="YXRRSET") as raised:
        check_access(alias, servers[0].name, keys[KEY], exchange, 5)
    assert "CNAME" in raised.value.remedy


def test_an_agent_keeps_what_it_has_in_service(servers, record, keys, monkeypatch):
    monkeypatch.setattr(names, "LOOK", 0.2)
    monkeypatch.setattr(names, "FIRST", 0.2)
    monkeypatch.setattr(names, "LONGEST", 0.2)
    ip = Ip("10.1.0.50", 24, ("near", "far"), elsewhere=(("far", FAR, 24),))
    hierarchy = Hierarchy("Shop", ("near", "far"), (ip,), records=(record,))
    said: list[str] = []
    ensure(record, NEAR, keys, time)
    servers[0].stop()
    kept = Names("far", {"Shop": hierarchy}, lambda: keys, lambda: True, said.append, time)
    try:
        kept.follow("Shop", serving=True)
        until(lambda: servers[0].name in kept.notice("Shop"))
        servers[0].start()
        until(lambda: [one.addresses(NAME) for one in servers] == [[FAR], [FAR]])
        until(lambda: kept.notice("Shop") == "")
        assert said[-1] == f"dns {NAME} A says {FAR}"
        kept.follow("Shop", serving=False)
    finally:
        kept.close()


def until(holds):
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.long
def test_the_program_of_the_agents_updates_with_nothing_but_itself(servers, record, bind, tmp_path):
    program = tmp_path / "standby.pyz"
    program.write_bytes(bundle.with_dnspython(bundle.archive()))
    ensured = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); "
        "from standby_iis.control.dns_record import ensure; from standby_iis.control.dns_client import Key; "
        "from standby_iis.ha.model import Dns; "
        f"record = Dns({NAME!r}, {ZONE!r}, '10.1.0.50', tuple(sys.argv[3:]), 5, {KEY!r}); "
        f"key = Key({KEY!r}, sys.stdin.read()); "
        "done = ensure(record, sys.argv[2], {key.name: key}, time); print(done.told)"
    )
    for value in (FAR, NEAR):
        command = [sys.executable, "-I", "-S", "-c", ensured, str(program), value, *record.servers]
        subprocess.run(command, input=bind[1], text=True, check=True, capture_output=True)
        assert [one.addresses(NAME) for one in servers] == [[value], [value]]
