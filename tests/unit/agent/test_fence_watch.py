# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that fails is told before it is needed: once, and once more when it answers again."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import fence_watch
from ansible_collections.standby.iis.plugins.module_utils.agent.bmc import Bmc
from ansible_collections.standby.iis.plugins.module_utils.agent.fence_watch import FenceWatch
from ansible_collections.standby.iis.plugins.module_utils.agent.requests import _in_words
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError

BMCS = {name: Bmc("https://bmc", "1", "a", "C:\\p") for name in ("server1", "server2")}
TOLD = Settings("server2", "web", fences={"server3": ("C:\\off.exe",)}, bmcs=BMCS)


class Fence:
    """A controller that answers, or fails, as the test says; cutting is an error."""

    failing: Exception | None = None

    def look(self) -> str:
        if self.failing is not None:
            raise self.failing
        return "it answers"

    def cut(self) -> str:
        pytest.fail("a look never cuts")


@pytest.fixture
def made(monkeypatch):
    fence, asked, said = Fence(), [], []
    monkeypatch.setattr(fence_watch, "fence_of", lambda _settings, node, _here: asked.append(node) or fence)
    monkeypatch.setattr(fence_watch, "wall", lambda: "now")
    one = FenceWatch(
        TOLD, None, lambda told: said.append(("problem", told)), lambda told: said.append(("is", told))
    )
    yield one, fence, asked, said
    one.close()


def test_what_fails_is_told_once_and_once_more_when_it_answers(made):
    one, fence, asked, said = made
    one.look()
    assert (said, asked) == ([], ["server1"])
    for fence.failing in (StandbyError("no answer"), KeyError("x")):
        one.look()
    assert [kind for kind, _told in said] == ["problem"]
    assert said[0][1] == "the fence of server1 would not work: no answer."
    assert not one.shown("server1")["well"]
    fence.failing = None
    one.look()
    assert said[1:] == [("is", "the fence of server1 would work again: it answers")]
    assert one.shown("server1") == {"well": True, "told": "it answers", "at": "now"}


def test_it_looks_by_itself_until_it_is_closed(made, monkeypatch):
    one, fence, _asked, _said = made
    seen = threading.Event()
    monkeypatch.setattr(fence_watch, "FIRST", 0.0)
    monkeypatch.setattr(fence, "look", seen.set)
    one.start()
    assert seen.wait(20.0)


def test_without_controllers_of_others_nothing_is_begun(monkeypatch):
    monkeypatch.setattr(fence_watch.threading, "Thread", pytest.fail)
    FenceWatch(Settings("server1", "web", bmcs={"server1": BMCS["server1"]}), None, None, None).start()


def test_people_read_it_in_the_status():
    looked = {"well": False, "told": "server1: no answer.", "at": "now"}
    one = {"provider": "redfish", "last": None, "looked": looked}
    shown = {
        "nodes": {},
        "hierarchies": {},
        "here": {"fences": {"server1": one}},
        "running": True,
        "problems": [],
    }
    assert "fence of server1 would not work at now: server1: no answer\n" in _in_words(shown)
    assert "would not work" not in _in_words(
        {**shown, "here": {"fences": {"server1": {**one, "looked": None}}}}
    )
