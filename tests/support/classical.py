# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classical cluster: two web sites, an FTP site and an SMTP virtual server, on two servers that serve."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from lab.probe_report import Report
from lab.prober import Target
from tests.support.cluster_lab import ClusterLab

TOPOLOGY = Path(__file__).parents[1] / "lab" / "topologies" / "classical.yml"
# Where each is at home, its last octet, and how clients use it.
SERVICES = {
    "WebSite1": ("server1", 201, "http://{}:8080/"),
    "WebSite2": ("server2", 202, "http://{}:8080/"),
    "FTPsite": ("server1", 203, "ftp://anonymous@{}:2121/"),
    "SMTPvs": ("server2", 204, "smtp://{}:2525/client.example.com"),
}
HOMES = {name: home for name, (home, *_rest) in SERVICES.items()}


def away(name: str) -> str:
    """The node that stands by for a service."""
    return "server2" if HOMES[name] == "server1" else "server1"


def targets(cluster: ClusterLab) -> list[Target]:
    """For a prober."""
    return [Target(name, url.format(cluster.address(last))) for name, (_home, last, url) in SERVICES.items()]


def moved_alone(report: Report, name: str) -> None:
    """One went to its other node, and clients of the others were always answered."""
    for seen in report.targets:
        assert not seen.overlaps, seen
        if seen.name == name:
            assert set(seen.answers) == {"SERVER1", "SERVER2"}, seen
            continue
        assert len(seen.answers) == 1, seen
        failed = [outcome for gap in seen.gaps for outcome in Counter(gap.failed).elements()]
        # But for what a busy machine forgets.
        assert set(failed) <= {"timeout"}, seen
        assert len(failed) <= 2, seen
