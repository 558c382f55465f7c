# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that cannot be reached, or not as asked: told apart by cause, in bounded time, with nothing moved."""

from __future__ import annotations

import shutil
import time

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import (
    AccessDenied,
    StandbyError,
)
from lab.certificates import Authority, Pair
from tests.support.cluster_lab import ClusterLab, check_told, node, site, write_topology

pytestmark = pytest.mark.xdist_group("bad connection")

SITE = "shop.example.net"
BOUND = 20.0


@pytest.fixture(scope="module")
def shared(make_shared_lab, tmp_path_factory) -> ClusterLab:
    nodes = [node(1, content=True), node(2, content=True)]
    sites = [site(SITE, 1, "127.77.1.193")]
    made = ClusterLab(make_shared_lab(write_topology(tmp_path_factory.mktemp("bad"), sites, nodes)))
    made.ip(193)
    made.volume("E:")
    made.protect(SITE)
    made.put(SITE, "server1")
    return made


@pytest.fixture
def cluster(shared):
    """Once the cause is gone, the same command finds everything as it was."""
    yield shared
    seen = shared.status(SITE)
    assert (seen["owner"], seen["state"], seen["notes"]) == ("server1", "in_service", [])
    assert not shared.protect(SITE).changed


def refused(call, *arguments, kind: type[StandbyError] = StandbyError) -> str:
    started = time.monotonic()
    with pytest.raises(StandbyError) as raised:
        call(*arguments)
    assert time.monotonic() - started < BOUND
    assert isinstance(raised.value, kind)
    return check_told(raised.value, node="server2")


def check_every_operation(broken: ClusterLab, *words: str) -> None:
    """Declaring, protecting, reading and moving all say the same of the node; status shows it as a note."""
    for told in (
        refused(broken.ip, 200),
        refused(broken.volume, "E:"),
        refused(broken.protect, SITE),
        refused(broken.sites),
        refused(broken.put, SITE, "server2"),
    ):
        assert all(word in told for word in words), told
        assert broken.lab.password not in told
    notes = broken.status(SITE)["notes"]
    assert any("server2" in note and words[0] in note for note in notes)


def test_a_wrong_password(cluster):
    broken = cluster.with_options("server2", password="wrong-Secret-1")

    check_every_operation(broken, "refused the credentials", "Check username and password")
    with pytest.raises(AccessDenied) as denied, broken.fleet() as fleet, fleet.lease("server2") as windows:
        windows.shell.run(["hostname.exe"])
    assert "wrong-Secret-1" not in str(denied.value)


def test_a_certificate_of_a_foreign_authority(cluster, tmp_path):
    Authority(tmp_path, "Foreign CA")
    broken = cluster.with_options("server2", ca_cert=str(tmp_path / "ca.pem"))

    check_every_operation(broken, "signed by no authority trusted here", "ca_cert")


def test_a_certificate_that_has_expired(cluster):
    state = cluster.lab.state
    pair = state.server("server2")
    kept = Pair.at(pair.certificate.parent, "kept")
    shutil.copy(pair.certificate, kept.certificate)
    shutil.copy(pair.key, kept.key)
    Authority(state.folder).issue_server(pair, "SERVER2", [cluster.lab.address("0.12")], days=-1)
    cluster.lab.reboot("server2")
    try:
        check_every_operation(cluster, "its certificate has expired", "Renew the certificate")
    finally:
        shutil.copy(kept.certificate, pair.certificate)
        shutil.copy(kept.key, pair.key)
        cluster.lab.reboot("server2")


def test_a_certificate_for_another_name(cluster):
    broken = cluster.with_options("server2", host="localhost")

    told = refused(broken.protect, SITE)

    assert "localhost" in told


def test_a_port_where_nothing_listens(cluster):
    cluster.lab.fault("server2", "refuse")
    try:
        check_every_operation(cluster, "the connection was refused", "WinRM listens there")
    finally:
        cluster.lab.clear("server2", "refuse")


def test_a_scheme_that_is_not_the_ports(cluster):
    told = refused(cluster.with_options("server2", port=5985).protect, SITE)

    assert "port and scheme" in told


def test_a_node_without_power(cluster):
    cluster.lab.power_off("server2")
    try:
        check_every_operation(cluster, "server2", "Check")
    finally:
        cluster.lab.power_on("server2")


def test_a_node_that_hangs(cluster):
    impatient = ClusterLab(cluster.lab, options={"operation_timeout": 1, "read_timeout": 2})
    cluster.lab.hang("server2")
    try:
        told = refused(impatient.put, SITE, "server2")
        assert refused(impatient.protect, SITE)
    finally:
        cluster.lab.resume("server2")
    assert "2 s" in told


def test_the_owner_out_of_reach_is_never_taken_for_gone(cluster):
    cluster.lab.fault("server1", "refuse")
    try:
        with pytest.raises(StandbyError) as raised:
            cluster.put(SITE, "server2")
    finally:
        cluster.lab.clear("server1", "refuse")

    told = check_told(raised.value, node="server1", resource=SITE)
    assert "may have hierarchy" in told
    assert cluster.lab.problems() == []
