# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The witness on threads of its own: stores that answer, refuse, fail, and hang."""

from __future__ import annotations

import queue
import threading
import time
from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import Conflict, StoreOutage
from ansible_collections.standby.iis.plugins.module_utils.agent.witness import MOST_LEFT, Witness
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError

PATIENCE = 0.05


class Stores:
    """Makes stores that do what ``put`` and ``list`` do here, and remembers who asked."""

    def __init__(self):
        self.opened = []
        self.begun = []
        self.go = threading.Event()
        self.hangs = False

    def open(self):
        self.opened.append(threading.current_thread())
        return SimpleNamespace(put=self.put, list=self.list)

    def put(self, key, version, text):
        self.begun.append((key, threading.current_thread()))
        if self.hangs:
            self.go.wait(10)
        if key == "conflict":
            raise Conflict(key, version, 9)
        if key == "outage":
            raise StoreOutage("it does not work")
        if key == "settings":
            raise StandbyError("the certificates cannot be used", remedy="Check the files")
        if key == "bug":
            raise RuntimeError("unforeseen")
        return version + 1

    def list(self, prefix):
        self.begun.append(("list", threading.current_thread()))
        if self.hangs:
            self.go.wait(10)
        return {}


@pytest.fixture
def stores():
    made = Stores()
    yield made
    made.go.set()


@pytest.fixture
def calls():
    return queue.SimpleQueue()


@pytest.fixture
def witness(stores, calls):
    made = Witness("own", stores.open, PATIENCE, calls.put)
    yield made
    made.close()


def write(key, version=4):
    return SimpleNamespace(key=key, version=version)


def outcome(calls, begin):
    found = []
    begin(found.append)
    calls.get(timeout=10)()
    return found[0]


@pytest.mark.parametrize(("key", "expected"), [("own", 5), ("hierarchies/web", 5), ("conflict", None)])
def test_a_write_answers_on_the_loop_with_its_version_or_none(witness, calls, key, expected):
    assert outcome(calls, lambda done: witness.put(write(key), "{}", done)) == expected


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("outage", "does not work"),
        ("bug", "unforeseen"),
        ("settings", "the certificates cannot be used; this does not pass by itself: check the files"),
    ],
)
def test_whatever_fails_is_an_outage(witness, calls, key, told):
    found = outcome(calls, lambda done: witness.put(write(key), "{}", done))
    assert isinstance(found, StoreOutage)
    assert told in found.told


def test_reading_own_record_and_others_never_wait_for_each_other(witness, stores, calls):
    stores.hangs = True
    witness.list(lambda _found: None)
    witness.put(write("own"), "{}", lambda _version: None)
    witness.put(write("hierarchies/web"), "{}", lambda _version: None)
    wait_for(lambda: len(stores.begun) == 3)
    assert len({thread for _key, thread in stores.begun}) == 3
    assert len(stores.opened) == 3


def test_one_read_at_a_time(witness, stores, calls):
    stores.hangs = True
    witness.list(lambda _found: None)
    wait_for(lambda: stores.begun)
    witness.list(lambda _found: pytest.fail("it was not to be begun"))
    stores.hangs = False
    stores.go.set()
    calls.get(timeout=10)()
    assert outcome(calls, witness.list) == {}
    assert len(stores.begun) == 2


def test_what_has_waited_too_long_is_never_begun(witness, stores, calls):
    stores.hangs = True
    witness.put(write("own"), "{}", lambda _version: None)
    wait_for(lambda: stores.begun)
    witness.put(write("own", 5), "{}", lambda _version: pytest.fail("it was not to be begun"))
    time.sleep(2 * PATIENCE)
    stores.hangs = False
    stores.go.set()
    calls.get(timeout=10)()
    assert outcome(calls, lambda done: witness.put(write("own", 6), "{}", done)) == 7
    assert len(stores.begun) == 2


def test_a_lane_that_does_not_come_back_is_left_behind_but_not_without_end(witness, stores, calls):
    stores.hangs = True
    for count in range(1, MOST_LEFT + 1):
        witness.put(write("own"), "{}", lambda _version: None)
        wait_for(lambda more=count: len(stores.begun) == more)
        time.sleep(2 * PATIENCE)
    witness.put(write("own"), "{}", lambda _version: pytest.fail("it was not to be begun"))
    assert len(stores.begun) == MOST_LEFT

    stores.hangs = False
    stores.go.set()  # those that were left behind come to an end, and it goes on
    wait_for(lambda: not any(thread.is_alive() for thread in stores.opened))
    for _late in range(MOST_LEFT):
        calls.get(timeout=10)()
    assert outcome(calls, lambda done: witness.put(write("own"), "{}", done)) == 5


def wait_for(holds):
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)
