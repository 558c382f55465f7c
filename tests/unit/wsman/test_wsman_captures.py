# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers captured from Windows Server 2008 and 2012 are read completely."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.node import ClassPath
from ansible_collections.standby.iis.plugins.module_utils.wsman.cim import WsmanCim

CAPTURES = Path(__file__).resolve().parents[4] / "shared" / "data" / "wsman"
pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason=f"captured answers are not at {CAPTURES}")
ASKED = "uuid:00000000-0000-0000-0000-000000000001"


def replay(server: str, class_name: str, form: str):
    """Enumerate against the captured answers, and also return what was sent."""
    files = sorted(CAPTURES.glob(f"{server}_{class_name}_{form}_*.xml"))
    answers = iter(
        [
            re.sub(rb"(RelatesTo>)[^<]*<", rb"\g<1>" + ASKED.encode() + b"<", file.read_bytes())
            for file in files
        ]
    )
    sent: list[str] = []

    def exchange(message: str) -> bytes:
        sent.append(message)
        return next(answers)

    cim = WsmanCim(exchange, new_id=lambda: ASKED)
    items = cim.enumerate(ClassPath("root/cimv2", class_name))
    assert next(answers, None) is None, "a captured answer was left unread"
    return items, sent


@pytest.mark.parametrize("form", ["all", "star"])
@pytest.mark.parametrize(
    ("server", "class_name", "count"),
    [
        ("server_2008", "Win32_LogicalDisk", 2),
        ("server_2012", "Win32_LogicalDisk", 1),
        ("server_2008", "Win32_NetworkAdapterConfiguration", 14),
        ("server_2012", "Win32_NetworkAdapterConfiguration", 13),
        ("server_2008", "Win32_OperatingSystem", 1),
        ("server_2012", "Win32_OperatingSystem", 1),
        ("server_2008", "Win32_Volume", 2),
        ("server_2012", "Win32_Volume", 2),
    ],
)
def test_every_item_of_every_capture_is_read(server, class_name, count, form):
    items, sent = replay(server, class_name, form)
    files = sorted(CAPTURES.glob(f"{server}_{class_name}_{form}_*.xml"))
    assert len(items) == count
    assert len(sent) == len(files)
    assert {item.class_name for item in items} == {class_name}


def test_every_capture_belongs_to_a_sequence_that_was_replayed():
    known = re.compile(
        r"server_20(08|12)_Win32_(LogicalDisk|NetworkAdapterConfiguration|OperatingSystem|Volume)_(all|star)_00[01]\.xml"
    )
    assert [file.name for file in CAPTURES.glob("*.xml") if not known.fullmatch(file.name)] == []


def test_each_pull_names_the_context_of_the_answer_before():
    _items, sent = replay("server_2008", "Win32_LogicalDisk", "all")
    assert "<n:EnumerationContext>uuid:F754F79D-54F8-47F9-AE66-8A83216E47BC</n:EnumerationContext>" in sent[1]


def test_nulls_empty_strings_and_numbers_are_told_apart():
    (first, second), _sent = replay("server_2008", "Win32_LogicalDisk", "star")
    assert first.get("Availability") is None
    assert first.text("VolumeName") == ""
    assert first.get("VolumeName") == ""
    assert second.text("VolumeName") == "New Volume"
    assert second.number("Size") == 53683941376
    assert first.flag("QuotasDisabled") is True
    assert first.flag("Compressed") is False


def test_times_are_points_in_utc_in_fragments_too():
    for form in ("all", "star"):
        (system,), _sent = replay("server_2012", "Win32_OperatingSystem", form)
        assert system.get("LastBootUpTime") == datetime(2013, 4, 15, 16, 28, 43, 488171, tzinfo=UTC)


def test_arrays_of_one_and_of_several_are_read_whole():
    items, _sent = replay("server_2012", "Win32_NetworkAdapterConfiguration", "star")
    (adapter,) = [item for item in items if item.flag("IPEnabled")]
    assert adapter.items("IPAddress") == ["10.30.40.193"]
    assert adapter.items("DNSDomainSuffixSearchOrder") == [
        "us-east-1.ec2-utilities.amazonaws.com",
        "ec2.internal",
        "compute-1.internal",
        "solutions.loc",
    ]
    assert items[0].items("IPAddress") == []
