# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""robocopy of the lab: it really copies, and ends with the documented codes."""

from __future__ import annotations

import asyncio
import errno
import os

import pytest

from ansible_collections.standby.iis.plugins.module_utils.windows.robocopy import arguments
from lab.shell.program import Streams
from lab.shell.robocopy import Robocopy

SHARE = r"\\SERVER1\web$"


class Host:
    def __init__(self, root):
        self.root, self.told, self.faults = root, [], {}

    def local_path(self, path):
        return self.root / path[3:].replace("\\", "/")

    def record(self, event, **details):
        self.told.append((event, details))

    def fault(self, name):
        return self.faults.get(name)


class Place:
    def __init__(self, tmp_path):
        self.source, self.copy = tmp_path / "source", tmp_path / "r" / "copy"
        self.source.mkdir()
        self.host, self.reached, self.out = Host(tmp_path / "r"), True, []

    def reach(self, path):
        assert path == SHARE
        if not self.reached:
            raise OSError(errno.EHOSTUNREACH, "The network path was not found.")
        return self.source

    def run(self, *argv):
        argv = argv or arguments(SHARE, r"R:\copy", [SHARE + r"\left out"])

        async def nothing():
            return b""

        streams = Streams(nothing, self.out.append, self.out.append)
        return asyncio.run(Robocopy(self.host, self.reach)(argv, streams, {}))


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def put(folder, name, text, time=1_000_000_000):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (time, time))


def test_new_same_changed_and_gone(place):
    put(place.source, "a/index.html", "one")
    (place.source / "empty").mkdir()
    assert place.run() == 1
    assert (place.copy / "a/index.html").read_text() == "one"
    assert (place.copy / "empty").is_dir()
    assert place.run() == 0
    put(place.source, "a/index.html", "two", 1_000_000_001)
    assert place.run() == 1
    (place.source / "a/index.html").unlink()
    assert place.run() == 2
    assert not (place.copy / "a/index.html").exists()
    put(place.source, "b", "new")
    put(place.copy, "old", "old")
    assert place.run() == 3


def test_a_file_in_place_of_a_folder_is_a_mismatch(place):
    put(place.source, "a/b", "deep")
    put(place.copy, "a", "flat")
    assert place.run() == 1 | 4
    assert (place.copy / "a/b").read_text() == "deep"


def test_folders_of_windows_those_named_and_junctions_are_left_out(place):
    for name in ("$RECYCLE.BIN", "left out", "System Volume Information"):
        put(place.source, f"{name}/x", "x")
    (place.source / "junction").symlink_to(place.source / "left out")
    assert place.run() == 0
    assert list(place.copy.iterdir()) == []


def test_what_cannot_be_read_is_8_and_the_rest_is_there(place, monkeypatch):
    monkeypatch.setattr(asyncio, "sleep", lambda _seconds: _soon())
    put(place.source, "good", "good")
    (place.source / "bad").symlink_to(place.source / "nowhere")
    assert place.run() == 1 | 8
    assert (place.copy / "good").read_text() == "good"


async def _soon():
    return None


def test_a_source_that_is_not_reached_is_16_and_nothing_is_deleted(place):
    put(place.copy, "kept", "kept")
    place.reached = False
    assert place.run() == 16
    assert (place.copy / "kept").exists()


def test_a_source_that_goes_away_meanwhile_has_nothing_more_deleted(place, monkeypatch):
    put(place.source, "a", "new")
    put(place.source, "b/c", "c")
    put(place.copy, "b/extra", "kept")
    utime = os.utime
    monkeypatch.setattr(
        os, "utime", lambda *one, **more: utime(*one, **more) or setattr(place, "reached", False)
    )
    assert place.run() & 16
    assert (place.copy / "b/extra").exists()


@pytest.mark.parametrize("more", [["/mir"], ["/zb"], ["/e"], ["/e", "/purge", "/mon:1"]])
def test_other_switches_are_a_loud_fault(place, more):
    assert place.run("robocopy.exe", SHARE, r"R:\copy", *more) == 16
    assert place.host.told[0][0] == "unknown-request"
