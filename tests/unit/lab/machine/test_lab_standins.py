# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that stands for a node's drives and shares."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from lab.machine.standins import StandIns
from lab.machine.storage import Storage
from lab.topology import load

FAST = Path(__file__).parents[3] / "lab" / "topologies" / "fast.yml"


@pytest.fixture
def storage(tmp_path):
    topology = load(FAST)
    disks = topology.disks_of(topology.node("server1"))
    own = tmp_path / "own"
    own.mkdir()
    made = Storage("server1", disks, own, tmp_path / "shared", 2, lambda *a, **k: None, lambda: None)
    made.start()
    return made


@pytest.fixture
def stand_ins(tmp_path, storage):
    (tmp_path / "root").mkdir()
    made = StandIns(tmp_path / "root", storage, {"files/witness$": tmp_path / "witness"})
    made.refresh()
    return made


def letters(stand_ins):
    return sorted(entry.name for entry in stand_ins.root.iterdir() if len(entry.name) == 1)


def test_letters_follow_the_disks(stand_ins, storage):
    assert letters(stand_ins) == ["C", "E", "F"]
    shared = next(disk for disk in storage.disks if disk.spec.id == "web")
    storage.offline(shared)
    stand_ins.refresh()
    assert letters(stand_ins) == ["C", "E"]
    storage.online(shared)
    stand_ins.refresh()
    assert (stand_ins.root / "F").resolve() == shared.parts[0].folder.resolve()


def test_a_share_leads_to_its_folder(stand_ins, tmp_path):
    (tmp_path / "witness").mkdir()
    (tmp_path / "witness" / "record").touch()
    assert (stand_ins.root / "UNC" / "files" / "witness$" / "record").exists()


def test_programs_are_scripts_at_their_places_however_callers_spell_them(stand_ins, tmp_path):
    path = "C:\\Windows\\System32\\hostname.exe"
    for _rest in range(2):
        stand_ins.install([path, "C:\\windows\\system32\\inetsrv\\appcmd.exe"], tmp_path / "x.ctl")
    for folder in ("Windows/System32", "windows/system32", "Windows/system32"):
        for program in ("hostname.exe", "inetsrv/appcmd.exe"):
            assert os.access(stand_ins.root / "C" / folder / program, os.X_OK)
    done = subprocess.run(
        [stand_ins.root / "C/Windows/System32/hostname.exe"], capture_output=True, check=False
    )
    assert (done.returncode, b"does not answer" in done.stderr) == (255, True)
