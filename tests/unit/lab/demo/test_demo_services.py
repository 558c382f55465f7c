# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demonstration asks for is what the lab's inventory protects, and what its topology has."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import yaml

from lab.demo.services import NETWORK, SERVICES, at_home
from lab.iis.document import parse
from lab.iis.model import read
from lab.topology import DEFAULT_TOPOLOGY, load, move

INVENTORY = Path(__file__).parents[4] / "inventories" / "lab" / "group_vars" / "all" / "cluster.yml"


def test_every_service_is_in_the_inventory_with_its_home_first():
    cluster = yaml.safe_load(INVENTORY.read_text().replace("{{ lab_network }}", NETWORK))
    ips = {one["address"].partition("/")[0]: one["nodes"] for one in cluster["cluster_ips"]}
    sites = {one["name"]: one["nodes"] for one in cluster["cluster_sites"]}
    assert sites == {one.name: [one.home, one.away] for one in SERVICES}
    assert ips == {urlsplit(one.url).hostname: [one.home, one.away] for one in SERVICES}
    assert at_home("server1") == ("WebSite1", "FTPsite")
    assert at_home("server2") == ("WebSite2", "SMTPvs")


def test_every_service_is_bound_where_it_is_asked_for():
    topology = load(DEFAULT_TOPOLOGY, NETWORK)
    first = topology.nodes[0]
    text = move((topology.base / str(first.config)).read_text(), NETWORK)
    bound = {
        site.name: binding.information.split(":")[:2]
        for site in read(parse(text.encode())).sites
        for binding in site.bindings
    }
    bound |= {one.comment: one.bindings[0].split(":")[:2] for one in first.smtp}
    asked = {one.name: urlsplit(one.url) for one in SERVICES}
    assert bound == {name: [url.hostname, str(url.port)] for name, url in asked.items()}
