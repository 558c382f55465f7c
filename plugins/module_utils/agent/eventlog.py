# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The event log of Windows, where administrators look first. Elsewhere than on Windows nothing is written.

RegisterEventSourceW, ReportEventW and DeregisterEventSource of advapi32 (learn.microsoft.com, winbase.h). No
message file is registered, which needs a resource library that would have to be installed: a source that is
not known is written to the log "Application" under its name ("RegisterEventSourceW function", remarks), and
the Event Viewer then shows "The description for Event ID 1 from source standby.iis cannot be found", some
more of its own, and after "The following information was included with the event:" our sentence in full
(as in NLog issue 2275 and serilog-sinks-eventlog issue 26). Collectors find it in ``EventData``
(fluent-plugin-windows-eventlog issue 35).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ..errors import StandbyError
from .severity import Severity

SOURCE = "standby.iis"
# wType ("ReportEventW function").
_TYPES = {Severity.ERROR: 0x0001, Severity.WARNING: 0x0002, Severity.INFO: 0x0004}
# "Each string is limited to 31,839 characters": UTF-16 code units ("ReportEventW function", lpStrings).
_LONGEST = 31839


def report(severity: Severity, sentence: str, number: int = 1, *, library: Any = None) -> bool:
    """Write a sentence to the event log; True where Windows took it. Never raises.

    Args:
        severity: becomes Error, Warning or Information.
        sentence: for people; cut where it is too long.
        number: the event identifier, by which collectors filter.
        library: advapi32; None for that of this machine, if it is Windows.
    """
    library = library or _advapi32()
    if library is None:
        return False
    try:
        handle = library.RegisterEventSourceW(None, SOURCE)
        if not handle:
            return False
        try:
            return _report(library, handle, _TYPES[severity], number, event_text(sentence))
        finally:
            library.DeregisterEventSource(handle)
    except OSError:
        return False


class EventLog:
    """The event log as a channel of notifications; elsewhere than on Windows it takes them and does nothing.

    Attributes:
        name: for messages.
    """

    name = "the event log of Windows"

    def __init__(self, library: Any = None) -> None:
        """Take advapi32; None for that of this machine."""
        self._library = library

    def deliver(self, content: dict[str, Any], pause: Callable[[float], bool]) -> None:  # noqa: ARG002
        """See ``notify.Channel``; it is tried once."""
        about = ", ".join(part for part in (content["node"], content["hierarchy"]) if part)
        sentence = f"{about}: {content['sentence']}"
        library = self._library or _advapi32()
        if library is not None and not report(Severity(content["severity"]), sentence, library=library):
            raise StandbyError("Windows did not take it", remedy="Check that the service EventLog runs")


def _report(library: Any, handle: Any, kind: int, number: int, text: str) -> bool:
    import ctypes

    strings = (ctypes.c_wchar_p * 1)(text)
    return bool(library.ReportEventW(handle, kind, 0, number, None, 1, 0, strings, None))


def event_text(sentence: str) -> str:
    """A sentence as the event log can have it.

    It ends at a NUL, so there is none in it; it is cut to what a string may have, never within a character. A
    percent sign before a digit or before another one is an insertion code for viewers, and MS-EVEN has no
    way to escape it ("ReportEventW function", remarks; MS-EVEN 3.2.4.1.5), so a space is put between: IPv6
    addresses with a zone have it.
    """
    text = ""
    for character in sentence.replace("\0", " "):
        after_percent = text.endswith("%") and (character in "%{" or character.isdecimal())
        text += f" {character}" if after_percent else character
    units = text.encode("utf-16-le", "surrogatepass")[: 2 * _LONGEST]
    return units.decode("utf-16-le", "ignore")


def _advapi32() -> Any:
    """The library with the signatures that winbase.h has; None elsewhere than on Windows."""
    if sys.platform != "win32":
        return None
    import ctypes
    from ctypes import wintypes

    library = ctypes.WinDLL("advapi32", use_last_error=True)
    library.RegisterEventSourceW.argtypes = [wintypes.LPCWSTR, wintypes.LPCWSTR]
    library.RegisterEventSourceW.restype = wintypes.HANDLE
    library.DeregisterEventSource.argtypes = [wintypes.HANDLE]
    library.DeregisterEventSource.restype = wintypes.BOOL
    library.ReportEventW.argtypes = [
        wintypes.HANDLE,
        wintypes.WORD,
        wintypes.WORD,
        wintypes.DWORD,
        ctypes.c_void_p,
        wintypes.WORD,
        wintypes.DWORD,
        ctypes.POINTER(wintypes.LPCWSTR),
        ctypes.c_void_p,
    ]
    library.ReportEventW.restype = wintypes.BOOL
    return library
