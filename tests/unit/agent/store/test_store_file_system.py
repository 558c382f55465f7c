# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real disk under the directory store, and the directories that must not be a witness."""

from __future__ import annotations

import errno
import os
import time

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.store import file_system, placement, samba
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
from ansible_collections.standby.iis.plugins.module_utils.agent.store.file_system import FileSystem
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import Store, StoreOutage
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_directory


@pytest.fixture
def disk(tmp_path):
    disk = FileSystem(str(tmp_path))
    disk(MakeFolder("key"))
    disk(Write("key/one.tmp", b"one"))
    disk(Write("key/two.tmp", b"two"))
    return disk


def test_publishing_moves_a_file_and_never_replaces_one(disk):
    disk(PublishIfAbsent("key/one.tmp", "key/1.json"))
    assert sorted(disk(Listing("key"))) == ["1.json", "two.tmp"]
    with pytest.raises(FileExistsError):
        disk(PublishIfAbsent("key/two.tmp", "key/1.json"))
    assert disk(Read("key/1.json")) == b"one"
    assert disk(Read("key/two.tmp")) == b"two"
    with pytest.raises(FileNotFoundError):
        disk(PublishIfAbsent("key/one.tmp", "key/2.json"))


def test_a_file_that_cannot_be_taken_away_after_it_was_published_is_published(disk, monkeypatch):
    def refused(_path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(file_system.Path, "unlink", refused)
    disk(PublishIfAbsent("key/one.tmp", "key/1.json"))
    assert disk(Read("key/1.json")) == b"one"


@pytest.fixture
def renamed(monkeypatch):
    renamed = []
    monkeypatch.setattr(file_system.Path, "rename", lambda path, target: renamed.append((path, target)))
    return renamed


@pytest.mark.parametrize(
    ("status", "information"),
    [
        (0, bytes(64)),
        (0, b"SmBa".rjust(64, b"\0")),
        (0xC000000D, bytes(64)),
        (0xC0000034, bytes(64)),
        (0xC000029C, bytes(64)),
    ],
)
def test_a_server_of_windows_renames_in_one_step(disk, tmp_path, monkeypatch, renamed, status, information):
    monkeypatch.setattr(samba, "_object_id", lambda _root: (status, information))
    FileSystem(str(tmp_path), windows=True)(PublishIfAbsent("key/one.tmp", "key/1.json"))
    assert renamed == [(tmp_path / "key/one.tmp", tmp_path / "key/1.json")]


def test_on_samba_a_second_name_is_the_step_that_never_replaces(disk, tmp_path, monkeypatch, renamed):
    asked = []

    def object_id(root):
        asked.append(root)
        return 0, bytes(16) + b"aBmS" + bytes(44)

    monkeypatch.setattr(samba, "_object_id", object_id)
    share = FileSystem(str(tmp_path), windows=True)
    share(PublishIfAbsent("key/one.tmp", "key/1.json"))
    with pytest.raises(FileExistsError):
        share(PublishIfAbsent("key/two.tmp", "key/1.json"))
    assert sorted(share(Listing("key"))) == ["1.json", "two.tmp"]
    assert share(Read("key/1.json")) == b"one"
    assert not renamed
    assert asked == [str(tmp_path)]


def test_nothing_is_published_on_a_server_that_does_not_tell_what_it_is(tmp_path, monkeypatch, renamed):
    monkeypatch.setattr(samba, "_object_id", lambda _root: (0xC000020C, bytes(64)))
    disk = FileSystem(str(tmp_path), windows=True)
    monkeypatch.setattr(disk, "_inspect", lambda: None)
    store = Store(Directory(str(tmp_path), "aa", time.monotonic, time.time), disk)
    with pytest.raises(StoreOutage, match="answers with NTSTATUS 0xc000020c") as outage:
        store.put("nodes/server1", 0, "{}")
    assert not outage.value.uncertain
    assert not renamed
    assert store.get("nodes/server1") is None


def test_a_root_is_the_same_however_its_end_is_written(disk, tmp_path):
    assert FileSystem(f"{tmp_path}/")(Read("key/one.tmp")) == disk(Read("key/one.tmp")) == b"one"


def test_what_is_there_is_not_made_again_and_what_is_gone_is_not_removed_again(disk):
    with pytest.raises(FileExistsError):
        disk(Write("key/one.tmp", b"other"))
    with pytest.raises(FileExistsError):
        disk(MakeFolder("key"))
    disk(Remove("key/one.tmp"))
    for request in (Remove("key/one.tmp"), Read("key/one.tmp"), Listing("other")):
        with pytest.raises(FileNotFoundError):
            disk(request)


@pytest.mark.parametrize(("code", "absent"), [(None, True), (2, True), (3, True), (53, False), (67, False)])
def test_an_absent_server_is_no_absent_file(disk, monkeypatch, code, absent):
    error = FileNotFoundError(errno.ENOENT, "not found")
    error.winerror = code

    def failing(_path, _mode):
        raise error

    monkeypatch.setattr(file_system, "open", failing, raising=False)
    with pytest.raises(FileNotFoundError if absent else Unreached):
        disk(Read("key/one.tmp"))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("C:\\witness", "would have a witness of its own"),
        ("witness", "would have a witness of its own"),
        ("\\\\?\\C:\\witness", "would have a witness of its own"),
        ("\\\\localhost\\witness", "localhost is another machine on every node"),
        ("//127.0.0.1/witness/cluster1", "127.0.0.1 is another machine on every node"),
        ("\\\\files\\witness", None),
        ("//files.example.com/witness$/cluster1", None),
    ],
)
def test_on_windows_a_witness_is_a_share_of_another_server(path, said):
    refusal = placement.refusal(path)
    assert refusal is None if said is None else said in refusal


def test_a_replicated_folder_is_refused_wherever_in_it_the_witness_lies(tmp_path):
    folder = tmp_path / "replicated" / "below"
    folder.mkdir(parents=True)
    assert FileSystem(str(folder))(Inspect()) is None
    (tmp_path / "replicated" / "DfsrPrivate").mkdir()
    assert f"DFS Replication replicates {tmp_path / 'replicated'}" in FileSystem(str(folder))(Inspect())
    with pytest.raises(StoreOutage) as refused:
        open_directory(str(folder)).put("nodes/server1", 0, "{}")
    assert refused.value.permanent


@pytest.mark.parametrize("path", ["", "\0", "a\0b", "\ud800"])
def test_a_path_that_no_system_takes_is_an_outage(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreOutage):
        open_directory(f"{path}/absent/").get("nodes/server1")


def test_of_a_foreign_file_no_more_is_read_than_a_record_may_have(disk, tmp_path):
    with (tmp_path / "key" / "000000000002.json").open("wb") as file:
        file.truncate(10**9)
    assert len(disk(Read("key/000000000002.json"))) < 10**7


def test_a_file_is_no_witness_directory(tmp_path):
    path = tmp_path / "witness"
    path.write_text("")
    with pytest.raises(StoreOutage, match="is not a directory"):
        open_directory(str(path)).list("")


def test_a_directory_that_does_not_exist_is_not_made(tmp_path):
    store = open_directory(str(tmp_path / "absent"))
    for ask in (lambda: store.get("a"), lambda: store.list(""), lambda: store.put("a", 0, "{}")):
        with pytest.raises(StoreOutage, match="is not there"):
            ask()
    assert not (tmp_path / "absent").exists()
