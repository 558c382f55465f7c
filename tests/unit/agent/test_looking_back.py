# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the decision log answers by the command: how old that is, earlier decisions, and other ones now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import cli, looking_back, settings
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.log import DecisionLog
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import EtcdSettings, Settings
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership import journal
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decide import decide
from tests.support.ownership_snapshots import SICK, snapshot

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DIRECTORY = Settings(
    "server1", "web", directory=r"\\files\witness$\web", addresses={"server1": ("10.0.0.1",)}
)
ETCD = replace(DIRECTORY, directory=None, etcd=EtcdSettings(("https://10.0.0.9:2379",)))
USUAL, AILING = snapshot(), snapshot(local={"web": SICK})


@pytest.fixture
def home(tmp_path) -> Home:
    """Of an agent that found its site well at noon, and failed a minute later."""
    (tmp_path / "agent.json").write_text(settings.write(DIRECTORY))
    made = Home(str(tmp_path))
    times = iter((NOON, NOON + timedelta(minutes=1)))
    log = DecisionLog(made.decisions_file, lambda: next(times).isoformat())
    for seen in (USUAL, AILING):
        assert log.decided(seen, decide(seen))
    log.close()
    return made


def test_the_last_decision_is_told_with_its_age(home):
    first, *rest = looking_back.why(home, NOON + timedelta(hours=2))
    assert first == (
        "Decided at 2026-01-01T12:01:00+00:00, 1:59:00 h ago; "
        "since then there was nothing new to decide, or no agent ran."
    )
    assert any(line.startswith("web (recovering)") for line in rest)


def test_an_earlier_decision_is_told_as_well(home):
    first, *rest = looking_back.why(home, NOON + timedelta(days=1, minutes=5), "web", back=1)
    assert first == "Decided at 2026-01-01T12:00:00+00:00, 1 day, 0:05:00 h ago; 1 more was logged since."
    assert any(line.startswith("web (in service)") for line in rest)


def test_a_clock_that_was_set_back_is_told(home):
    assert "which is still to come: the clock of this node was set" in looking_back.why(home, NOON)[0]


def test_more_than_there_is_and_nothing_at_all_are_refused(home, tmp_path):
    with pytest.raises(StandbyError, match="has 2 decisions") as refused:
        looking_back.why(home, NOON, back=2)
    assert refused.value.remedy == "Go back by 1 at most"
    for ask in (looking_back.why, lambda one, _now: looking_back.differences(one, 200)):
        with pytest.raises(StandbyError, match="there is no decision in the decision log"):
            ask(Home(str(tmp_path / "nowhere")), NOON)


def test_a_directory_shows_a_death_later_than_an_etcd(home, monkeypatch):
    asked = []
    monkeypatch.setattr(looking_back, "what_if", lambda _snapshot, node, lag: [f"{node} {lag}"])
    for told in (DIRECTORY, ETCD):
        (home.folder / "agent.json").write_text(settings.write(told))
        asked += looking_back.foresight(home, NOON, "server2")[1:]
    assert asked == ["server2 10.0", "server2 0.0"]


def test_a_version_that_decides_the_same_says_so(home):
    assert looking_back.differences(home, 200) == ["2 of the last 2 decisions would be made as they were."]


def test_what_would_be_decided_otherwise_or_cannot_be_read_is_told(home):
    other = journal.entry(AILING, decide(USUAL), "2026-01-01T13:00:00Z")
    (home.folder / "logs" / "decisions.000099.log").write_text(f"{other}\n{{}}\n", encoding="ascii")
    at, *told, damaged, last = looking_back.differences(home, 3)
    assert at == "2026-01-01T13:00:00Z:"
    assert any("now it would be recovering" in line for line in told)
    assert damaged.startswith("Of those that were read, number 3: the line has format None")
    assert last == "1 of the last 3 decisions would be made as they were."


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["explain", "web", "--back", "1"], "web (in service)"),
        (["what-if", "server2"], "If server2 dies now"),
        (["replay", "--last", "1"], "1 of the last 1 decisions"),
    ],
)
def test_the_command_tells_it(home, capsys, words, told):
    assert cli.main([*words, "--home", home.name], Home, None, ()) == 0
    assert told in capsys.readouterr().out


@pytest.mark.parametrize("words", [["explain", "--back", "-1"], ["replay", "--last", "0"]])
def test_counts_that_cannot_be_are_refused(home, capsys, words):
    with pytest.raises(SystemExit):
        cli.main([*words, "--home", home.name], Home, None, ())
    assert "is less than" in capsys.readouterr().err
