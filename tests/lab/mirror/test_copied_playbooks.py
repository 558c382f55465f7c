# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume that agents copy, by the playbooks that an operator types; and what is refused."""

from __future__ import annotations

import json

import pytest

from playbooks import play
from tests.support.copied_agents import READERS, plain_topology
from tests.support.mirror_lab import SITE

pytestmark = [pytest.mark.xdist_group("mirror"), pytest.mark.long]

NODES = ["server1", "server2"]
MIRROR = {"provider": "robocopy", "mode": "async", "rpo": 60, "readers": list(READERS)}


def configure(lab, *arguments: str, **options: object):
    volume = {"path": "R:\\", "kind": "mirror", "nodes": NODES, "mirror": {**MIRROR, **options}}
    structure = {
        "cluster_volumes": [volume],
        "cluster_ips": [{"address": f"{lab.address('1.195')}/16", "nodes": NODES}],
        "cluster_sites": [
            {"name": SITE, "nodes": NODES, "checks": [{"url": f"http://{lab.address('1.195')}:8080/"}]}
        ],
    }
    return play(lab.state.folder, "standby.iis.configure", "-e", json.dumps(structure), *arguments)


def shares(lab, name):
    file = lab.state.node(name) / "shares.json"
    return sorted(json.loads(file.read_text())) if file.exists() else []


@pytest.fixture(scope="module")
def lab(make_shared_lab, tmp_path_factory):
    return make_shared_lab(plain_topology(tmp_path_factory.mktemp("topology")))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"mode": "sync"}, "is behind its source"),
        ({"log": "L:\\"}, "and no log"),
        ({"readers": ["NOWHERE\\server1$"]}, "share standby-R-server"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_resource(lab, options, told):
    refused = configure(lab, **options)
    assert refused.code != 0
    assert told in refused.text


def test_it_is_configured_left_as_it_is_and_moved_by_agents_alone(lab):
    told = configure(lab, "--check")
    assert told.code == 0, told.text
    made = configure(lab)
    assert made.code == 0, made.text
    assert "no copy has been verified yet" in made.text
    assert [shares(lab, name) for name in NODES] == [["standby-R-server1$"], ["standby-R-server2$"]]
    again = configure(lab)
    assert (again.code, again.changed) == (0, 0), again.text

    tighter = configure(lab, rpo=30)
    assert (tighter.code, tighter.changed > 0) == (0, True), tighter.text
    again = configure(lab, rpo=30)
    assert (again.code, again.changed) == (0, 0), again.text

    where = ("-e", f"hierarchy={SITE}", "-e", "to=server2")
    refused = play(lab.state.folder, "standby.iis.switchover", *where)
    assert refused.code != 0
    assert "agents alone bring up to date" in refused.text
    status = play(lab.state.folder, "standby.iis.status")
    assert "in service on server1" in status.text


def test_it_is_removed_and_leaves_the_content_on_both_nodes(lab, tmp_path):
    removal = tmp_path / "remove.yml"
    tasks = [
        {"standby.iis.site": {"name": SITE, "state": "absent"}},
        {"standby.iis.mirror": {"path": "R:\\", "state": "absent"}},
    ]
    removal.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    first = play(lab.state.folder, str(removal))
    assert first.code == 0, first.text
    assert [shares(lab, name) for name in NODES] == [[], []]
    assert (lab.state.node("server1") / "drives/R/web").is_dir()
    again = play(lab.state.folder, str(removal))
    assert (again.code, again.changed) == (0, 0), again.text
