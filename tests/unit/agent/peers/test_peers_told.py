# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems of the listener: each is told, none is told over and over."""

from __future__ import annotations

from ansible_collections.standby.iis.plugins.module_utils.agent.peers.told import Told


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_sentence_is_told_once_a_minute():
    clock, heard = Clock(), []
    told = Told(heard.append, clock)
    for clock.now in (0.0, 1.0, 59.9, 60.0, 61.0):
        told.tell("It is so.")
    told.tell("It is otherwise.")
    assert heard == ["It is so.", "It is so.", "It is otherwise."]


def test_a_flood_of_sentences_is_cut_off_and_said_to_be():
    clock, heard = Clock(), []
    told = Told(heard.append, clock)
    for number in range(1000):
        told.tell(f"A connection from 10.0.{number // 250}.{number % 250} was refused.")
    assert len(heard) == 65
    assert heard[-1] == "More than 64 different problems within a minute: the rest is not told."
    clock.now = 60.0
    told.tell("It is over.")
    assert heard[-1] == "It is over."
