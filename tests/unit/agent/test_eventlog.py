# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event log: what is handed to Windows, and that nothing is elsewhere."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.eventlog import EventLog, event_text, report
from ansible_collections.standby.iis.plugins.module_utils.agent.severity import Severity
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError


class Advapi32:
    """The three functions, as winbase.h has them."""

    def __init__(self, *, handle: int | None = 77, taken: int = 1) -> None:
        self.handle = handle
        self.taken = taken
        self.sources: list = []
        self.reported: list = []
        self.closed: list = []

    def RegisterEventSourceW(self, server, source):  # noqa: N802
        self.sources.append((server, source))
        return self.handle

    def ReportEventW(self, handle, kind, category, number, user, count, size, strings, data):  # noqa: N802
        self.reported.append((handle, kind, category, number, user, list(strings)[:count], size, data))
        return self.taken

    def DeregisterEventSource(self, handle):  # noqa: N802
        self.closed.append(handle)
        return 1


@pytest.mark.parametrize(("severity", "kind"), [("error", 1), ("warning", 2), ("info", 4)])
def test_a_sentence_is_reported_under_its_type_and_the_source_is_closed(severity: str, kind: int):
    library = Advapi32()
    assert report(Severity(severity), "It is \u00e9teint.", 12, library=library)
    assert library.sources == [(None, "standby.iis")]
    assert library.reported == [(77, kind, 0, 12, None, ["It is \u00e9teint."], 0, None)]
    assert library.closed == [77]


def test_what_windows_does_not_take_is_no_error_of_the_agent():
    for library in (Advapi32(taken=0), Advapi32(handle=None)):
        assert not report(Severity.INFO, "A sentence.", library=library)
        assert library.closed == ([77] if library.handle else [])


def test_nothing_is_written_elsewhere_than_on_windows():
    assert not report(Severity.INFO, "A sentence.")
    EventLog().deliver(
        {"node": "a", "hierarchy": "", "sentence": "b", "severity": "info"}, lambda _seconds: True
    )


def test_as_a_channel_it_says_whom_a_sentence_is_about_and_what_was_not_taken():
    library = Advapi32()
    content = {"node": "server1", "hierarchy": "WebSite1", "sentence": "It is out.", "severity": "error"}
    EventLog(library).deliver(content, lambda _seconds: True)
    assert library.reported[0][5] == ["server1, WebSite1: It is out."]
    with pytest.raises(StandbyError, match="did not take it"):
        EventLog(Advapi32(taken=0)).deliver(content, lambda _seconds: True)


def test_a_text_is_cut_to_what_a_string_may_have_and_not_within_a_character():
    assert event_text("x" * 40000) == "x" * 31839
    assert event_text("x" + "\U0001f4a5" * 20000) == "x" + "\U0001f4a5" * 15919
    assert event_text("\U0001f4a5" * 20000) == "\U0001f4a5" * 15919


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("fe80::1%12 is gone", "fe80::1% 12 is gone"),
        ("100%", "100%"),
        ("50% of %%7 and %{S", "50% of % % 7 and % {S"),
        ("a\0b", "a b"),
    ],
)
def test_nothing_in_a_text_is_taken_for_an_insertion_code(sentence: str, shown: str):
    assert event_text(sentence) == shown
