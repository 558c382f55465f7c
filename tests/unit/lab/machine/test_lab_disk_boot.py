# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a disk of a lab node is at the next boot: kept apart from what it is now, through a power loss."""

from __future__ import annotations

import pytest

from lab.machine.storage import OFFLINE, READ_ONLY, Storage
from lab.topology import Disk, Partition

WEB = Disk("web", 2, partitions=(Partition(("F:\\",)),), nodes=("one", "two"))
BOTH = OFFLINE | READ_ONLY


@pytest.fixture
def boot(tmp_path):
    """A node that boots; the one before lost its power and shut nothing down."""

    running = []

    def start():
        for disk in (disk for storage in running for disk in storage.disks):
            disk.claims.drop()  # the lock of a process ends with it
        own = tmp_path / "one"
        own.mkdir(exist_ok=True)
        told = []
        storage = Storage(
            "one",
            (WEB,),
            own,
            tmp_path / "shared",
            2,
            lambda *_a, **_k: None,
            lambda: None,
            persisted=told.append,
        )
        storage.start()
        running[:] = [storage]
        (disk,) = storage.disks
        return storage, disk, told

    return start


def test_a_disk_that_was_brought_online_for_good_comes_online_at_the_boot(boot):
    storage, disk, told = boot()
    storage.online(disk)
    assert [one.persisted for one in told] == [READ_ONLY]
    assert not boot()[1].offline


def test_one_that_is_online_until_the_boot_is_offline_then(boot):
    storage, disk, _told = boot()
    storage.set(disk, OFFLINE, BOTH, persist=True)
    storage.set(disk, 0, BOTH, persist=False)
    assert (disk.offline, disk.read_only) == (False, False)
    after = boot()[1]
    assert (after.offline, after.read_only) == (True, False)


def test_what_is_set_for_good_while_it_is_online_until_the_boot_keeps_it_online(boot):
    """The worse of two readings of what is documented."""
    storage, disk, _told = boot()
    storage.set(disk, 0, BOTH, persist=False)
    storage.set_read_only(disk, False)
    assert not boot()[1].offline


def test_where_nobody_has_set_anything_for_good_the_policy_counts(boot):
    storage, disk, _told = boot()
    storage.set(disk, 0, BOTH, persist=False)
    after = boot()[1]
    assert (after.offline, after.read_only, after.persisted) == (True, True, None)
