# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirror that agents copy, after its owner has changed by force or by error: the owner's data stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import copies as module
from ansible_collections.standby.iis.plugins.module_utils.agent.copies import Ownership
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.windows.copied import Copied, write_end
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, End, Making, Role
from tests.support.copied_world import RPO

INDEX = "web/index.html"


@pytest.fixture
def ends(ends):
    ends.volumes["server2"].round()
    return ends


def restarts(ends, name, *, owns, epoch):
    ends.ownership[name] = Ownership(owns=owns, serves=False, down=True, epoch=epoch)
    ends.start(name)


def taken_over(ends, name, epoch):
    """The other node is lost, and this one is its successor."""
    ends.cut = True
    ends.owned_by(name, epoch)
    ends.volumes[name].turn(promote=True)


def test_what_was_written_since_a_forced_move_to_an_old_source_stays(ends):
    taken_over(ends, "server2", 4)
    ends.put("server2", INDEX, "given up by the operator")
    taken_over(ends, "server1", 5)  # which has been the source all along
    ends.put("server1", INDEX, "days of work since")
    restarts(ends, "server1", owns=True, epoch=5)
    restarts(ends, "server2", owns=False, epoch=5)
    ends.cut = False
    for name in ("server2", "server1", "server2"):
        ends.volumes[name].round()
    ends.ownership["server1"] = Ownership(owns=True, serves=True, epoch=6)
    ends.volumes["server1"].turn(promote=False)
    ends.volumes["server2"].round()
    assert ends.content("server1") == ends.content("server2") == {INDEX: "days of work since"}
    assert [ends.end(name).role for name in ("server1", "server2")] == [Role.SOURCE, Role.DESTINATION]


def test_an_owner_that_is_down_never_becomes_the_destination(ends):
    taken_over(ends, "server2", 4)
    ends.put("server2", INDEX, "acknowledged by server2")
    ends.cut = False
    ends.ownership["server1"] = Ownership(owns=True, serves=True, epoch=3)
    ends.volumes["server1"].round()  # it has hung, wakes up, and takes itself for the owner
    assert ends.end("server1").generation > ends.end("server2").generation
    restarts(ends, "server1", owns=False, epoch=4)
    restarts(ends, "server2", owns=True, epoch=4)
    ends.volumes["server1"].round()
    assert ends.end("server2").role is Role.SOURCE
    ends.ownership["server2"] = Ownership(owns=True, serves=True, epoch=5)
    ends.volumes["server2"].turn(promote=False)
    for name in ("server2", "server1", "server1"):
        ends.volumes[name].round()
    assert ends.content("server1") == ends.content("server2") == {INDEX: "acknowledged by server2"}


def test_of_two_sources_of_one_generation_that_nobody_owns_neither_gives_way(ends):
    """Each would give way to the other one, and nobody were left who has what was written."""
    ends.put("server2", INDEX, "written on server2")
    for name in ("server1", "server2"):
        write_end(ends.nodes[name], replace(ends.end(name), role=Role.SOURCE, generation=5))
        ends.ownership[name] = Ownership(down=True, epoch=5)
    for name in ("server1", "server2") * 2:
        ends.volumes[name].round()
    assert {ends.end(name).role for name in ("server1", "server2")} == {Role.SOURCE}
    assert [ends.content(name)[INDEX] for name in ("server1", "server2")] == ["one", "written on server2"]


def test_who_takes_over_is_newer_than_a_source_whose_turns_it_has_not_heard_of(ends):
    ends.cut = True
    for epoch in (6, 7):  # server1 starts anew, and serves again
        ends.owned_by("server1", epoch)
        ends.volumes["server1"].turn(promote=False)
    taken_over(ends, "server2", 8)
    ends.put("server2", INDEX, "acknowledged by server2")
    for name in ("server1", "server2"):  # taken out of service, so that nobody owns it
        ends.ownership[name] = Ownership(down=True, epoch=8)
    ends.cut = False
    for name in ("server1", "server2", "server1"):
        ends.volumes[name].round()
    assert [ends.end(name).role for name in ("server1", "server2")] == [Role.DESTINATION, Role.SOURCE]
    assert ends.content("server1") == ends.content("server2") == {INDEX: "acknowledged by server2"}


def test_an_end_that_has_become_the_source_while_it_asked_fetches_nothing(ends):
    ends.put("server1", INDEX, "two")
    write_end(ends.nodes["server1"], replace(ends.end("server1"), generation=9))
    runs = ends.nodes["server2"].shell.runs

    def turned(_name):
        ends.after_answer = lambda _name: None
        ends.volumes["server2"].turn(promote=True)

    ends.after_answer = turned
    ends.ownership["server2"] = Ownership()  # it has lost it again already, and may still be up
    ends.volumes["server2"].round()
    assert ends.end("server2").role is Role.SOURCE
    assert ends.nodes["server2"].shell.runs == runs


def test_what_was_served_last_and_alone_stays_though_nobody_owns_it(ends):
    taken_over(ends, "server2", 4)
    ends.put("server2", INDEX, "given up by the operator")
    ends.cut = True
    ends.owned_by("server1", 5)  # by force; it is the source already, so that nothing turns it
    ends.put("server1", INDEX, "days of work since")
    ends.ownership["server1"] = Ownership(down=True, epoch=5, newest=True)  # taken out of service
    restarts(ends, "server2", owns=False, epoch=5)
    ends.cut = False
    for name in ("server2", "server1", "server2"):
        ends.volumes[name].round()
    assert ends.end("server1").role is Role.SOURCE
    ends.owned_by("server1", 6)
    for name in ("server1", "server2", "server2"):
        ends.volumes[name].round()
    assert ends.content("server1") == ends.content("server2") == {INDEX: "days of work since"}


def test_a_source_that_serves_rises_to_its_epoch_by_itself(ends):
    ends.owned_by("server1", 7)
    ends.cut = True
    ends.volumes["server1"].round()
    assert ends.end("server1").generation == 7


def taken_over_by_half(ends, monkeypatch):
    """Of two new files, the second one cannot be replaced when server2 takes them over."""
    become = module.Folder.become

    def half(self, wanted, source, part):
        become(self, {"web": "", INDEX: wanted[INDEX]}, source, part)
        raise StandbyError("it is held open")

    ends.put("server1", INDEX, "two")
    ends.put("server1", "web/new.html", "new")
    with monkeypatch.context() as patch:
        patch.setattr(module.Folder, "become", half)
        ends.volumes["server2"].round()


def test_a_copy_that_is_being_taken_over_is_taken_over_before_another_one_is_fetched(ends, monkeypatch):
    taken_over_by_half(ends, monkeypatch)
    assert ends.progress("server2").applying
    ends.put("server1", INDEX, "three")

    def dies(_name):
        ends.cut = True
        (ends.folder("server2") / "standby.iis/copy" / INDEX).unlink()

    ends.after_copy = dies
    ends.owned_by("server2", 4)
    with pytest.raises(StandbyError):
        ends.volumes["server2"].turn(promote=False)
    ends.volumes["server2"].turn(promote=True)
    assert ends.content("server2") == {INDEX: "two", "web/new.html": "new"}


def test_a_copy_that_was_spoilt_while_it_was_taken_over_is_fetched_anew(ends, monkeypatch):
    taken_over_by_half(ends, monkeypatch)
    (ends.folder("server2") / "standby.iis/copy" / INDEX).unlink()
    ends.ownership["server2"] = Ownership(owns=True, serves=True, epoch=4)
    with pytest.raises(StandbyError, match="is not there any more as it was verified"):
        ends.volumes["server2"].turn(promote=True)
    ends.ownership["server2"] = Ownership(down=True, epoch=4)
    ends.volumes["server2"].round()
    assert ends.content("server2") == {INDEX: "two", "web/new.html": "new"}
    assert ends.side("server2").copy is Copy.IN_SYNC


def test_a_source_whose_end_was_made_again_is_copied(ends):
    ends.owned_by("server2", 4)
    ends.volumes["server2"].turn(promote=False)
    ends.owned_by("server1", 5)
    ends.volumes["server1"].turn(promote=False)
    own, other = (End(name.upper(), f"standby-R-{name}", "R:\\", "") for name in ("server1", "server2"))
    Copied().remove_end(ends.nodes["server1"], own)
    Copied().unpair(ends.nodes["server2"], own, other, alone=True)
    Copied().create_end(ends.nodes["server1"], own, Making())
    Copied().accept(ends.nodes["server2"], other, own, RPO)
    Copied().pair(ends.nodes["server1"], own, other, synchronous=False, rpo=RPO, seeded=False)
    ends.volumes["server2"].round()
    assert ends.side("server2").copy is Copy.IN_SYNC


def test_a_link_in_the_way_goes_and_what_it_leads_to_stays(ends, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "web.config").write_text("not of this volume")
    (ends.folder("server1") / "web/current").symlink_to(elsewhere, target_is_directory=True)
    (ends.folder("server1") / "web/robots.txt").symlink_to(elsewhere, target_is_directory=True)
    ends.owned_by("server2", 4)
    ends.volumes["server2"].turn(promote=False)
    ends.put("server2", "web/current/web.config", "server2's own")
    ends.put("server2", "web/robots.txt", "server2's own")
    ends.volumes["server1"].round()
    assert ends.content("server1") == ends.content("server2")
    assert (elsewhere / "web.config").read_text() == "not of this volume"


def test_a_folder_that_goes_may_hold_a_link(ends, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (ends.folder("server1") / "web/current").symlink_to(elsewhere, target_is_directory=True)
    ends.owned_by("server2", 4)
    ends.volumes["server2"].turn(promote=False)
    (ends.folder("server2") / INDEX).unlink()
    (ends.folder("server2") / "web").rmdir()
    ends.put("server2", "v2/index.html", "two")
    ends.volumes["server1"].round()
    assert ends.content("server1") == {"v2/index.html": "two"}
    assert elsewhere.is_dir()
