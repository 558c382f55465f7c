# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirror that agents copy: what reaches the destination, and what never does."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import copies as module
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.windows.copied import Copied, write_end
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, End, Role
from tests.support.copied_world import RPO


def lag(ends):
    """Seconds, as each node shows them."""
    return {name: ends.now - ends.side(name).last_in_sync.timestamp() for name in ("server1", "server2")}


def test_before_the_first_copy_both_ends_say_so(ends):
    assert [ends.side(name).role for name in ("server1", "server2")] == [Role.SOURCE, Role.DESTINATION]
    assert {ends.side(name).copy for name in ("server1", "server2")} == {Copy.INITIAL}


def test_the_destination_fetches_and_both_know_how_old_the_copy_is(ends):
    ends.put("server2", "web/old.html", "goes")
    ends.volumes["server2"].round()
    assert ends.content("server2") == {"web/index.html": "one"}
    ends.now += 7
    assert lag(ends) == {"server1": 7.0, "server2": 7.0}
    assert {ends.side(name).copy for name in ("server1", "server2")} == {Copy.IN_SYNC}
    ends.now += RPO
    assert {ends.side(name).copy for name in ("server1", "server2")} == {Copy.BEHIND}


def test_what_is_the_same_is_verified_without_a_copy(ends):
    ends.volumes["server2"].round()
    runs = ends.nodes["server2"].shell.runs
    ends.now += 5
    ends.volumes["server2"].round()
    assert ends.nodes["server2"].shell.runs == runs
    assert lag(ends) == {"server1": 0.0, "server2": 0.0}


def test_a_deletion_is_copied_too(ends):
    ends.put("server1", "web/a/b.html", "b")
    ends.volumes["server2"].round()
    (ends.folder("server1") / "web/a/b.html").unlink()
    (ends.folder("server1") / "web/a").rmdir()
    ends.volumes["server2"].round()
    assert ends.content("server2") == {"web/index.html": "one"}
    assert not (ends.folder("server2") / "web/a").exists()


def test_a_source_that_dies_while_it_is_copied_leaves_the_last_verified_copy(ends):
    ends.volumes["server2"].round()
    ends.put("server1", "web/index.html", "two, which is longer")
    ends.put("server1", "web/new.html", "new")

    def dies(_name):
        ends.cut = True
        (ends.folder("server2") / "standby.iis/copy/web/new.html").unlink()  # half of it was there

    ends.after_copy = dies
    ends.volumes["server2"].round()
    assert ends.content("server2") == {"web/index.html": "one"}
    assert ends.progress("server2").problem == "the agent does not answer"
    assert ends.side("server2").copy is Copy.IN_SYNC  # of what it is: so old, and within the RPO
    ends.owned_by("server2", 4)
    ends.volumes["server2"].turn(promote=True)
    assert ends.content("server2") == {"web/index.html": "one"}
    assert ends.end("server2").role is Role.SOURCE


def test_what_changes_while_it_is_copied_is_fetched_again(ends):
    def changes(_name):
        ends.before_copy = lambda _name: None
        ends.put("server1", "web/index.html", "changed meanwhile")

    ends.before_copy = changes
    ends.volumes["server2"].round()
    assert ends.content("server2") == {"web/index.html": "changed meanwhile"}
    assert lag(ends)["server2"] == 0.0


def test_what_never_holds_still_is_told_and_the_volume_stays_as_it_was(ends):
    ends.volumes["server2"].round()
    number = 0

    def changes(_name):
        nonlocal number
        number += 1
        ends.put("server1", "web/index.html", f"change {number}")

    ends.put("server1", "web/index.html", "change")
    ends.before_copy = changes
    ends.volumes["server2"].round()
    assert "changes all the time" in ends.progress("server2").problem
    assert ends.now > 1_000_000.0 + 10.0  # no cache of the SMB client is that old
    assert ends.content("server2") == {"web/index.html": "one"}
    ends.now += RPO + 1
    assert ends.side("server2").copy is Copy.FAILED


def test_damage_on_the_way_is_found_by_its_digest(ends):
    def damages(name):
        file = ends.folder(name) / "standby.iis/copy/web/index.html"
        file.write_text("0ne")

    ends.after_copy = damages
    ends.volumes["server2"].round()
    assert ends.content("server2") == {}
    assert ends.side("server2").copy is Copy.INITIAL


def test_a_planned_turn_fetches_all_that_was_written_and_the_source_follows(ends):
    ends.volumes["server2"].round()
    ends.put("server1", "web/last.html", "last")
    ends.owned_by("server2", 4)
    ends.volumes["server2"].turn(promote=False)
    assert ends.content("server2") == {"web/index.html": "one", "web/last.html": "last"}
    assert [ends.end(name).role for name in ("server1", "server2")] == [Role.DESTINATION, Role.SOURCE]
    ends.put("server2", "web/index.html", "by server2")
    ends.volumes["server1"].round()
    assert ends.content("server1")["web/index.html"] == "by server2"


def test_a_planned_turn_that_cannot_fetch_leaves_the_source_the_source(ends):
    ends.volumes["server2"].round()
    ends.put("server1", "web/last.html", "last")
    ends.cut = True
    ends.owned_by("server2", 4)
    with pytest.raises(StandbyError, match="does not answer"):
        ends.volumes["server2"].turn(promote=False)
    assert [ends.end(name).role for name in ("server1", "server2")] == [Role.SOURCE, Role.DESTINATION]


def test_the_owner_fetches_nothing_whatever_its_end_says(ends):
    ends.owned_by("server2", 4)
    ends.volumes["server2"].round()
    assert ends.content("server2") == {}


def test_an_old_source_that_comes_back_overwrites_nothing_and_takes_in_what_it_missed(ends):
    ends.volumes["server2"].round()
    ends.cut = True
    ends.owned_by("server2", 4)
    ends.volumes["server2"].turn(promote=True)
    ends.put("server2", "web/index.html", "newer")
    ends.put("server1", "web/lost.html", "written by server1 alone")
    ends.cut = False
    ends.volumes["server1"].round()  # learns that it is none any more
    ends.volumes["server2"].round()
    assert ends.content("server2") == {"web/index.html": "newer"}
    assert ends.end("server1").role is Role.DESTINATION
    assert ends.side("server1").copy is not Copy.IN_SYNC
    ends.volumes["server1"].round()
    assert ends.content("server1") == {"web/index.html": "newer"}


def test_a_source_whose_sites_may_be_up_does_not_become_the_destination(ends):
    ends.cut = True
    ends.owned_by("server2", 4)
    ends.volumes["server2"].turn(promote=True)
    ends.cut = False
    ends.ownership["server1"] = module.Ownership(down=False)  # its agent has just started
    ends.volumes["server1"].round()
    assert ends.end("server1").role is Role.SOURCE
    assert ends.content("server1") == {"web/index.html": "one"}


def test_of_two_sources_the_one_that_serves_stays_one(ends):
    ends.cut = True
    ends.owned_by("server2", 4)
    ends.volumes["server2"].turn(promote=True)
    ends.owned_by("server1", 5)  # forced back, while server2 was away
    ends.put("server1", "web/index.html", "newest")
    ends.cut = False
    ends.volumes["server1"].round()
    ends.volumes["server2"].round()
    assert [ends.end(name).role for name in ("server1", "server2")] == [Role.SOURCE, Role.DESTINATION]
    ends.volumes["server2"].round()
    assert ends.content("server1") == ends.content("server2") == {"web/index.html": "newest"}


def test_a_copy_of_an_earlier_life_is_not_taken_for_one_of_this(ends):
    ends.volumes["server2"].round()
    ends.owned_by("server2", 4)
    ends.volumes["server2"].turn(promote=False)
    ends.owned_by("server1", 5)
    ends.volumes["server1"].turn(promote=False)
    ends.put("server1", "web/index.html", "newer")

    def fails(_path):
        raise OSError("cut")

    ends.reach = fails
    ends.volumes["server2"].round()
    assert ends.side("server1").copy is Copy.INITIAL
    assert ends.side("server2").copy is Copy.INITIAL


@pytest.mark.parametrize("at_once", [True, False])
def test_what_was_begun_to_be_taken_over_is_finished_though_the_source_is_dead(ends, monkeypatch, at_once):
    ends.volumes["server2"].round()
    ends.put("server1", "web/index.html", "two")
    ends.put("server1", "web/new.html", "new")
    become = module.Folder.become

    def dies(self, wanted, source, part):
        become(self, {"web": "", "web/index.html": wanted["web/index.html"]}, source, part)
        raise KeyError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(module.Folder, "become", dies)
        ends.volumes["server2"].round()
    assert ends.content("server2") == {"web/index.html": "two"}
    assert ends.side("server2").copy is Copy.CATCHING_UP
    ends.cut = True
    ends.start("server2")
    if at_once:
        ends.volumes["server2"].turn(promote=True)
    else:
        ends.volumes["server2"].round()
    assert ends.content("server2") == {"web/index.html": "two", "web/new.html": "new"}
    assert (
        at_once or ends.side("server2").copy is Copy.IN_SYNC
    )  # at least as new as the last one that was verified


def test_a_suspended_source_is_not_copied(ends):
    end = End("SERVER1", "standby-R-server1", "R:\\", "")
    Copied().suspend(ends.nodes["server1"], end)
    ends.volumes["server2"].round()
    assert ends.content("server2") == {}
    assert ends.side("server1").copy is Copy.SUSPENDED
    assert "suspended" in ends.side("server2").words
    Copied().resume(ends.nodes["server1"], end)
    ends.volumes["server2"].round()
    assert ends.content("server2") == {"web/index.html": "one"}


def test_a_clock_that_was_set_back_makes_no_copy_young(ends):
    ends.volumes["server2"].round()
    ends.now -= 3600
    assert {ends.side(name).copy for name in ("server1", "server2")} == {Copy.BEHIND}


def test_what_an_smb_client_has_in_its_caches_delays_a_turn_and_spoils_none(ends):
    ends.volumes["server2"].round()
    old = ends.root / "old"
    shutil.copytree(ends.folder("server1"), old)
    ends.put("server1", "web/last.html", "last")
    fresh, cached_until = ends.reach, ends.now + 10.0
    ends.reach = lambda path: old if ends.now < cached_until else fresh(path)
    ends.owned_by("server2", 4)
    ends.volumes["server2"].turn(promote=False)
    assert ends.content("server2") == {"web/index.html": "one", "web/last.html": "last"}
    assert ends.end("server2").role is Role.SOURCE


@pytest.mark.parametrize("moment", ["after_copy", "after_answer"])
@pytest.mark.parametrize("changed", [True, False])
def test_a_fetch_that_is_under_way_when_the_node_takes_over_changes_nothing_any_more(ends, moment, changed):
    ends.volumes["server2"].round()
    if changed:
        ends.put("server1", "web/index.html", "two")

    def takes_over(name):
        setattr(ends, moment, lambda _name: None)
        ends.owned_by("server2", 4)
        ends.volumes["server2"].turn(promote=True)
        ends.put("server2", "web/index.html", "by server2, which serves")

    setattr(ends, moment, takes_over)
    ends.volumes["server2"].round()
    if changed or moment == "after_answer":
        assert ends.content("server2") == {"web/index.html": "by server2, which serves"}
        assert ends.end("server2").role is Role.SOURCE
        assert ends.progress("server2").of is None


def test_a_verification_that_is_under_way_when_the_node_takes_over_counts_for_nothing(ends, monkeypatch):
    ends.volumes["server2"].round()
    is_same = module.CopiedVolume._is_same

    def takes_over(self, heard):
        same = is_same(self, heard)
        ends.volumes["server2"].turn(promote=True)
        return same

    with monkeypatch.context() as patch:
        patch.setattr(module.CopiedVolume, "_is_same", takes_over)
        ends.volumes["server2"].round()
    assert ends.progress("server2").of is None


def test_a_report_of_an_earlier_generation_is_no_report(ends):
    generation = ends.end("server1").generation
    for told in (generation - 1, generation + 1):
        ends.volumes["server1"].answer(module.Told(Role.DESTINATION, told, copied=ends.now), False)
    assert ends.progress("server1").of is None
    ends.volumes["server1"].answer(module.Told(Role.DESTINATION, generation, copied=ends.now), False)
    assert ends.progress("server1").of == ends.now


def test_a_source_that_is_older_than_what_this_node_knows_is_not_copied(ends):
    write_end(ends.nodes["server2"], replace(ends.end("server2"), generation=9))
    ends.volumes["server2"].round()
    assert ends.content("server2") == {}
    assert "no newer source" in ends.progress("server2").problem


def test_a_node_does_not_become_the_source_by_a_move_where_nobody_is_one(ends):
    write_end(ends.nodes["server1"], replace(ends.end("server1"), role=Role.DESTINATION))
    with pytest.raises(StandbyError, match="nobody has its newest data"):
        ends.volumes["server2"].turn(promote=False)
    assert ends.end("server2").role is Role.DESTINATION


def test_an_agent_that_starts_anew_knows_how_old_the_copy_is(ends):
    ends.volumes["server2"].round()
    ends.start("server1")
    ends.start("server2")
    ends.now += 5
    ends.volumes["server1"].round()
    assert lag(ends) == {"server1": 5.0, "server2": 5.0}
