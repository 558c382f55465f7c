# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real agents and an https site: its certificate expires, is renewed on one node alone, loses its key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.standby.iis.plugins.module_utils.ha.check_times import CheckSettings
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from lab.certificates import Authority, Pair
from tests.support.agent_lab import PYTHON, AgentLab
from tests.support.cluster_lab import node, write_topology
from tests.support.https_lab import SHOP, https_site, store_of, thumbprint

pytestmark = [pytest.mark.alone, pytest.mark.faults]
SITE = https_site("Shop", 1, "127.77.1.50", 8443, SHOP, 1, plain=8080)
KEY = ("hostnameport", f"{SHOP}:8443")


class HttpsAgents(AgentLab):
    """Two nodes with agents, and one https site that clients reach by http as well."""

    site = "Shop"
    last = 50

    @property
    def deep_check(self) -> Check:
        return Check(f"https://{self.cluster.address(self.last)}:8443/", timeout=1.0, host=SHOP)

    def notes(self, name: str) -> list[str]:
        """What the agent of a node shows of certificates."""
        return list(self._shown(name).get("certificates", {}).get("notes", ()))

    def issued(self, name: str, days: int = 300) -> Pair:
        """A certificate for the site by the authority of the lab."""
        made = Pair.at(self.lab.state.folder, name)
        Authority(self.lab.state.folder).issue_server(made, name, [SHOP], days=days)
        return made

    def bind(self, name: str, pair: Pair, **options: Any) -> None:
        """What an administrator does on one node."""
        store = store_of(self.cluster, name)
        store.bind(store.add(pair.certificate, **options), KEY)


def described(folder: Path) -> Path:
    """Two nodes that run real programs, a shared witness, and the site on both."""
    more = {"content": True, "programs": {PYTHON: "python"}, "config": "sites.config"}
    path = write_topology(folder, [SITE], [node(1, **more), node(2, **more)])
    document = yaml.safe_load(path.read_text())
    document["witnesses"] = [{"name": "files", "address": "127.77.0.20", "share": "witness$"}]
    path.write_text(json.dumps(document))
    return path


@pytest.fixture(scope="module")
def https_agents(make_shared_lab, tmp_path_factory) -> HttpsAgents:
    lab = make_shared_lab(described(tmp_path_factory.mktemp("topology")))
    made = HttpsAgents(lab, settings={"checks": CheckSettings(certificate_interval=2.0)})
    made.declare()
    made.install()
    return made


@pytest.fixture
def of(https_agents) -> HttpsAgents:
    """The cluster, with the site in service on server1 and the same certificate on both nodes."""
    pair = https_agents.issued("first")
    for name in https_agents.cluster.nodes:
        https_agents.bind(name, pair)
    https_agents.settle()
    https_agents.until(lambda: not any(https_agents.notes(name) for name in https_agents.cluster.nodes))
    return https_agents


def test_a_site_whose_certificate_has_expired_on_its_node_alone_goes_to_the_other_one(of):
    with of.watching():
        of.lab.fault("server1", "certificate")
        of.until(of.serves("server2"))
        assert "certificate" in of.record.reason
        of.lab.clear("server1", "certificate")
        of.until(lambda: of.reason("server1") == "elsewhere")


def test_a_certificate_that_has_expired_on_both_nodes_keeps_it_down_and_says_why(of):
    for name in of.cluster.nodes:
        of.lab.fault(name, "certificate")
    of.until(lambda: "failed" in {of.reason(name) for name in of.cluster.nodes}, 2 * of.bound)
    told = {of.here(name)["sentence"] for name in of.cluster.nodes}
    assert any("no other node can take it" in one and "certificate" in one for one in told), told


def test_a_renewal_on_the_primary_alone_is_told_by_the_backup_until_it_is_brought_there(of):
    renewed, told = of.issued("renewed"), of.said("server2", "To be mended")
    of.bind("server1", renewed)
    of.until(lambda: any(thumbprint(renewed) in one and "on server1" in one for one in of.notes("server2")))
    assert of.said("server2", "To be mended") == told + 1
    assert of.notes("server1") == []
    assert of.serves("server1")()
    of.bind("server2", renewed)
    of.until(lambda: of.notes("server2") == [])
    assert of.said("server2", "are in order")


LOST = {
    "about to expire": ({"days": 9}, {}, "expires on"),
    "without its key": ({}, {"key": False}, "has no private key"),
}


@pytest.mark.parametrize("name", LOST)
def test_what_is_wrong_with_the_certificate_of_a_backup_is_told(of, name):
    made, kept, told = LOST[name]
    of.bind("server2", of.issued(f"other {name}", **made), **kept)
    of.until(lambda: any(told in one and "on server2" in one for one in of.notes("server2")))
    assert of.serves("server1")()
