# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads for work that may hang: never more of them than were asked for."""

from __future__ import annotations

import threading
from queue import Queue

from ansible_collections.standby.iis.plugins.module_utils.agent.workers import Workers


def test_work_that_hangs_takes_its_thread_and_no_other():
    free, done, begun = threading.Event(), Queue(), Queue()
    workers = Workers(2, "test")

    def hang() -> None:
        begun.put(threading.current_thread().name)
        free.wait(10)
        done.put("hung")

    workers.submit(hang)
    begun.get(timeout=10)
    workers.submit(lambda: done.put("quick"))
    assert done.get(timeout=10) == "quick"
    workers.submit(hang)
    begun.get(timeout=10)
    workers.submit(lambda: done.put("waits"))
    assert done.empty()
    free.set()
    assert sorted(done.get(timeout=10) for _more in range(3)) == ["hung", "hung", "waits"]
    workers.close()


def test_closed_workers_end_after_what_was_submitted():
    done = Queue()
    before = set(threading.enumerate())
    workers = Workers(3, "test")
    mine = set(threading.enumerate()) - before
    assert len(mine) == 3
    assert all(thread.daemon for thread in mine)
    workers.submit(lambda: done.put("last"))
    workers.close()
    assert done.get(timeout=10) == "last"
    for thread in mine:
        thread.join(10)
        assert not thread.is_alive()
