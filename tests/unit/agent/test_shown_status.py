# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``status.json`` says what is so, or is not there."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import surroundings as module
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.surroundings import Surroundings


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """What writes the status, without all that stands beside it."""
    monkeypatch.setattr(module, "status", lambda *_both: {"standing": "lapsed"})
    made = Surroundings.__new__(Surroundings)
    made._home, made._decisions, made._works_by, made._shown = Home(str(tmp_path)), Mock(), {}, {}
    made._fences, made._watch, made._standby = Mock(shown=dict), Mock(), {}
    made._home.status_file.write_text('{"standing": "member"}')
    return made


def test_what_is_shown_is_what_was_decided_last(shown):
    shown._journal((Mock(), Mock()), 0)
    assert json.loads(shown._home.status_file.read_text())["standing"] == "lapsed"


def test_what_cannot_be_shown_does_not_leave_what_was_so_before(shown, monkeypatch):
    def full(*_arguments, **_named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        shown._journal((Mock(), Mock()), 0)
    assert not shown._home.status_file.exists()
