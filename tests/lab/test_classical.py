# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classical cluster: two web sites, an FTP site and an SMTP virtual server, active/active."""

from __future__ import annotations

import pytest

from lab.prober import Prober, Report
from tests.support.classical import HOMES, SERVICES, TOPOLOGY, away, moved_alone, targets
from tests.support.cluster_lab import SHARED, ClusterLab


class Classical(ClusterLab):
    """The cluster, and what clients see of it."""

    def configure(self) -> None:
        self.volume("E:")
        self.volume("F:", SHARED)
        for name, (home, last, _url) in SERVICES.items():
            self.ip(last, 16)
            self.protect(name)
            self.put(name, home)

    def watched(self, name: str, to: str) -> Report:
        """What clients of all four see while one moves."""
        prober = Prober(targets(self), rate_hz=25)
        prober.start()
        self.put(name, to)
        return prober.stop()

    def owners(self) -> dict[str, str | None]:
        return {name: self.status(name)["owner"] for name in SERVICES}


@pytest.fixture(scope="module")
def cluster(make_shared_lab) -> Classical:
    made = Classical(make_shared_lab(TOPOLOGY))
    made.configure()
    return made


def test_the_four_are_spread_over_both_servers(cluster):
    assert cluster.owners() == HOMES


@pytest.mark.parametrize("name", SERVICES)
def test_each_moves_alone_and_the_others_do_not_feel_it(cluster, name):
    seen = cluster.watched(name, away(name))
    assert cluster.owners() == HOMES | {name: away(name)}
    moved_alone(seen, name)
    cluster.put(name, HOMES[name])
