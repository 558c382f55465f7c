# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on health checks states what the code does: its times, options, faults and causes."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from ansible_collections.standby.iis.plugins.module_utils.control.declared import CHECK_SPEC
from ansible_collections.standby.iis.plugins.module_utils.ha.check_times import deep_times, quick_times
from ansible_collections.standby.iis.plugins.module_utils.ha.health import Verdict
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS, timers
from ansible_collections.standby.iis.plugins.module_utils.ha.quick import Failing
from ansible_collections.standby.iis.plugins.module_utils.ha.views import View, Where, cause

PAGE = (Path(__file__).parents[3] / "docs" / "health_checks.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The cells of the first table of a section, without its head."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_the_times_are_those_of_the_presets():
    timeout = Check("http://10.0.0.50/").timeout
    wanted = []
    for kind, of in (("quick", quick_times), ("deep", lambda preset: deep_times(preset, timeout))):
        for name in PRESETS:
            times = of(timers(name))
            seconds = (f"{one:g} s" for one in (times.interval, times.timeout))
            wanted.append([kind, name, *seconds, str(times.fall), str(times.rise), f"{times.detection:g} s"])
    assert table("When they run, and how many count") == wanted


def test_every_option_of_a_check_is_there_with_its_default():
    rows = {row[0]: row[1] for row in table("Deep checks")}
    assert set(rows) == set(CHECK_SPEC) == {field.name for field in fields(Check)}
    assert rows["timeout"] == f"{CHECK_SPEC['timeout']['default']:g} s"
    assert rows["verify"] == str(CHECK_SPEC["verify"]["default"]).lower()


def test_every_fault_is_there_with_what_follows():
    rows = table("What follows")
    assert {row[0] for row in rows} == {one.value for one in Failing} - {"nothing"}
    assert all(row[2].startswith("local recovery first") is Failing(row[0]).local for row in rows)
    order = re.search(r"told first: (.+)\.", PAGE)
    assert order is not None
    assert re.findall(r"`(\w+)`", order[1]) == [
        one.value for one in reversed(Failing) if one.value != "nothing"
    ]


def test_the_causes_are_those_of_the_two_views():
    outside = {"well": [True], "not reached": [False], "nobody": [None], "anything": [True, False, None]}
    words = {
        Where.NOWHERE: "nowhere",
        Where.NETWORK: "in the network",
        Where.SITE: "the site",
        Where.VIEW: "in the view",
        Where.ADDRESS: "the address",
        Where.NODE: "the node",
    }
    for own, seen, told in table("The view from outside"):
        words_of = re.findall(r"\w+", own if own != "all well" else "nothing")
        for failing in [one for one in Failing if one.value in words_of]:
            asked = "requests" in words_of
            verdict = Verdict(failing is Failing.NOTHING, "sentence", failing, asked=asked)
            for key in outside:
                for healthy in outside[key] if key in seen else []:
                    found = cause(verdict, View(healthy, "seen", 0.0), 1.0)
                    assert told.startswith(words[found.where]), (own, seen)
