# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FTP sites beside web sites compared over WinRM: untouched twins raise no alarm, changed ones do."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.drift import DriftRequest, site_drift
from ansible_collections.standby.iis.plugins.module_utils.control.site import SiteRequest, ensure_site
from lab.iis.content import as_windows_writes
from tests.support.cluster_lab import SHARED, ClusterLab

pytest.importorskip("pyftpdlib", reason="pyftpdlib is not installed (requirements-dev.txt)")
TOPOLOGY = Path(__file__).parent / "topologies" / "ftp.yml"
SITES = {"WebSite1": 201, "FTP & Co": 202, "Both": 203}


@pytest.fixture(scope="module")
def cluster(make_shared_lab) -> ClusterLab:
    made = ClusterLab(make_shared_lab(TOPOLOGY))
    made.volume("E:\\")
    made.volume("F:\\", SHARED)
    for name, last in SITES.items():
        made.ip(last, 16)
        with made.open() as fleet:
            ensure_site(fleet, SiteRequest(name, made.nodes, repair=True), False)
    return made


def found(cluster: ClusterLab, name: str) -> dict[str, str]:
    with cluster.open() as fleet:
        (drift,) = site_drift(fleet, DriftRequest(name, content=False)).data["drift"]
    return {one["path"]: one["verdict"] for one in drift["differences"]}


@pytest.mark.parametrize("name", SITES)
def test_an_untouched_twin_raises_no_alarm_whatever_it_serves(cluster: ClusterLab, name: str) -> None:
    """The servers themselves are not alike: default documents and passive ports are of another setup."""
    paths = [path for path in found(cluster, name) if not path.startswith("sections/")]
    assert paths == []
    assert not any("authorization" in path for path in found(cluster, name))


def test_a_policy_of_an_ftp_site_that_differs_is_found(cluster: ClusterLab) -> None:
    file = cluster.config_file("server2")
    before = file.read_bytes()
    text = before.decode("utf-8-sig").replace("\r\n", "\n")
    start = text.index('<site name="FTP &amp; Co"')
    policy = 'controlChannelPolicy="{}"'
    rest = text[start:].replace(policy.format("SslAllow"), policy.format("SslRequire"), 1)
    changed = text[:start] + rest
    assert changed != text
    file.write_bytes(as_windows_writes(changed.encode()))
    try:
        assert found(cluster, "FTP & Co")["ftp/control_policy"] == "breaks failover"
    finally:
        file.write_bytes(before)
