# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outside view during a move: how long a client was not answered."""

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.outside import Gap, Watch
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check

CHECK = Check("http://10.0.0.50/", body="Welcome", timeout=30.0)


@pytest.mark.parametrize(
    ("answers", "longest"),
    [
        ([True, True], None),
        ([True, False, True], 2.0),
        ([True, False, False, True, False, True], 3.0),
        ([True, False, True, False], 2.0),
    ],
)
def test_the_longest_time_without_an_answer_counts(answers, longest):
    gap = Gap()
    for number, healthy in enumerate(answers):
        gap.see(float(number), number + 1.0, healthy=healthy)
    assert gap.longest == longest
    assert (gap.since is not None) is not answers[-1]


class Site:
    """Answers, or does not."""

    def __init__(self):
        self.up, self.asked, self.seen = True, [], threading.Event()

    def __call__(self, check):
        self.asked.append(check)
        self.seen.set()
        return self.up

    def wait(self):
        self.seen.clear()
        assert self.seen.wait(5)


def test_a_watch_measures_from_the_first_failure_to_the_first_answer():
    site = Site()
    watch = Watch([CHECK], time, site)
    watch.start()
    site.wait()
    site.up = False
    site.wait()
    begun = time.monotonic()
    site.wait()
    site.up = True
    site.wait()
    outage = watch.stop()
    assert 0 < outage < time.monotonic() - begun + 1.0
    assert (site.asked[0].timeout, site.asked[0].body, site.asked[0].verify) == (1.0, None, False)


def test_what_never_failed_or_has_not_come_back_is_not_measured(monkeypatch):
    monkeypatch.setattr("ansible_collections.standby.iis.plugins.module_utils.control.outside.SETTLE", 0.05)
    for up in (True, False):
        site = Site()
        site.up = up
        watch = Watch([CHECK], time, site)
        watch.start()
        site.wait()
        assert watch.stop() is None
    assert Watch([], time).stop() is None
