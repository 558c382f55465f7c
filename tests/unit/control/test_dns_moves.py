# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves with records, on nodes and name servers that are made up: what is updated when, and what is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import dns, hierarchy, records
from ansible_collections.standby.iis.plugins.module_utils.control.agents import Agent
from ansible_collections.standby.iis.plugins.module_utils.control.dns_client import Key, check_key
from ansible_collections.standby.iis.plugins.module_utils.control.dns_record import Done
from ansible_collections.standby.iis.plugins.module_utils.control.info import hierarchies_of
from ansible_collections.standby.iis.plugins.module_utils.control.ip import remove_ip
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError, Unreachable
from ansible_collections.standby.iis.plugins.module_utils.ha.dns import Told
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Dns
from tests.support.control_world import ControlWorld
from tests.support.ha_world import CLUSTER, Ticks

RECORD = Dns("www.example.com", "example.com", "10.0.0.50", ("192.0.2.53", "192.0.2.54"), 30, "standby")
KEYS = {"standby": Key("standby", "c2VjcmV0")}


class Names:
    """Name servers by what they say."""

    def __init__(self, monkeypatch) -> None:
        self.says: dict[str, tuple[str, ...]] = dict.fromkeys(RECORD.servers, ())
        self.down: set[str] = set()
        self.refuses = False
        self.forgets: set[str] = set()  # those that say they have updated, and have not
        self.updates: list[str | None] = []
        monkeypatch.setattr(records, "ask_all", self._told)
        monkeypatch.setattr(records, "ensure", self._ensure)
        monkeypatch.setattr(dns, "ensure", self._ensure)
        monkeypatch.setattr(dns.dns_client, "check_access", self._access)

    def _told(self, record, **_more):
        return tuple(
            Told(one, problem="silent") if one in self.down else Told(one, self.says[one], record.ttl)
            for one in record.servers
        )

    def _ensure(self, record, value, _keys, _clock):
        self.updates.append(value)
        up = [] if self.refuses else [one for one in record.servers if one not in self.down]
        for server in set(up) - self.forgets:
            self.says[server] = (value,) if value is not None else ()
        return Done(bool(up), self._told(record))

    def _access(self, record, server, *_rest):
        if self.refuses or server in self.down:
            raise Unreachable(f"the name server {server} cannot be reached")


@pytest.fixture
def world(monkeypatch):
    made = ControlWorld(monkeypatch)
    made.store(replace(CLUSTER, records=(RECORD,)))
    made.up("server1")
    made.names = Names(monkeypatch)
    made.names.says = dict.fromkeys(RECORD.servers, ("10.0.0.50",))
    return made


def put(world, to="server2", check=False):
    with world.fleet() as fleet:
        return hierarchy.put_in_service(fleet, "Shop", to, check, keys=KEYS, clock=Ticks())


def declare(world, check=False, **changes):
    with world.fleet() as fleet:
        request = dns.DnsRequest(replace(RECORD, **changes))
        return dns.ensure_dns(fleet, request, KEYS, check, clock=Ticks())


def test_a_record_that_says_the_address_already_is_left_alone(world):
    outcome = put(world)
    assert outcome.changed
    assert not any("dns" in step for step in outcome.data["plan"])
    assert world.names.updates == []


def test_the_record_is_the_last_step_and_comes_after_all_is_up(world):
    world.names.says["192.0.2.54"] = ("192.0.2.1",)
    checked = put(world, check=True)
    assert checked.data["plan"][-1] == "have dns www.example.com A say 10.0.0.50 on 192.0.2.53, 192.0.2.54"
    assert world.names.updates == []
    done = put(world)
    assert done.data["steps"][-1]["action"] == "update_record"
    assert world.names.updates == ["10.0.0.50"]
    assert not put(world).changed


def test_a_record_alone_may_be_what_is_to_be_done(world):
    put(world)
    world.names.says["192.0.2.53"] = ("192.0.2.1",)
    outcome = put(world)
    assert outcome.changed
    assert [step["action"] for step in outcome.data["steps"]] == ["update_record"]


def test_a_silent_server_is_told_and_moves_go_on(world):
    world.names.down = {"192.0.2.54"}
    outcome = put(world)
    assert any("192.0.2.54: no answer (silent)" in note for note in outcome.data["notes"])
    again = put(world)
    assert not again.changed
    assert any("192.0.2.54: no answer (silent)" in note for note in again.data["notes"])


def test_where_no_server_takes_it_the_move_stays_and_the_run_fails(world):
    world.names.says = dict.fromkeys(RECORD.servers, ("192.0.2.1",))
    world.names.refuses = True
    with pytest.raises(StandbyError, match="where clients do not find it by its name") as raised:
        put(world)
    assert "run the same again" in raised.value.remedy
    assert world.servers["server2"].sites == {"Shop", "Wiki"}
    assert world.stored().intents[0].owner == "server2"
    world.names.refuses = False
    assert put(world).changed


def test_where_every_server_is_silent_the_move_stays_and_the_same_run_again_goes_on(world):
    world.names.says = dict.fromkeys(RECORD.servers, ("192.0.2.1",))
    world.names.down = set(RECORD.servers)
    with pytest.raises(StandbyError, match=r"where clients do not find it .*no answer"):
        put(world)
    assert world.servers["server2"].sites == {"Shop", "Wiki"}
    with pytest.raises(StandbyError, match="no answer"):
        put(world)
    world.names.down = {"192.0.2.54"}
    assert [step["action"] for step in put(world).data["steps"]] == ["update_record"]
    assert world.names.says["192.0.2.53"] == ("10.0.0.50",)


def test_what_servers_answer_afterwards_counts_and_not_that_they_took_it(world):
    world.names.says = dict.fromkeys(RECORD.servers, ("192.0.2.1",))
    world.names.forgets = set(RECORD.servers)
    with pytest.raises(StandbyError, match=r"is not updated to 10\.0\.0\.50.*192\.0\.2\.1"):
        put(world)
    world.names.forgets = {"192.0.2.54"}
    assert any("192.0.2.54: 192.0.2.1" in note for note in put(world).data["notes"])


def test_a_declared_record_of_silent_servers_is_not_said_to_be_right(world):
    world.names.down = set(RECORD.servers)
    assert declare(world, check=True).message == "dns www.example.com A is as defined and is to say 10.0.0.50"
    with pytest.raises(StandbyError, match="no answer"):
        declare(world)


def test_the_status_shows_what_every_server_says(world):
    world.names.says["192.0.2.54"] = ("192.0.2.1",)
    with world.fleet() as fleet:
        (found,) = hierarchies_of(fleet)
    (record,) = found["records"]
    assert (record["wanted"], record["settled"]) == ("10.0.0.50", False)
    assert [one["values"] for one in record["servers"]] == [["10.0.0.50"], ["192.0.2.1"]]


def test_a_declared_record_is_as_it_should_be_and_a_second_run_changes_nothing(world):
    assert not declare(world).changed
    changed = declare(world, check=True, ttl=60)
    assert changed.changed
    assert world.stored().records == (RECORD,)
    done = declare(world, ttl=60)
    assert (done.changed, done.after["ttl"], done.before["ttl"]) == (True, 60, 30)
    assert world.stored("server2").records == (replace(RECORD, ttl=60),)


def test_a_new_record_is_tried_on_its_servers_before_it_is_declared(world):
    world.names.refuses = True
    with pytest.raises(StandbyError, match="none of its servers takes updates"):
        declare(world, name="new.example.com")
    assert len(world.stored().records) == 1
    world.names.refuses = False
    world.names.says = dict.fromkeys(RECORD.servers, ())
    assert (
        declare(world, name="new.example.com").message
        == "dns new.example.com A is defined and says 10.0.0.50"
    )


def test_an_address_that_a_record_names_is_not_removed(world):
    world.store(replace(CLUSTER, sites=(), records=(RECORD,)))
    with world.fleet() as fleet, pytest.raises(StandbyError, match=r"dns www\.example\.com A names it"):
        remove_ip(fleet, "10.0.0.50", False)


@pytest.mark.parametrize("delete", [False, True])
def test_a_record_is_removed_and_its_servers_keep_what_they_say_or_not(world, delete):
    def remove(check):
        with world.fleet() as fleet:
            return dns.remove_dns(fleet, "www.example.com.", None, KEYS, check, delete=delete, clock=Ticks())

    assert remove(True).changed
    assert world.stored().records == (RECORD,)
    assert remove(False).changed
    assert world.stored().records == ()
    assert world.names.says["192.0.2.53"] == (() if delete else ("10.0.0.50",))
    assert not remove(False).changed


def test_a_record_that_is_deleted_while_servers_are_silent_is_told_of(world):
    def remove():
        with world.fleet() as fleet:
            return dns.remove_dns(fleet, "www.example.com", None, KEYS, False, delete=True, clock=Ticks())

    world.names.down = set(RECORD.servers)
    with pytest.raises(StandbyError, match=r"no server deletes it: .*: no answer"):
        remove()
    assert world.stored().records == (RECORD,)
    world.names.down = set()
    world.names.forgets = set(RECORD.servers)
    with pytest.raises(StandbyError, match=r"no server deletes it: .*: 10\.0\.0\.50"):
        remove()
    world.names.forgets = set()
    world.names.down = {"192.0.2.54"}
    assert any("may still be there: the server 192.0.2.54" in one for one in remove().data["notes"])
    assert world.stored().records == ()


def test_agents_that_run_are_to_take_up_a_change_and_let_nothing_be_deleted(world):
    world.agents = {"server2": Agent("server2", True, "python", "home")}
    (note,) = declare(world, ttl=60).data["notes"]
    assert "the agents of server2 go by the definition that they began with: run the role monitor" in note
    assert declare(world, ttl=60).data["notes"] == []

    def remove(delete):
        with world.fleet() as fleet:
            return dns.remove_dns(fleet, "www.example.com", None, KEYS, False, delete=delete, clock=Ticks())

    with pytest.raises(StandbyError, match="would be written again by agents") as raised:
        remove(True)
    assert "without delete_record" in raised.value.remedy
    assert len(world.stored().records) == 1
    assert world.names.says["192.0.2.53"] == ("10.0.0.50",)
    assert "run the role monitor" in remove(False).data["notes"][0]


@pytest.mark.parametrize(
    ("change", "told"),
    [({"secret": "no base64!"}, "base64"), ({"secret": ""}, "base64"), ({"algorithm": "md4"}, "md4")],
)
def test_keys_that_cannot_sign_are_refused_without_their_secret(change, told):
    key = replace(KEYS["standby"], **change)
    with pytest.raises(StandbyError, match=told) as raised:
        check_key(key, "dns")
    assert not key.secret or key.secret not in str(raised.value)
    assert not key.secret or key.secret not in repr(key)


def test_a_record_that_no_server_takes_is_not_declared(world, monkeypatch):
    monkeypatch.setattr(dns.dns_client, "check_access", lambda *_given: None)
    world.names.says = dict.fromkeys(RECORD.servers, ())
    world.names.refuses = True
    with pytest.raises(StandbyError, match=r"dns new\.example\.com A: is not updated"):
        declare(world, name="new.example.com")
    assert world.stored().records == (RECORD,)
