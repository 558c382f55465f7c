# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from lab.probe_report import Report, Sample, render, summarize


def samples(pattern: str, interval: float = 0.02, answer: float = 0.001) -> list[Sample]:
    """One sample a letter: a digit names the node that answered, ``x`` is a refusal."""
    return [
        Sample(
            n * interval,
            n * interval + answer,
            letter != "x",
            "" if letter == "x" else letter,
            "200" if letter != "x" else "refused",
        )
        for n, letter in enumerate(pattern)
    ]


def report(*targets) -> Report:
    return Report(2.0, 0.02, 1.0, 3, 0.045, tuple(targets))


def test_unbroken_service_has_no_gap() -> None:
    seen = summarize("s", "http://x/", samples("1111"))
    assert (seen.samples, seen.answers, seen.gaps, seen.longest) == (4, {"1": 4}, (), 0.0)


def test_a_gap_reaches_from_the_first_failure_to_the_next_answer() -> None:
    (gap,) = summarize("s", "u", samples("11xxx22")).gaps
    assert gap.start == pytest.approx(0.04)
    assert gap.end == pytest.approx(0.10)
    assert gap.seconds == pytest.approx(0.06)
    assert gap.at_most == pytest.approx(0.10 + 0.001 - 0.02)
    assert gap.failed == {"refused": 3}
    assert not gap.open


def test_every_gap_counts_and_the_longest_is_named() -> None:
    seen = summarize("s", "u", samples("1x1xx1xxx2"))
    assert [round(gap.seconds / 0.02) for gap in seen.gaps] == [1, 2, 3]
    assert seen.longest == pytest.approx(0.06)
    assert seen.answers == {"1": 3, "2": 1}


def test_an_outage_at_the_start_or_the_end_is_a_gap_too() -> None:
    first, last = summarize("s", "u", samples("xx1xx")).gaps
    assert first.start == 0.0
    assert not first.open
    assert last.open
    assert last.end == pytest.approx(0.081)


def test_order_of_arrival_does_not_matter() -> None:
    ordered = samples("11xx2")
    assert summarize("s", "u", ordered[::-1]) == summarize("s", "u", ordered)


@pytest.mark.parametrize(("pattern", "count"), [("1111", 0), ("11xx22", 0), ("1212", 2), ("1122211", 1)])
def test_two_nodes_answering_in_turn_are_an_overlap(pattern, count) -> None:
    assert len(summarize("s", "u", samples(pattern)).overlaps) == count


def test_a_move_there_and_back_is_no_overlap() -> None:
    assert summarize("s", "u", samples("11xx" + "2" * 40 + "xx11")).overlaps == ()


def test_the_table_names_outages_overlaps_and_its_own_resolution() -> None:
    text = render(
        report(summarize("shop", "u", samples("11xxx22")), summarize("mail", "u", samples("121x"), skipped=4))
    )
    lines = text.splitlines()
    assert lines[0].split() == ["site", "requests", "answered", "by", "outages", "longest", "at", "most"]
    assert lines[2].split() == ["shop", "7", "1", "2,", "2", "2", "1", "60", "ms", "81", "ms"]
    assert "mail: answered by 1 and 2 at once, 0.000 s to 0.041 s" in lines
    assert "mail: still down at the end" in lines
    assert "mail: 4 requests left out, too many were unanswered" in lines
    assert "one request each 20 ms" in lines[-1]
    assert "late 3 times, by 45 ms at worst" in lines[-1]


def test_the_report_is_plain_data() -> None:
    data = report(summarize("shop", "u", samples("1x"))).to_dict()
    assert data["targets"][0]["gaps"][0]["failed"] == {"refused": 1}
    assert data["longest_stall"] == 0.045


def test_a_target_nobody_answered_says_so() -> None:
    silent = summarize("s", "u", [replace(one, outcome="timeout") for one in samples("xx")])
    assert "nobody" in render(report(silent))
