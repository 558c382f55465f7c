# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Sequence

import pytest

from lab.demo.acts import Act, DemoFailed, judge, summary
from lab.probe_report import Report, Sample, TargetReport, summarize


def seen(name: str, pattern: str) -> TargetReport:
    """One request each 100 ms: a digit names the node that answered, ``x`` is a refusal."""
    samples = [
        Sample(n / 10, n / 10 + 0.01, letter != "x", letter.replace("x", ""), letter)
        for n, letter in enumerate(pattern)
    ]
    return summarize(name, "u", samples)


def act(title: str, *targets: TargetReport, concerned: Sequence[str] = ("web",), nodes: int = 2) -> Act:
    return Act(title, tuple(concerned), nodes, Report(1.0, 0.1, 1.0, 0, 0.0, targets))


GOOD = act("move", seen("web", "11xx22"), seen("mail", "111111"))


def test_a_move_that_others_do_not_feel_is_as_it_should_be():
    judge(GOOD)
    judge(act("crash", seen("web", "11xx11"), seen("mail", "1111"), nodes=1))


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (act("m", seen("web", "11xx22"), seen("mail", "11x1")), "mail, which is not concerned, had a gap"),
        (act("m", seen("web", "11xx11"), seen("mail", "1111")), "web was answered by 1$"),
        (act("m", seen("web", "11xx22"), seen("mail", "xxxx")), "mail never answered"),
        (act("m", seen("web", "12122222"), seen("mail", "1111")), "two nodes answered for web at once"),
        (act("m", seen("web", "11x22x"), seen("mail", "1111")), "web is still down at the end"),
        (
            act("m", seen("web", "11x22"), seen("mail", "11x11"), concerned=("web", "mail")),
            "mail was answered by 1$",
        ),
    ],
)
def test_what_must_not_happen_is_told(bad, told):
    with pytest.raises(DemoFailed, match=told):
        judge(bad)


def test_the_table_has_what_was_measured_of_each_service():
    lines = summary([GOOD, act("power loss", seen("web", "1xxx2"), seen("mail", "1xxxx2"))]).splitlines()
    assert lines[0].split() == ["seconds", "without", "an", "answer", "web", "mail"]
    assert lines[1].split() == ["move", "0.20", "-"]
    assert lines[2].split() == ["power", "loss", "0.30", "0.40"]
    assert len({len(line) for line in lines}) == 1
