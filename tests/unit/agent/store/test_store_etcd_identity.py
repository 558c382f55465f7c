# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of another etcd cluster among the endpoints are never taken for the witness."""

from __future__ import annotations

import json

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import opening
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import EtcdSettings, Settings
from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd import Etcd, prefix_of
from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd_identity import Identity, Known
from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd_requests import Reply
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import Store, StoreOutage
from tests.support.etcd_model import EtcdModel

ONE, TWO, OTHER = "https://10.0.0.1:2379", "https://10.0.0.2:2379", "https://10.0.9.9:2379"
KEY = "hierarchies/Shop"
SAID = f"{OTHER} belongs to another etcd cluster than the one that is known \\(to 9, and not to 1\\)"


class World:
    """An etcd with two members, one of another cluster, and what each of them was asked."""

    def __init__(self):
        self.own, self.foreign = EtcdModel(), EtcdModel()
        self.down: set[str] = set()
        self.asked: list[str] = []

    def __call__(self, request):
        self.asked.append(request.endpoint)
        if request.endpoint in self.down:
            raise ConnectionError("gone")
        if request.endpoint != OTHER:
            return self.own(request)
        document = json.loads(self.foreign(request).body)
        document["header"]["cluster_id"] = "9"
        return Reply(200, json.dumps(document).encode())

    def store(self, identity, *endpoints):
        etcd = Etcd(endpoints, prefix_of("web"), "aa", lambda: 0.0, identity=identity, seconds=3.0)
        return Store(etcd, self)


@pytest.fixture
def world():
    return World()


@pytest.mark.parametrize("endpoints", [(ONE, TWO, OTHER), (OTHER, ONE, TWO)])
def test_one_that_is_known_to_be_another_is_noticed_though_nobody_needs_it(world, endpoints):
    identity = Identity(Known("1", frozenset((ONE, TWO))))
    with pytest.raises(StoreOutage, match=SAID) as outage:
        world.store(identity, *endpoints).get(KEY)
    assert outage.value.permanent
    assert "install the agents anew" in outage.value.remedy


def test_where_none_is_known_yet_two_clusters_are_none(world):
    kept = []
    store = world.store(Identity(keep=kept.append), OTHER, ONE, TWO)
    for _again in range(2):
        with pytest.raises(StoreOutage, match=f"{ONE} belongs to another etcd cluster"):
            store.get(KEY)
    assert kept == []


def test_a_put_that_found_it_out_is_not_said_to_be_undone(world):
    with pytest.raises(StoreOutage) as outage:
        world.store(Identity(), ONE, OTHER).put(KEY, 0, "value")
    assert outage.value.uncertain


def test_a_cluster_is_kept_and_its_endpoints_are_asked_for_it_once(world):
    kept = []
    identity = Identity(keep=kept.append)
    store = world.store(identity, ONE, TWO)
    store.put(KEY, 0, "value")
    assert world.asked == [ONE, TWO]
    store.get(KEY)
    world.store(identity, ONE, TWO).get(KEY)  # another store of the process
    assert world.asked == [ONE, TWO, ONE, ONE]
    assert kept == [Known("1", frozenset((ONE, TWO)))]
    world.store(Identity(kept[0]), ONE, TWO).get(KEY)  # another process
    assert world.asked[4:] == [ONE]


def test_an_agent_that_reaches_the_other_one_alone_does_not_take_it_for_the_witness(world):
    world.down = {ONE, TWO}
    with pytest.raises(StoreOutage, match=SAID):
        world.store(Identity(Known("1", frozenset((ONE, TWO, OTHER)))), OTHER, ONE, TWO).list("")


def test_one_that_cannot_be_asked_is_no_obstacle_and_is_asked_by_the_next_process(world):
    kept = []
    identity = Identity(keep=kept.append)
    world.down = {TWO}
    store = world.store(identity, ONE, TWO)
    store.get(KEY)
    store.get(KEY)
    assert world.asked == [ONE, TWO, ONE]
    assert kept == [Known("1", frozenset((ONE,)))]
    assert Identity(kept[0]).unasked((ONE, TWO)) == [TWO]


def test_two_stores_that_began_with_different_clusters_do_not_both_count():
    identity = Identity()
    identity.learn("1", (ONE,), (ONE,))
    identity.learn("9", (OTHER,), (OTHER,))
    assert identity.cluster == "1"
    assert OTHER not in Identity(Known("1", frozenset((ONE,)))).unasked((ONE,))


def test_what_is_known_outlives_the_process_in_the_home(tmp_path):
    home = Home(str(tmp_path))
    first = opening._identity(home)
    assert first.cluster == ""
    first.learn("17", (ONE, TWO), (ONE, TWO))
    again = opening._identity(home)
    assert (again.cluster, again.unasked((ONE, TWO, OTHER))) == ("17", [OTHER])
    home.etcd_file.write_text("torn")
    assert opening._identity(home).cluster == ""


def test_all_stores_of_an_agent_share_it(tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(opening, "open_etcd", lambda *_args, **named: given.append(named["identity"]))
    told = Settings("a", "web", None, etcd=EtcdSettings((ONE,)), addresses={"a": ("10.0.0.1",)})
    opened = opening.open_witness(Home(str(tmp_path)), told)
    opened()
    opened()
    assert given[0] is given[1]
