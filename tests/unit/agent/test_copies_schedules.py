# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirror that agents copy, over random schedules of moves, losses, hangs and restarts.

Whoever the witness names as owner has the newest data and keeps it, whatever the other node takes itself for.
``STANDBY_COPY_SCHEDULES`` says how many are played, ``STANDBY_COPY_SEED`` which come first.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.copies import Ownership
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Role
from tests.support.copied_world import NODES, Ends

COUNT, FIRST = (
    int(os.environ.get("STANDBY_COPY_SCHEDULES", "40")),
    int(os.environ.get("STANDBY_COPY_SEED", "0")),
)
STEPS = 40
INDEX = "web/index.html"


class Pair:
    """Two nodes, of which the witness names one; the other one may know that or not."""

    def __init__(self, ends: Ends, chance: Random) -> None:
        self.ends, self.chance = ends, chance
        self.owner, self.epoch, self.number = "server1", 3, 0
        self.off: set[str] = set()
        self.unaware: set[str] = set()  # has hung: it takes itself for the owner
        self.serves = True
        self.newest = ""
        self.write()

    @property
    def other(self) -> str:
        return next(name for name in NODES if name != self.owner)

    def write(self) -> None:
        """The owner acknowledges something."""
        if self.serves and self.owner not in self.off:
            self.number += 1
            self.newest = f"{self.number} by {self.owner} in {self.epoch}"
            self.ends.put(self.owner, INDEX, self.newest)

    def look(self) -> None:
        """An agent's round; twice, since the first may only learn."""
        name = self.chance.choice(NODES)
        if name not in self.off:
            self.ends.volumes[name].round()
            self.ends.volumes[name].round()

    def move(self) -> None:
        """Planned: the owner is down before the other one claims; what fails goes back."""
        if self.off or self.unaware or self.ends.cut:
            return
        if self.ends.end(self.other).role is not Role.DESTINATION:
            return  # refused: both are sources until their agents have met
        source, target = self.owner, self.other
        try:
            self._owned_by(target)
        except StandbyError:
            self._owned_by(source)

    def lose(self) -> None:
        """The owner hangs or loses its power; the other node takes over what it has, allowed or by force."""
        lost = self.owner
        if self.other in self.off:  # it is back, and meets nobody
            self.off.discard(self.other)
            self.ends.start(self.other)
        mirror = self.ends.end(self.other)
        if mirror.role is Role.DESTINATION and self.ends.progress(self.other).of is None:
            return  # nothing has ever been copied
        hangs = self.chance.random() < 0.5
        (self.unaware if hangs else self.off).add(lost)
        self.ends.cut = True
        self.unaware.discard(self.other)
        self._owned_by(self.other, promote=True)
        self.newest = self.ends.content(self.owner)[INDEX]
        self.ends.cut = bool(self.off)
        if hangs:
            self.ends.ownership[lost] = Ownership(owns=True, epoch=self.epoch - 1)  # its lease is over

    def come_back(self) -> None:
        """The node that hung sees what has become of it; one that was off starts."""
        for name in (*self.off, *self.unaware):
            self.ends.ownership[name] = Ownership(owns=name == self.owner, down=True, epoch=self.epoch)
            self.ends.start(name)
        self.off.clear()
        self.unaware.clear()
        self.ends.cut = False

    def restart(self) -> None:
        """The owner's node starts anew, and nobody takes over: it is down, and up again some time later."""
        if self.owner in self.off:
            return
        if self.serves:
            self.serves = False
            self.ends.ownership[self.owner] = Ownership(owns=True, down=True, epoch=self.epoch)
            self.ends.start(self.owner)
        else:
            self._owned_by(self.owner)

    def part(self) -> None:
        """The line between them fails, or is there again."""
        self.ends.cut = not self.ends.cut or bool(self.off)

    def _owned_by(self, name: str, *, promote: bool = False) -> None:
        self.epoch += 1
        for one in NODES:
            if one not in self.unaware | self.off:
                mine = one == name
                self.ends.ownership[one] = Ownership(mine, mine, not mine, self.epoch)
        self.ends.volumes[name].turn(promote=promote)
        self.owner, self.serves = name, True


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_the_owners_data_is_never_overwritten(tmp_path, monkeypatch, seed):
    chance = Random(seed)
    pair = Pair(Ends(tmp_path, monkeypatch), chance)
    rare = [pair.move, pair.lose, pair.come_back, pair.restart, pair.part]
    deeds = [*[pair.write] * 3, *[pair.look] * 6, *rare]
    played = []
    for _step in range(STEPS):
        deed = chance.choice(deeds)
        played.append(f"{deed.__name__}: {pair.owner} in {pair.epoch}")
        deed()
        assert pair.ends.content(pair.owner).get(INDEX) == pair.newest, "\n".join(played)
    pair.come_back()
    if not pair.serves:
        pair.restart()
    for _round in range(3):
        for name in NODES:
            pair.ends.volumes[name].round()
    assert {pair.ends.content(name).get(INDEX) for name in NODES} == {pair.newest}, "\n".join(played)
