# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two real etcd clusters among the endpoints of one witness."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd_identity import Identity, Known
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import StoreOutage
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_etcd
from tests.support.etcd_access import PASSWORD, USER
from tests.support.etcd_members import EtcdMembers

pytestmark = pytest.mark.xdist_group("stores of etcd")


@pytest.fixture(scope="module")
def other(etcd, tmp_path_factory):
    """A cluster of one member, as trusted and with the same user as the first one."""
    member = EtcdMembers(tmp_path_factory.mktemp("other"), size=1, certificates=etcd.certificates)
    member.start()
    member.protect()
    yield member
    member.kill()


def test_a_member_of_another_cluster_beside_known_ones_is_noticed_and_alone_is_no_witness(etcd, other):
    def store(identity, *endpoints):
        return open_etcd(
            endpoints,
            "test",
            credentials=(USER, PASSWORD),
            ca_file=etcd.access.ca_file,
            identity=identity,
            seconds=20.0,
        )

    own, (foreign,) = etcd.access.endpoints, other.access.endpoints
    kept: list[Known] = []
    store(Identity(keep=kept.append), *own).list("")
    (known,) = kept
    assert known.endpoints == frozenset(own)
    for endpoints in ((*own, foreign), (foreign, own[0]), (foreign,)):
        with pytest.raises(StoreOutage, match=f"{foreign} belongs to another etcd cluster") as outage:
            store(Identity(known), *endpoints).list("")
        assert outage.value.permanent
    with pytest.raises(StoreOutage, match="belongs to another etcd cluster"):
        store(Identity(), own[0], foreign).list("")  # an agent that knows neither
