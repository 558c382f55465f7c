# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The home of an agent is ours before anything lies in it, whatever somebody does at that moment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.monitor import install
from ansible_collections.standby.iis.plugins.module_utils.monitor.seen import Seen
from ansible_collections.standby.iis.plugins.module_utils.monitor.steps import Act, Step
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows.files import Found
from tests.unit.monitor.test_steps import HOME, PRIVATE, WANTED

OPEN = "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;CIID;DCLCRPCR;;;BU)"
THEIRS = OPEN.replace("O:BA", "O:S-1-5-21-1-2-3-1001")


class Disk:
    """Folders of a node, and somebody who acts after one of our steps.

    Attributes:
        after: what the other one does, by the name of our step.
    """

    def __init__(self, monkeypatch):
        self.folders: dict[str, Found] = {}
        self.after = {}
        monkeypatch.setattr(install.acl, "make_private", self.make_private)

    def done(self, step, path):
        self.after.get(step, lambda path: None)(path)

    def make_folder(self, path):
        self.folders.setdefault(path, Found(sddl=OPEN))
        self.done("make", path)

    def make_private(self, _node, path):
        self.folders[path] = replace(self.folders[path], sddl=PRIVATE)
        self.done("private", path)

    def look(self, paths):
        return {path: self.folders.get(path, Found()) for path in paths}

    def move(self, moves):
        for path, to in moves:
            if to in self.folders:
                raise StandbyError("Cannot create a file when that file already exists")
            self.folders[to] = self.folders.pop(path)
            self.done("move", to)

    def remove(self, paths):
        for path in paths:
            self.folders.pop(path, None)

    def put_in(self, path):
        self.folders[path] = replace(self.folders[path], names=("python",))

    def make_home(self, _path):
        self.folders[HOME] = Found(sddl=THEIRS, names=("python",))


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


def protect(disk):
    install.Installer(Node("a", None, None), disk, WANTED, Seen()).take(Step(Act.PROTECT, ""))


def test_a_home_is_made_private_before_it_has_its_name(disk):
    seen = []
    disk.after["private"] = seen.append
    protect(disk)
    assert disk.folders == {HOME: Found(sddl=PRIVATE)}
    assert seen[0] != HOME
    assert len(seen[0]) > len(HOME) + 32


def test_what_somebody_puts_into_it_before_its_rights_are_given_is_never_taken_for_ours(disk):
    disk.after["make"] = disk.put_in
    with pytest.raises(StandbyError, match="was just made, and is not empty"):
        protect(disk)
    assert disk.folders == {}


@pytest.mark.parametrize("step", ["make", "private"])
def test_a_home_that_somebody_makes_at_the_same_moment_is_not_taken(disk, step):
    disk.after[step] = disk.make_home
    with pytest.raises(StandbyError, match="already exists"):
        protect(disk)
    assert disk.folders == {HOME: Found(sddl=THEIRS, names=("python",))}


def test_a_home_that_is_another_one_once_it_has_its_place_is_told(disk):
    """Move-Item would put ours into a folder that is there: what is seen there counts."""
    disk.after["move"] = disk.make_home
    with pytest.raises(StandbyError, match="was just made, and belongs to neither"):
        protect(disk)
