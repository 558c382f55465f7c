# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A warm site whose address has come: it answers, or it is started again."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import perform
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check, SiteType
from ansible_collections.standby.iis.plugins.module_utils.ha.plan import Action, Step
from ansible_collections.standby.iis.plugins.module_utils.windows.deepcheck import Verdict

CHECK = Check("http://10.0.0.50/", timeout=9.0, body="a{9}b", latency=0.1)
YES, NO = Verdict(True, "answered 200", 0.01), Verdict(False, "gave no answer: refused", 0.01)
BUSY = Verdict(False, "did not answer within 2 s", 2.0)


@pytest.fixture
def wake(monkeypatch):
    """Carry out the step with these answers; what was done with the site, and what was asked."""

    def run(*answers, checks=(CHECK,)):
        done, asked = [], []
        waiting = list(answers)
        monkeypatch.setattr(
            perform, "stop", lambda _node, one, name, _clock: done.append(("stop", one, name))
        )
        monkeypatch.setattr(
            perform, "start", lambda _node, one, name, _clock: done.append(("start", one, name))
        )
        ask = Mock(side_effect=lambda check: (asked.append(check), waiting.pop(0))[1])
        monkeypatch.setattr(perform, "deepcheck", SimpleNamespace(run_check=ask))
        arguments = {"name": "Shop", "type": SiteType.WEB, "checks": checks}
        perform.operate(Mock(), Step("server2", Action.WAKE_SITE, "site", "wake", arguments), Mock())
        return [verb for verb, *_rest in done], asked

    return run


def test_one_that_answers_is_left_alone_and_was_asked_for_an_answer_alone(wake):
    done, (asked,) = wake(YES)
    assert done == []
    assert (asked.timeout, asked.body, asked.latency) == (perform.WAKE_TIMEOUT, None, None)


def test_one_that_answers_a_moment_later_is_left_alone(wake):
    assert wake(NO, YES)[0] == []


def test_one_that_does_not_answer_is_started_again(wake):
    assert wake(*[NO] * perform.WAKE_ATTEMPTS)[0] == ["stop", "start"]


def test_one_whose_application_is_still_loading_is_not_started_again(wake):
    assert wake(BUSY)[0] == []


def test_one_that_answers_on_one_address_alone_is_started_again(wake):
    answers = [YES, *[NO] * perform.WAKE_ATTEMPTS]
    assert wake(*answers, checks=(CHECK, CHECK))[0] == ["stop", "start"]


def test_one_that_nobody_can_ask_is_started_again(wake):
    assert wake(checks=())[0] == ["stop", "start"]
