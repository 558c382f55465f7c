# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's settings, and its home."""

from __future__ import annotations

import json

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import settings
from ansible_collections.standby.iis.plugins.module_utils.agent.declared import HierarchyOptions
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import EtcdSettings, Settings
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.check_times import CheckSettings
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Switchback

USUAL = Settings(
    "server1",
    "web",
    directory="\\\\files\\witness$\\web",
    addresses={"server1": ("10.0.0.11",), "server2": ("10.0.0.12", "2001:db8::12")},
    hierarchies={"": HierarchyOptions(Switchback.AUTOMATIC, (60, 300))},
    fences={"server2": ("C:\\fence.exe", "server2")},
    timers={"stability": 600.0, "recovery_attempts": 3},
    checks=CheckSettings({"fall": 3}, {"interval": 4.0}, {"Shop": 1}),
)

OPTIONS = {"switchback": "automatic", "window": None, "recovery": True}


def document(**changes):
    return json.dumps(json.loads(settings.write(USUAL)) | changes)


@pytest.mark.parametrize(
    "wanted",
    [USUAL, Settings("a", "b", etcd=EtcdSettings(("https://10.0.0.1:2379",)), addresses={"a": ("::1",)})],
)
def test_what_is_written_is_read_again(wanted):
    assert settings.parse(settings.write(wanted)) == wanted


def test_timers_come_from_the_preset_and_what_is_set_otherwise():
    found = settings.timers_of(USUAL)
    assert (found.ttl, found.stability, found.recovery_attempts) == (7.75, 600.0, 3)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": 2}, "have format 2"),
        ({"directory": None}, "name no witness"),
        ({"etcd": {"endpoints": ["https://10.0.0.1:2379"]}}, "name two witnesses"),
        ({"port": 0}, "name port 0"),
        ({"fences": {"server2": []}}, "the fence of server2 is empty. Name a program"),
        ({"hierarchies": {"": {**OPTIONS, "window": [120, 1500]}}}, "the window of '' is 120 to 1500"),
        ({"addresses": {"server2": ["10.0.0.12"]}}, "no address of server1 itself"),
        ({"preset": "quick"}, "there is no preset 'quick'"),
        ({"timers": {"ttl": 3.0}}, "must not exceed"),
        ({"node": 7}, "agent.json has"),
        ({"checks": {"quick": {"timeout": 60.0}}}, "quick check: recovery_attempts"),
        ({"checks": {"deep": {"timeout": 1.0}}}, "deep check: there is no setting timeout"),
        ({"hierarchies": {"web": {"switchback": "perhaps"}}}, "agent.json has"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(changes, told):
    with pytest.raises(StandbyError, match=told) as refused:
        settings.parse(document(**changes))
    assert refused.value.remedy


@pytest.mark.parametrize("text", ["", "{", "[]", "7"])
def test_what_is_no_document_is_refused(text):
    with pytest.raises(StandbyError, match="agent's settings"):
        settings.parse(text)


@pytest.fixture
def home(tmp_path):
    return Home(str(tmp_path))


def test_a_home_without_settings_says_so(home):
    with pytest.raises(StandbyError, match=r"agent\.json cannot be read"):
        home.settings()


def test_two_agents_are_never_in_one_home(home):
    with home.alone(), pytest.raises(StandbyError, match="another agent runs"), Home(home.name).alone():
        pytest.fail("the lock is held twice")
    with Home(home.name).alone():
        pass


def test_a_file_is_replaced_as_a_whole_or_not_at_all(home, monkeypatch):
    home.write(home.status_file, {"a": 1})
    with pytest.raises(TypeError):
        home.write(home.status_file, {"a": object()})
    assert json.loads(home.status_file.read_text()) == {"a": 1}
    assert [one.name for one in home.folder.iterdir()] == ["status.json"]
