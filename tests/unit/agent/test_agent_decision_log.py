# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision log: what is worth a line stands in it, and what stands in it can be decided again."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.standby.iis.plugins.module_utils.agent.line_file import files_of
from ansible_collections.standby.iis.plugins.module_utils.agent.log import DecisionLog, tail
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership import journal
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decide import decide
from tests.support.ownership_snapshots import SICK, SILENT, snapshot

NOON = "2026-01-01T12:00:00Z"
USUAL = snapshot()
AILING = snapshot(local={"web": SICK})
LOST = snapshot("server2", nodes={"server1": SILENT})


def log(path: Path, **options) -> DecisionLog:
    return DecisionLog(path, lambda: NOON, **options)


def test_what_tells_nothing_new_gets_no_line(tmp_path: Path):
    path = tmp_path / "decisions.log"
    one = log(path)
    written = [one.decided(seen, decide(seen)) for seen in (USUAL, USUAL, AILING, USUAL, USUAL)]
    assert written == [True, False, True, True, False]
    assert len(tail(path, 10)) == 3
    assert one.lost == (0, "")


def test_each_line_decides_the_same_again_over_rotation_and_a_torn_end(tmp_path: Path):
    path = tmp_path / "decisions.log"
    one = log(path, size=3000, files=100)
    for seen in (USUAL, AILING, LOST):
        assert one.decided(seen, decide(seen))
    one.close()
    with files_of(path)[1][1].open("ab") as file:
        file.write(b'{"format":1,"at":')
    lines = tail(path, 10)
    entries = list(journal.read_log(lines))
    assert [entry.at for entry in entries] == [NOON] * 3
    assert [entry.snapshot for entry in entries] == [USUAL, AILING, LOST]
    assert [journal.replay(line) for line in lines] == [None] * 3


def test_a_decision_that_could_not_be_written_is_counted_and_the_next_one_is(tmp_path: Path):
    path = tmp_path / "decisions.log"
    disks = [
        lambda _file: os.open("/dev/full", os.O_WRONLY),
        lambda file: os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL),
    ]

    def next_disk(file):
        return disks.pop(0)(file)

    one = log(path, open_file=next_disk)
    assert not one.decided(USUAL, decide(USUAL))
    assert one.lost == (1, "No space left on device")
    assert one.decided(USUAL, decide(USUAL))
    assert not one.decided(USUAL, decide(USUAL))
    assert len(tail(path, 10)) == 1
    assert one.lost == (1, "No space left on device")
