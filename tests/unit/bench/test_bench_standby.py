# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Warm and cold in one line, and what is measured of clients."""

from __future__ import annotations

import pytest

from bench import standby
from lab.probe_report import Gap


def test_ratios_are_those_of_medians_against_cold():
    seconds = {"cold": [1.0, 4.0, 2.0], "warm": [1.0], "warm, preloaded": [0.5, 0.5]}
    assert standby._row("failover", 2.0, seconds) == ("failover", "2", "2.00", "1.00", "0.50", "2.0", "4.0")


def told(monkeypatch, *gaps: Gap, overlaps=()):
    class Report:
        pass

    seen = Report()
    seen.gaps, seen.overlaps = gaps, overlaps
    seen.targets = [seen]

    class Clients(standby.Prober):
        def start(self):
            pass

        def stop(self):
            return seen

    monkeypatch.setattr(standby, "Prober", Clients)
    monkeypatch.setattr(standby.time, "sleep", lambda _seconds: None)
    with standby._Clients(0.0) as clients:
        pass
    return clients.gap


def gap(start: float, end: float, *, lasting: bool = False) -> Gap:
    return Gap(start, end, end - start, end - start, lasting, {})


def test_the_longest_gap_is_the_outage(monkeypatch):
    assert told(monkeypatch, gap(0.0, 0.1), gap(1.0, 3.0), gap(4.0, 4.1)).end == 3.0


@pytest.mark.parametrize("gaps", [(), (gap(1.0, 9.0, lasting=True),)])
def test_no_outage_and_one_without_end_are_no_figures(monkeypatch, gaps):
    with pytest.raises(RuntimeError, match="clients saw"):
        told(monkeypatch, *gaps)
