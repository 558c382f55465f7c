# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role ``witness`` without root: what it configures is run by a real etcd, and agents' store uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import StoreOutage
from tests.support.server_process import need
from tests.support.witness_members import Members

pytestmark = pytest.mark.long


@pytest.fixture
def make_members(lab_networks, tmp_path) -> Iterator[Callable[[int], Members]]:
    """Members on a network of their own."""
    need(Members.missing())
    network, made = lab_networks.take(), []

    def make(size: int) -> Members:
        addresses = {f"m{number}": f"{network}.0.2{number}" for number in range(1, size + 1)}
        made.append(Members(tmp_path, addresses))
        return made[0]

    yield make
    for one in made:
        one.end()
    lab_networks.give_back(network)


def test_what_the_role_configures_serves_the_store_of_agents(make_members):
    members = make_members(1)
    made = members.play("member")
    assert made.code == 0, made.text
    members.start()
    given = members.play("access")
    assert given.code == 0, given.text
    assert "S3cret" not in made.text + given.text

    store = members.open()
    version = store.put("nodes/server1", 0, "here")
    assert store.get("nodes/server1").value == "here"
    assert store.put("nodes/server1", version, "there") > version
    with pytest.raises(StoreOutage, match="permission denied"):
        members.open("another").get("nodes/server1")


@pytest.mark.faults
def test_three_members_are_made_kept_and_given_another_password(make_members):
    members = make_members(3)
    rehearsed = members.play("main", "--check")
    assert rehearsed.code == 0, rehearsed.text
    assert not (members.folder / "m1.env").exists()
    assert members.play("member").code == 0
    members.start()
    given = members.play("access")
    assert given.code == 0, given.text
    assert members.open().put("nodes/server1", 0, "here")

    again = members.play("main")
    assert (again.code, again.changed) == (0, 0), again.text
    members.describe(witness_password="S3cret-that-is-new")
    assert members.play("access").changed == 1
    assert members.open(password="S3cret-that-is-new").get("nodes/server1").value == "here"
    with pytest.raises(StoreOutage, match="refuses user or password"):
        members.open().get("nodes/server1")


@pytest.mark.faults
def test_bad_input_is_refused_by_name(make_members):
    members = make_members(1)
    assert members.play("member").code == 0
    members.start()
    assert members.play("access").code == 0
    members.describe(witness_root_password="S3cret-that-is-wrong")
    refused = members.play("access")
    assert refused.code != 0
    assert "refuses witness_root_password for root" in refused.text
    members.describe(witness_members={"m1": "127.0.0.1", "m2": "127.0.0.2"})
    assert "one, three or five" in members.play("member").text
