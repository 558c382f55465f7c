# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classical cluster: two web sites, an FTP site and an SMTP virtual server, active/active."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lab.prober import Prober, Report, Target
from tests.support.cluster_lab import SHARED, ClusterLab

TOPOLOGY = Path(__file__).parent / "topologies" / "classical.yml"
# Where each is at home, its last octet, and how clients ask for it.
SITES = {
    "WebSite1": ("server1", 201, "http", 8080),
    "WebSite2": ("server2", 202, "http", 8080),
    "FTPsite": ("server1", 203, "ftp", 2121),
    "SMTPvs": ("server2", 204, "smtp", 2525),
}


class Classical(ClusterLab):
    """The cluster, and what clients see of it."""

    def configure(self) -> None:
        self.volume("E:")
        self.volume("F:", SHARED)
        for name, (home, last, _scheme, _port) in SITES.items():
            self.ip(last, 16)
            self.protect(name)
            self.put(name, home)

    def watched(self, name: str, to: str) -> Report:
        """What clients of all four see while one moves."""
        targets = [
            Target(each, f"{scheme}://{self.address(last)}:{port}/")
            for each, (_home, last, scheme, port) in SITES.items()
        ]
        prober = Prober(targets, rate_hz=25)
        prober.start()
        self.put(name, to)
        return prober.stop()

    def owners(self) -> dict[str, str | None]:
        return {name: self.status(name)["owner"] for name in SITES}


@pytest.fixture(scope="module")
def cluster(make_shared_lab) -> Classical:
    made = Classical(make_shared_lab(TOPOLOGY))
    made.configure()
    return made


def test_the_four_are_spread_over_both_servers(cluster):
    assert cluster.owners() == {name: home for name, (home, *_rest) in SITES.items()}


@pytest.mark.parametrize("name", SITES)
def test_each_moves_alone_and_the_others_do_not_feel_it(cluster, name):
    home = SITES[name][0]
    away = "server2" if home == "server1" else "server1"
    seen = {one.name: one for one in cluster.watched(name, away).targets}
    assert cluster.owners() == {each: at for each, (at, *_rest) in SITES.items()} | {name: away}
    moved = seen.pop(name)
    assert set(moved.answers) == {home.upper(), away.upper()}
    assert not moved.overlaps
    for other in seen.values():
        failed = Counter(outcome for gap in other.gaps for outcome in Counter(gap.failed).elements())
        assert failed["timeout"] <= 2, other  # what a busy machine forgets
        assert set(failed) <= {"timeout"}, other
    cluster.put(name, home)
