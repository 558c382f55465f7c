# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirror that agents copy: what counts as a verified copy, and how old that is."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import copies as module
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, Role

INDEX = "web/index.html"


@pytest.fixture
def ends(ends):
    ends.volumes["server2"].round()
    return ends


def test_what_is_not_there_as_it_was_written_is_no_copy_and_is_written_again(ends, monkeypatch):
    """Something else writes to the volume meanwhile, or its disk does not keep what it took."""
    become = module.Folder.become

    def spoilt(self, wanted, source, part):
        become(self, wanted, source, part)
        ends.put("server2", INDEX, "tw0")

    ends.put("server1", INDEX, "two")
    with monkeypatch.context() as patch:
        patch.setattr(module.Folder, "become", spoilt)
        ends.volumes["server2"].round()
    assert ends.side("server2").copy is Copy.CATCHING_UP
    assert "does not hold what was written" in ends.side("server2").words
    ends.volumes["server2"].round()
    assert ends.content("server2") == {INDEX: "two"}
    assert ends.side("server2").copy is Copy.IN_SYNC


@pytest.mark.parametrize("asked", [True, False])
def test_a_source_tells_the_time_before_it_looked_where_it_was_asked_to(ends, monkeypatch, asked):
    """What is written while it looks may not be in what it tells."""
    tree = module.Folder.tree

    def slow(self):
        ends.now += 5
        return tree(self)

    monkeypatch.setattr(module.Folder, "tree", slow)
    before = ends.now
    told = ends.volumes["server1"].answer(module.Told(Role.DESTINATION, 0), asked)
    assert (told.at, bool(told.digest)) == ((before, True) if asked else (None, False))
    assert ends.now == before + (5 if asked else 0)
