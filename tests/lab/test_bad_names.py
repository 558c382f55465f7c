# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites of any name are protected, moved and released; what no twin can be made of says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.unprotect import remove_site
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from tests.support.cluster_lab import ClusterLab, check_told, node, site, write_topology

pytestmark = pytest.mark.xdist_group("bad names")

NAMES = {
    "spaces": "Our   web shop",
    "double quotes": 'Say "hi" and ""',
    "single quotes": "it's 'it'",
    "ampersand": "Shop & Co && dir",
    "percent": "100% %PATH% %%",
    "caret": "a^b^^c ^& d",
    "pipes and brackets": "a|b<c>(d)!e!",
    "caret at the end": "ends with ^",
    "cyrillic": "Магазин",
    "hebrew": "חנות האינטרנט",
    "chinese": "網路商店",
    "combining": "Cafe\u0301 \u200d",
    "emoji": "🛒 shop 👩‍💻",
    "long": "n" * 200,
    "xml": '<site name="x">&amp;',
}
# IIS refuses these in the name of a new site; a configuration file written by hand can hold them.
REFUSED = {"slash": "shop/test", "backslash": "shop\\test", "question mark": "shop?"}
FIRST = 11


def octet(name: str) -> int:
    return FIRST + [*NAMES.values(), *REFUSED.values()].index(name)


@pytest.fixture(scope="module")
def cluster(make_shared_lab, tmp_path_factory) -> Iterator[ClusterLab]:
    """A server whose configuration file holds a site of every name, each on an address of its own."""
    named = [*NAMES.values(), *REFUSED.values()]
    sites = [site(name, place + 1, f"127.77.1.{octet(name)}") for place, name in enumerate(named)]
    nodes = [node(1, content=True), node(2, content=True)]
    made = ClusterLab(make_shared_lab(write_topology(tmp_path_factory.mktemp("bad"), sites, nodes)))
    with made.open() as fleet:
        made.kept = fleet
        made.volume("E:")
        yield made


def seen(cluster: ClusterLab, name: str) -> dict[str, str]:
    """The site's state on every node that has it."""
    return {one["node"]: one["state"] for one in cluster.sites(name)}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_site_of_any_name_is_protected_moved_there_and_back_and_released(cluster, name):
    cluster.ip(octet(name))
    check = Check(f"http://{cluster.address(octet(name))}:8080/", timeout=2.0)

    assert cluster.protect(name, check).changed
    assert not cluster.protect(name, check).changed
    for target in ("server1", "server2", "primary"):
        assert cluster.put(name, target).changed
    assert not cluster.put(name, "server1").changed
    assert seen(cluster, name) == {"server1": "Started", "server2": "Stopped"}
    assert cluster.status(name)["owner"] == "server1"
    with cluster.fleet() as fleet:
        assert remove_site(fleet, name, True, False).changed
        assert not remove_site(fleet, name, True, False).changed
    assert seen(cluster, name) == {"server1": "Started"}


@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED.keys())
def test_a_name_that_iis_does_not_accept_is_refused_before_anything_is_made(cluster, name):
    cluster.ip(octet(name))

    with pytest.raises(StandbyError) as refused:
        cluster.protect(name)

    told = check_told(refused.value, node="server1", resource=f'site "{name}"')
    assert "no twin can be made" in told
    assert "Rename" in told
    assert not any(one["protected"] for one in cluster.sites(name))
    assert list(seen(cluster, name)) == ["server1"]
