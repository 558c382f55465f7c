# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory store: what it prunes, what it believes, and what it makes of bad files and bad disks."""

from __future__ import annotations

import errno
import hashlib
import json
import os

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.store import names, record
from ansible_collections.standby.iis.plugins.module_utils.agent.store.directory import Directory
from ansible_collections.standby.iis.plugins.module_utils.agent.store.disk import (
    Inspect,
    Listing,
    MakeFolder,
    PublishIfAbsent,
    Read,
    Remove,
    Unreached,
    Write,
)
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import (
    Conflict,
    Store,
    StoreOutage,
    Versioned,
    drive,
)
from tests.support.interleaving import Running
from tests.support.simulated_disk import Disk

KEY = 'hierarchies/Shop & "Co" 日本 100%'
FOLDER = names.folder(KEY)


class Bench:
    """A disk and stores on it, each as of another process."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.lag = 0.0
        self.wall = 0.0
        self._writers = iter(("a1", "b2", "c3", "d4"))

    def protocol(self) -> Directory:
        return Directory("\\\\files\\witness", next(self._writers), lambda: self.disk.now, lambda: self.wall)

    def store(self) -> Store:
        return Store(self.protocol(), lambda request: self.disk(request, self.lag))

    def grown(self, versions: int, seconds: float = 1.0) -> Store:
        """A store that has put so many versions, each some seconds after the other."""
        store = self.store()
        for version in range(versions):
            assert store.put(KEY, version, f"value {version + 1}") == version + 1
            self.disk.now += seconds
            store.get(KEY)
        return store

    def numbers(self) -> list[int]:
        return sorted(number for name in self.disk.names(FOLDER) if (number := names.number_of(name)))


@pytest.fixture
def bench() -> Bench:
    return Bench()


# --- numbers


def test_a_key_that_was_deleted_begins_anew_above_the_numbers_it_had(bench):
    bench.wall = 1_700_000_000.5
    known = bench.store()
    version = known.put(KEY, 0, "old")
    assert version == 1_700_000_000_501
    version = known.put(KEY, version, "older")

    bench.disk.vanish(FOLDER)
    bench.wall += 5.0
    fresh = bench.store()
    assert fresh.put(KEY, 0, "new") > version


def test_a_wall_clock_that_is_behind_is_no_matter_where_other_keys_have_higher_numbers(bench):
    bench.wall = 1_700_000_000.0
    version = bench.store().put("nodes/server1", 0, "value")

    bench.wall = 1_600_000_000.0
    late = bench.store()
    late.list("")
    assert late.put(KEY, 0, "value") > version


# --- pruning


def test_a_store_that_reads_prunes_what_another_one_of_its_process_writes(bench):
    process = "0123456789abcdef"

    def clock() -> float:
        return bench.disk.now

    writing, reading = (
        Store(Directory("w", process + one, clock, lambda: 0.0), bench.disk)
        for one in ("00000001", "00000002")
    )
    for version in range(1500):
        writing.put(KEY, version, "value")
        reading.list("")
        bench.disk.now += 1.0

    assert len(bench.numbers()) < 640


def test_records_go_ten_minutes_after_their_writer_saw_them_superseded_and_the_two_newest_stay(bench):
    store = bench.grown(30, seconds=60.0)
    gone = [request.path for request in bench.disk.requests if isinstance(request, Remove)]
    assert gone == sorted(gone)
    # Number 30 was put 60 seconds ago: those superseded for ten minutes and more are 2 to 19.
    assert bench.numbers() == list(range(20, 31))
    bench.disk.now += 3600
    store.get(KEY)
    assert bench.numbers() == [29, 30]
    assert names.FIRST in bench.disk.names(FOLDER)


def test_a_process_that_starts_anew_does_not_trust_the_age_of_files(bench):
    bench.grown(5, seconds=1.0)
    bench.disk.now += 3600
    other = bench.store()
    other.put(KEY, 5, "value 6")
    other.get(KEY)
    bench.disk.now += 599
    other.get(KEY)
    assert bench.numbers() == [2, 3, 4, 5, 6]
    bench.disk.now += 11
    other.get(KEY)
    assert bench.numbers() == [5, 6]
    gone = [request.path for request in bench.disk.requests if isinstance(request, Remove)]
    assert gone == [f"{FOLDER}/{names.record(number)}" for number in (2, 3, 4)]


def test_only_the_writer_of_the_newest_record_removes_older_ones(bench):
    bench.grown(5)
    reader = bench.store()
    for _hour in range(3):
        reader.get(KEY)
        bench.disk.now += 3600
    assert bench.numbers() == [2, 3, 4, 5]


@pytest.mark.parametrize("held", [1, 2, 5])
def test_a_version_whose_successor_was_pruned_long_ago_cannot_be_put_on(bench, held):
    """The hole that pruning leaves above an old version must never be filled."""
    sleeper = bench.protocol()
    writer = bench.grown(held)
    drive(sleeper.get(KEY), bench.disk)
    for version in range(held, held + 20):
        writer.put(KEY, version, "newer")
    for _pass in range(3):
        bench.disk.now += 700
        writer.get(KEY)
    assert bench.numbers() == [held + 19, held + 20]
    with pytest.raises(Conflict) as refused:
        drive(sleeper.put(KEY, held, "too late"), bench.disk)
    assert refused.value.found == held + 20
    assert all(len(data) == 1 for path, data in bench.disk.born.items() if path.endswith(".json"))


@pytest.mark.parametrize("steps", range(5))
def test_a_writer_that_sleeps_at_any_step_while_its_number_is_used_and_pruned_does_not_win(bench, steps):
    writer = bench.grown(3)
    sleeper = bench.protocol()
    drive(sleeper.get(KEY), bench.disk)
    put = Running(sleeper.put(KEY, 3, "too late"), bench.disk)
    for _step in range(steps):
        if not put.done:
            put.step()
    version = 3
    for _hour in range(3):
        for _put in range(3):
            # Where the sleeper has published already, it has won, and the writer goes on from there.
            newest = writer.get(KEY)
            version = writer.put(KEY, newest.version, "newer")
        bench.disk.now += 3600
        writer.get(KEY)
    while not put.done:
        put.step()
    won = put.outcome == 4
    assert won == (steps == 4)
    assert version == 12 + won
    assert all(len(data) == 1 for path, data in bench.disk.born.items() if path.endswith(".json"))


def test_a_writer_that_comes_between_the_listing_of_a_pruner_and_its_removals_does_not_win(bench):
    pruner = bench.protocol()
    for version in range(6):
        drive(pruner.put(KEY, version, "value"), bench.disk)
    drive(pruner.get(KEY), bench.disk)
    bench.disk.now += 11
    drive(pruner.get(KEY), bench.disk)
    sleeper = bench.protocol()
    bench.disk.now += 700
    pruning = Running(pruner.get(KEY), bench.disk)
    pruning.step()
    # Only now the sleeper puts on a version that is about to be pruned, as one whose caller waited for ever.
    late = Running(_on_version(sleeper, bench.disk, 2), bench.disk)
    late.step()
    late.step()
    while not pruning.done:
        pruning.step()
    while not late.done:
        late.step()
    assert isinstance(late.outcome, Conflict)
    assert all(len(data) == 1 for path, data in bench.disk.born.items() if path.endswith(".json"))


def _on_version(store: Directory, disk: Disk, version: int):
    """A put by a store that has seen no version above this one."""
    hidden = {path: data for path, data in disk.files.items() if (names.number_of(path[-17:]) or 0) > version}
    for path in hidden:
        del disk.files[path]
    drive(store.get(KEY), lambda request: _shown(disk, request, version))
    disk.files.update(hidden)
    return store.put(KEY, version, "too late")


def _shown(disk: Disk, request, version: int):
    answer = disk(request)
    return (
        [name for name in answer if (names.number_of(name) or 0) <= version]
        if isinstance(request, Listing)
        else answer
    )


def test_a_writer_cleans_what_others_left_and_no_foreign_file(bench):
    store = bench.grown(3)
    left = [names.temporary(names.record(3), "ff"), names.temporary(names.FIRST, "ff")]
    for name in (*left, names.temporary(names.record(4), "ff"), "Thumbs.db", "000000000002.json.bak"):
        bench.disk.place(f"{FOLDER}/{name}", b"left behind")
    bench.disk.now += 20
    assert store.get(KEY) == Versioned(3, "value 3")
    assert not {*left} & {*bench.disk.names(FOLDER)}
    assert {names.temporary(names.record(4), "ff"), "Thumbs.db", "000000000002.json.bak"} < {
        *bench.disk.names(FOLDER)
    }


# --- stale answers


def test_a_stale_listing_and_stale_absence_never_make_a_reader_go_back(bench):
    writer, reader = bench.store(), bench.store()
    for version in range(40):
        bench.lag = 0.0
        writer.put(KEY, version, "value")
        bench.disk.now += 3.0
        seen = reader.get(KEY).version
        bench.lag = 10.0
        for _again in range(4):
            bench.disk.now += 3.0
            assert reader.get(KEY).version >= seen
            seen = reader.get(KEY).version


def test_a_record_just_put_is_believed_in_while_listings_do_not_show_it(bench):
    store = bench.store()
    store.put(KEY, 0, "value")
    bench.lag = 9.0
    assert store.get(KEY) == Versioned(1, "value")
    assert store.list("hierarchies/") == {KEY: Versioned(1, "value")}


def test_reading_a_known_key_costs_one_request_and_putting_four(bench):
    store = bench.grown(3)
    bench.disk.requests.clear()
    store.get(KEY)
    assert [type(request) for request in bench.disk.requests] == [Read]
    bench.disk.requests.clear()
    store.put(KEY, 3, "value")
    assert [type(request) for request in bench.disk.requests] == [Write, Read, Read, PublishIfAbsent]


# --- records that vanish


def test_a_key_that_vanished_is_gone_once_no_cache_can_be_the_cause_and_its_numbers_stay_used(bench):
    store = bench.grown(5)
    bench.disk.vanish(FOLDER)
    bench.disk.now += 10
    assert store.get(KEY) == Versioned(5, "value 5")
    with pytest.raises(Conflict):
        store.put(KEY, 5, "too late")
    bench.disk.now += 10
    assert store.get(KEY) is None
    assert store.list("") == {}
    assert store.put(KEY, 0, "new") == 6
    assert bench.store().get(KEY) == Versioned(6, "new")


def test_of_two_who_create_a_vanished_key_with_different_memories_one_wins(bench):
    old = bench.protocol()
    bench.grown(5)
    drive(old.get(KEY), bench.disk)
    bench.disk.vanish(FOLDER)
    for _moment in range(2):
        bench.disk.now += 11
        drive(old.get(KEY), bench.disk)
    fresh = bench.protocol()
    puts = [Running(old.put(KEY, 0, "old"), bench.disk), Running(fresh.put(KEY, 0, "fresh"), bench.disk)]
    while not all(put.done for put in puts):
        for put in puts:
            if not put.done:
                put.step()
    assert sorted(type(put.outcome).__name__ for put in puts) == ["Conflict", "int"]


def test_a_record_that_was_replaced_under_its_number_is_no_longer_the_version_that_was_read(bench):
    store = bench.grown(3)
    path = f"{FOLDER}/{names.record(3)}"
    bench.disk.files[path] = record.encode(record.Record(KEY, 3, "ee", "restored from a backup"))
    with pytest.raises(Conflict):
        store.put(KEY, 3, "on what is not there")
    assert store.get(KEY) == Versioned(3, "restored from a backup")
    assert store.put(KEY, 3, "on what is there") == 4


def test_a_directory_set_back_to_an_older_copy_refuses_newer_versions_and_is_followed_in_time(bench):
    store = bench.grown(5)
    for number in (4, 5):
        bench.disk.vanish(f"{FOLDER}/{names.record(number)}")
    with pytest.raises(Conflict):
        store.put(KEY, 5, "too late")
    bench.disk.now += 11
    store.get(KEY)
    bench.disk.now += 11
    assert store.get(KEY) == Versioned(3, "value 3")
    assert store.put(KEY, 3, "value 4") == 4


# --- bad files


def newer_format() -> bytes:
    body = json.dumps({"format": 2, "key": KEY, "number": 4, "writer": "ee", "value": "new"}).encode()[:-1]
    return body + b', "checksum": "' + hashlib.sha256(body).hexdigest().encode() + b'"}\n'


GOOD = record.encode(record.Record(KEY, 4, "ee", "value"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD[: len(GOOD) // 2],
        b"\0" * 4096,
        GOOD.replace(b'"value": "value"', b'"value": "other"'),
        b"[" * 100_000,
        b'{"format": 1}',
        newer_format(),
        record.encode(record.Record("nodes/server1", 4, "ee", "of another key")),
        record.encode(record.Record(KEY, 5, "ee", "of another number")),
        record.encode(record.Record(KEY, 4, "ee", None)),
        record.encode(record.Record(KEY, "4", "ee", "a number as text")),
    ],
)
def test_a_record_that_cannot_be_read_has_a_version_and_no_value_and_can_be_put_on(bench, data):
    store = bench.grown(3)
    bench.disk.place(f"{FOLDER}/{names.record(4)}", data)
    assert store.get(KEY) == Versioned(4, None)
    assert bench.store().get(KEY) == Versioned(4, None)
    assert store.put(KEY, 4, "mended") == 5
    assert store.get(KEY) == Versioned(5, "mended")


def test_a_first_record_that_cannot_be_read_is_version_1(bench):
    bench.disk(MakeFolder(FOLDER))
    bench.disk.place(f"{FOLDER}/{names.FIRST}", GOOD[:-3])
    store = bench.store()
    assert store.get(KEY) == Versioned(1, None)
    assert store.put(KEY, 1, "mended") == 2


def test_foreign_folders_are_no_keys(bench):
    store = bench.grown(1)
    for name in (
        "System Volume Information",
        "key-",
        "key-a=zz",
        "key-=c3=28",
        "key-=41",
        "sha-" + "0" * 64,
        "nodes",
    ):
        bench.disk(MakeFolder(name))
    assert set(store.list("")) == {KEY}


def test_a_key_too_long_for_a_folder_is_listed_by_its_records(bench):
    long = "hierarchies/" + "日" * 180
    bench.store().put(long, 0, "value")
    bench.store().put("nodes/server1", 0, "value")
    assert bench.store().list("hierarchies/") == {long: Versioned(1, "value")}


# --- bad disks


def os_error(code: int, winerror: int | None = None) -> OSError:
    error = OSError(code, os.strerror(code))
    if winerror is not None:
        error.winerror = winerror
    return error


@pytest.mark.parametrize(
    ("request_type", "error", "said", "permanent"),
    [
        (Write, os_error(errno.ENOSPC), "is full", False),
        (Write, os_error(errno.EINVAL, 1295), "is full", False),
        (Write, os_error(errno.EROFS), "is read-only", True),
        (Write, os_error(errno.EACCES, 19), "is read-only", True),
        (Write, os_error(errno.EACCES, 5), "refuses access", True),
        (Write, os_error(errno.EACCES, 32), "does not work", False),
        (Write, os_error(errno.EINVAL, 1326), "refuses the credentials", True),
        (Read, os_error(errno.ETIMEDOUT), "does not answer in time", False),
        (Read, os_error(errno.EIO), "does not work", False),
        (Read, Unreached(errno.ENOENT, "The network path was not found"), "is not there", False),
        (Read, os_error(errno.ENOTDIR), "is not a directory", True),
        (Read, OSError("without a number"), "does not work (without a number)", False),
    ],
)
def test_every_error_of_the_disk_is_one_outage_with_a_remedy(bench, request_type, error, said, permanent):
    store = bench.grown(2)

    def failing(request):
        if isinstance(request, request_type):
            raise error
        return bench.disk(request)

    protocol = bench.protocol()
    drive(protocol.get(KEY), bench.disk)
    with pytest.raises(StoreOutage) as outage:
        drive(protocol.put(KEY, 2, "value"), failing)
    assert said in str(outage.value)
    assert "\\\\files\\witness" in str(outage.value)
    assert outage.value.remedy
    assert (outage.value.permanent, outage.value.uncertain) == (permanent, False)
    assert ("this does not pass by itself: " in outage.value.told) == permanent
    assert store.get(KEY) == Versioned(2, "value 2")


def test_a_full_disk_keeps_no_half_written_file(bench):
    store = bench.grown(2)

    def full(request):
        answer = bench.disk(request)
        if isinstance(request, Write):
            raise os_error(errno.ENOSPC)
        return answer

    protocol = bench.protocol()
    with pytest.raises(StoreOutage):
        drive(protocol.put(KEY, 2, "value"), full)
    assert [name for name in bench.disk.names(FOLDER) if name.endswith(".tmp")] == []
    assert store.put(KEY, 2, "value") == 3


@pytest.mark.parametrize(
    "ask", [lambda store: store.get(KEY), lambda store: store.list(""), lambda store: store.put(KEY, 0, "")]
)
def test_a_directory_that_is_not_there_is_an_outage_and_no_empty_store(bench, ask):
    def missing(request):
        if isinstance(request, Inspect):
            return
        raise os_error(errno.ENOENT)

    with pytest.raises(StoreOutage, match="is not there"):
        ask(Store(bench.protocol(), missing))


def test_a_record_that_is_listed_and_not_there_is_an_outage_with_a_remedy(bench):
    bench.grown(2)

    def stale(request):
        if isinstance(request, Read):
            raise os_error(errno.ENOENT)
        return bench.disk(request)

    with pytest.raises(StoreOutage, match="and has no such file") as outage:
        Store(bench.protocol(), stale).get(KEY)
    assert outage.value.remedy
    assert (outage.value.permanent, outage.value.uncertain) == (False, False)


def test_a_directory_that_cannot_be_a_witness_is_refused_for_good(bench):
    bench.disk.problem = "it lies in a DFS namespace"
    with pytest.raises(StoreOutage, match="it lies in a DFS namespace") as refused:
        bench.store().put(KEY, 0, "value")
    assert refused.value.permanent
    assert bench.disk.files == {}


def test_a_folder_that_goes_away_while_a_put_is_under_way_is_a_conflict(bench):
    protocol = bench.protocol()
    bench.grown(3)
    drive(protocol.get(KEY), bench.disk)
    put = Running(protocol.put(KEY, 3, "value"), bench.disk)
    bench.disk.vanish(FOLDER)
    while not put.done:
        put.step()
    assert isinstance(put.outcome, Conflict)
    assert bench.disk.files == {}


def test_a_put_that_finds_no_folder_begins_to_doubt_its_record(bench):
    """A writer does not survey its keys: it notices here, as early as a reader does."""
    store = bench.grown(5)
    bench.disk.vanish(FOLDER)
    bench.disk.now += 1
    with pytest.raises(Conflict):
        store.put(KEY, 5, "nowhere")
    bench.disk.now += 10
    assert store.put(KEY, 0, "new") == 6


def test_a_first_record_that_somebody_else_made_anew_is_another_version(bench):
    old = bench.grown(1)
    bench.disk.vanish(FOLDER)
    bench.wall = 1_700_000_000.5
    other = bench.store()
    version = other.put(KEY, 0, "made anew")
    bench.disk.now += 10
    assert old.get(KEY) == Versioned(version, "made anew")
