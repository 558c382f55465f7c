# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that fails a pipeline where failover would break, run against a lab as an operator runs it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.drift import DriftRequest, site_drift
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_run import checked
from lab.machine.certstore import CertificateStore
from playbooks import Played, play
from tests.support.cluster_lab import ClusterLab

pytestmark = pytest.mark.long

NAME = "shop.example.net"


class Operator:
    """Plays playbooks against a cluster with one protected site."""

    def __init__(self, cluster: ClusterLab, folder: Path) -> None:
        self.cluster = cluster
        self.folder = folder

    def parity(self, **variables: Any) -> tuple[Played, dict[str, Any]]:
        """Run it; what it printed, and the result it wrote."""
        file = self.folder / "result.json"
        file.unlink(missing_ok=True)
        given = json.dumps({"result_file": str(file), **variables})
        played = play(self.cluster.lab.state.folder, "standby.iis.parity", "-e", given)
        return played, json.loads(file.read_text()) if file.exists() else {}

    def processes(self, count: int) -> None:
        """Change a setting of a pool on the backup that repair can bring back."""
        with self.cluster.open() as fleet, fleet.lease("server2") as node:
            setting = f"/processModel.maxProcesses:{count}"
            checked(node, ("set", "apppool", f"/apppool.name:{NAME}", setting), "pool", time)


@pytest.fixture(scope="module")
def operator(make_shared_lab, tmp_path_factory) -> Iterator[Operator]:
    lab = make_shared_lab()
    cluster = ClusterLab(lab)
    cluster.volume("E:\\")
    cluster.ip(193, 16)
    cluster.protect(NAME)
    cluster.put(NAME, "server1")
    yield Operator(cluster, tmp_path_factory.mktemp("results"))


def test_a_cluster_in_parity_passes_and_says_so_to_programs(operator: Operator) -> None:
    played, result = operator.parity()
    assert result, played.text
    assert (played.code, played.changed) == (0, 0), played.text
    assert (result["breaks"], result["counts"]["breaks failover"]) == (False, 0)
    assert [(one["site"], one["there"], one["differences"]) for one in result["drift"]] == [
        (NAME, "server2", [])
    ]


def test_a_twin_that_would_break_fails_the_pipeline_and_is_brought_back_by_repair(operator: Operator) -> None:
    operator.processes(4)
    played, result = operator.parity()
    assert played.code != 0
    path = f"pools[{NAME}]/processModel/maxProcesses"
    assert f"breaks failover: {path}: here 1, there 4" in played.text
    assert [one["path"] for one in result["drift"][0]["differences"]] == [path]
    assert result["breaks"]
    repaired = play(operator.cluster.lab.state.folder, *_repair(operator))
    assert repaired.code == 0, repaired.text
    again = play(operator.cluster.lab.state.folder, *_repair(operator))
    assert (repaired.changed, again.changed) == (1, 0)
    assert operator.parity()[0].code == 0


def _repair(operator: Operator) -> tuple[str, ...]:
    playbook = operator.folder / "repair.yml"
    task = {"standby.iis.site": {"name": NAME, "nodes": ["server1", "server2"], "repair": True}}
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    return (str(playbook),)


def test_what_differs_on_purpose_passes(operator: Operator) -> None:
    operator.processes(3)
    try:
        played, result = operator.parity(parity_ignore=["pools*/processModel/maxProcesses"])
    finally:
        operator.processes(1)
    assert played.code == 0, played.text
    assert result["counts"] == {"breaks failover": 0, "differs on purpose": 1, "cosmetic": 0}


def test_a_certificate_that_the_backup_lacks_is_told_everywhere(
    operator: Operator,
) -> None:
    lab = operator.cluster.lab
    store = CertificateStore(lab.state.certificates("server2"))
    thumbprint = store.add(lab.state.sites.certificate)
    store.remove(thumbprint)
    try:
        parity, result = operator.parity(parity_content=False)
        check = ("--check", "-e", json.dumps(_structure(operator)))
        configured = play(lab.state.folder, "standby.iis.configure", *check)
        move = ("--check", "-e", f"hierarchy={NAME}", "-e", "to=server2")
        moved = play(lab.state.folder, "standby.iis.switchover", *move)
    finally:
        store.add(lab.state.sites.certificate)
    assert parity.code != 0
    assert any(one["path"].endswith("/certificate") for one in result["drift"][0]["differences"])
    assert (configured.code, moved.code) == (0, 0), configured.text + moved.text
    for played in (parity, configured):
        assert "/certificate: " in " ".join(played.text.split())
    assert "is not in the store MY" in " ".join(moved.text.split())
    assert "[WARNING]" in configured.text


def _structure(operator: Operator) -> dict[str, Any]:
    return {
        "cluster_ips": [{"address": f"{operator.cluster.address(193)}/16"}],
        "cluster_volumes": [{"path": "E:\\"}],
        "cluster_sites": [{"name": NAME}],
    }


def test_a_site_that_is_not_protected_is_answered_with_those_that_are(operator: Operator) -> None:
    played, _result = operator.parity(site="Shoes")
    assert played.code != 0
    assert f'protected are "{NAME}"' in played.text


def test_a_node_that_does_not_answer_fails_the_pipeline(operator: Operator) -> None:
    operator.cluster.lab.power_off("server2")
    try:
        played, result = operator.parity(parity_content=False)
    finally:
        operator.cluster.lab.power_on("server2")
    assert (played.code != 0, result) == (True, {})
    assert "server2" in played.text


def test_all_sites_are_compared_in_one_reading_of_each_node(operator: Operator) -> None:
    with operator.cluster.open() as fleet:
        assert [one["there"] for one in site_drift(fleet, DriftRequest()).data["drift"]] == ["server2"]
