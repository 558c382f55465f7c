# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FTP sites of two lab nodes, protected and moved by the playbooks; clients are curl, lftp and ftplib."""

from __future__ import annotations

import ftplib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from playbooks import Played, play

if TYPE_CHECKING:
    from tests.lab.conftest import LabUnderTest

TOPOLOGY = Path(__file__).parent / "topologies" / "ftp.yml"
NODES = ["server1", "server2"]
FILES, BOTH, UPLOADS = "FTP & Co", "Both", "Uploads"
SHARED = "600224806B1D4F1E9A0C2D3E4F506172"


class Cluster:
    """The lab, its structure, and what an operator does with it."""

    def __init__(self, lab: LabUnderTest) -> None:
        self.lab = lab
        last = {201: "WebSite1", 202: FILES, 203: BOTH, 204: UPLOADS}
        self.structure = {
            "cluster_volumes": [{"path": "E:\\"}, {"path": "F:\\", "kind": "shared", "disk": SHARED}],
            "cluster_ips": [{"address": f"{self.address(one)}/16", "nodes": NODES} for one in last],
            "cluster_sites": [{"name": name, "nodes": NODES} for name in last.values()],
        }

    def address(self, last: int) -> str:
        return self.lab.address(f"1.{last}")

    def play(self, name: str, *arguments: str, **variables: Any) -> Played:
        given = json.dumps(self.structure | variables)
        return play(self.lab.state.folder, f"standby.iis.{name}", "-e", given, *arguments)

    def states(self, site: str) -> list[str]:
        return [self.lab.status(node)["sites"].get(site, "absent") for node in NODES]

    @contextmanager
    def ftp(self, last: int, user: str = "anonymous", password: str = "") -> Iterator[ftplib.FTP]:
        with ftplib.FTP() as client:  # noqa: S321 - FTP is what is tested
            client.connect(self.address(last), 2121, timeout=5)
            client.login(user, password)
            yield client

    def names(self, last: int, **login: str) -> list[str]:
        with self.ftp(last, **login) as client:
            return client.nlst()


@pytest.fixture(scope="module")
def cluster(make_shared_lab) -> Cluster:
    return Cluster(make_shared_lab(TOPOLOGY))


@pytest.fixture(scope="module")
def configured(cluster) -> Cluster:
    checked = cluster.play("configure", "--check", "--diff")
    assert checked.code == 0, checked.text
    played = cluster.play("configure")
    assert played.code == 0, played.text
    return cluster


def test_protecting_leaves_ftp_sites_running_and_starts_none_by_windows(configured):
    assert configured.states(FILES) == ["Started", "Stopped"]
    assert configured.states(BOTH) == ["Started, ftp Started", "Stopped, ftp Stopped"]
    assert configured.play("configure").changed == 0


def test_an_ftp_site_moves_alone_and_back(configured):
    moved = configured.play("switchover", hierarchy=FILES, to="server2")
    assert moved.code == 0, moved.text
    assert configured.states(FILES) == ["Stopped", "Started"]
    assert configured.states("WebSite1") == ["Started", "Stopped"]
    back = configured.play("switchback", hierarchy=FILES)
    assert back.code == 0, back.text
    assert configured.states(FILES) == ["Started", "Stopped"]
