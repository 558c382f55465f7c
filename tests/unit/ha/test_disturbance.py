# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which changes of a definition leave what agents look after as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.disturbance import disturbed, looked_after
from ansible_collections.standby.iis.plugins.module_utils.ha.model import (
    Check,
    Cluster,
    Ip,
    Site,
    Volume,
    VolumeKind,
)

NODES, OTHERS = ("server1", "standby"), ("server2", "standby")
DATA = Volume("E:\\", VolumeKind.LOCAL, ("server1", "server2", "standby"))
IP1, IP2, IP3 = Ip("10.0.0.51", 24, NODES), Ip("10.0.0.52", 24, NODES), Ip("10.0.0.53", 24, OTHERS)
SHOP = Site("Shop", NODES, ("10.0.0.51", "10.0.0.52"), ("E:\\",))
WIKI = Site("Wiki", OTHERS, ("10.0.0.53",), ("E:\\",))
BEFORE = Cluster("web", ("server1", "standby"), (IP1, IP2), (DATA,), (SHOP,))
NEXT = replace(BEFORE, nodes=("server1", "standby", "server2"), ips=(IP1, IP2, IP3))
BLOG = Site("Blog", NODES, ("10.0.0.52",), ("E:\\",))


def test_agents_look_after_what_has_a_site():
    assert [one.name for one in looked_after(NEXT)] == ["Shop"]
    assert [one.name for one in looked_after(replace(NEXT, sites=(SHOP, WIKI)))] == ["Shop", "Wiki"]


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        NEXT,
        replace(NEXT, sites=(SHOP, WIKI)),
        replace(BEFORE, sites=(SHOP, replace(BLOG, name="Zine"))),
        replace(BEFORE, sites=(replace(SHOP, checks=(Check("http://10.0.0.51/"),), pools=("Shop",)),)),
        replace(BEFORE, ips=(replace(IP1, prefix=16), IP2)),
        replace(BEFORE, volumes=(replace(DATA, nodes=(*DATA.nodes, "server4")),)),
    ],
)
def test_what_is_new_or_no_matter_of_ownership_disturbs_nothing(after):
    assert disturbed(BEFORE, after) == {}


@pytest.mark.parametrize(
    ("after", "clause"),
    [
        (replace(BEFORE, sites=()), "it would be gone, or have another name"),
        (replace(BEFORE, sites=(SHOP, BLOG)), "it would be gone, or have another name"),
        (
            replace(BEFORE, sites=(replace(SHOP, ips=("10.0.0.51",)),), ips=(IP1, IP2)),
            "it would lose ip 10.0.0.52",
        ),
        (
            replace(
                BEFORE,
                sites=(replace(SHOP, nodes=NODES[::-1]),),
                ips=tuple(replace(ip, nodes=NODES[::-1]) for ip in (IP1, IP2)),
            ),
            "its nodes would be standby, server1 instead of server1, standby",
        ),
    ],
)
def test_what_would_not_stay_as_it_is_is_told(after, clause):
    assert disturbed(BEFORE, after) == {"Shop": clause}


def test_what_only_is_being_declared_may_change():
    declared = replace(BEFORE, sites=())
    assert disturbed(declared, replace(declared, ips=(IP1,))) == {}
    assert disturbed(declared, BEFORE) == {}
