# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""appcmd: the commands as arguments, and what its exit code says. Its sentences are localized and never read.

Commands: https://learn.microsoft.com/iis/get-started/getting-started-with-iis/getting-started-with-appcmdexe
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from ..node import Completed

# Where Windows is on nearly every server; iis_run.py asks the machine where nothing is found here.
WINDOWS = r"C:\Windows"
_APPCMD = r"System32\inetsrv\appcmd.exe"
_CMD = r"System32\cmd.exe"
_REDIRECTION = r"System32\inetsrv\config\redirection.config"

SITES_SECTION = "system.applicationHost/sites"
_AT_THE_SERVER = "/commit:apphost"

# The exit code is the Win32 part of the HRESULT.
NOTHING_LISTED = 1  # ``list`` found nothing, with an empty <appcmd/> answer
BUFFER_TOO_SMALL = 122  # 8007007a: a site with some 129 bindings (microsoft/azure-pipelines-extensions#677)
ALREADY_EXISTS = 183  # 800700b7
NOT_FOUND = 1168  # 80070490
# 800710d8 while WAS has not read a change yet; 800706ba and 800706be while the service is busy or restarts.
TRANSIENT = frozenset({4312, 1722, 1726})
# cmd.exe where the program or its folder does not exist: 1 with /c, 9009 in a batch, 3 for the path.
_NO_PROGRAM = frozenset({1, 3, 9009})

_HRESULT = re.compile(rb"hresult:([0-9a-fA-F]{8})")


class Kind(StrEnum):
    """Objects of appcmd; the value is its name on the command line."""

    SITE = "site"
    POOL = "apppool"

    def named(self, name: str) -> str:
        """The parameter that selects one object, one argument whatever the name holds."""
        return f"/{self.value}.name:{name}"


def appcmd(*arguments: str, windows: str = WINDOWS) -> list[str]:
    """A call of appcmd as argv."""
    return [f"{windows}\\{_APPCMD}", *arguments]


def list_all(kind: Kind) -> tuple[str, ...]:
    """Everything about every object, defaults included."""
    return ("list", kind.value, "/config:*", "/xml")


def list_states(kind: Kind) -> tuple[str, ...]:
    """Name and state of every object."""
    return ("list", kind.value, "/xml")


def list_one(kind: Kind, name: str) -> tuple[str, ...]:
    """State of one object."""
    return ("list", kind.value, kind.named(name), "/xml")


def list_state(kind: Kind, name: str) -> tuple[str, ...]:
    """State of one object as a bare word, which needs no room for its bindings."""
    return ("list", kind.value, kind.named(name), "/text:state")


def list_in_state(state: str) -> tuple[str, ...]:
    """Names of the sites in a state, one a line."""
    return ("list", Kind.SITE.value, f"/state:{state}", "/text:name")


def list_section(section: str) -> tuple[str, ...]:
    """A whole section of applicationHost.config."""
    return ("list", "config", f"/section:{section}", "/xml")


def export(kind: Kind, name: str) -> tuple[str, ...]:
    """What is set on one object, in the form that ``add /in`` takes."""
    return ("list", kind.value, kind.named(name), "/config", "/xml")


def add(kind: Kind) -> tuple[str, ...]:
    """Create what standard input describes."""
    return ("add", kind.value, "/in")


def act(verb: str, kind: Kind, name: str, *settings: str) -> tuple[str, ...]:
    """start, stop, delete or set."""
    return (verb, kind.value, kind.named(name), *settings)


# What is set in a section: the name of an attribute, or an entry to be added or taken away; its value.
Setting = tuple[str, "str | None"]


def clear_section(place: str, section: str) -> tuple[str, ...]:
    """Take what applicationHost.config sets at a location out of it; what is inherited is in force then."""
    return ("clear", "config", place, f"/section:{section}", _AT_THE_SERVER)


def set_section(place: str, section: str, settings: Sequence[Setting]) -> tuple[str, ...]:
    """Set a section at a location, in applicationHost.config."""
    given = [f"/{name}" if value is None else f"/{name}:{value}" for name, value in settings]
    return ("set", "config", place, f"/section:{section}", *given, _AT_THE_SERVER)


def redirection_file(windows: str = WINDOWS) -> str:
    """The file that says whether the configuration is shared.

    ConfigurationRedirectionSection of the IIS WMI provider documents the file and its folder.
    """
    return f"{windows}\\{_REDIRECTION}"


def show_redirection(windows: str = WINDOWS) -> list[str]:
    """Print that file, as argv; nothing is printed, with exit code 0, where there is none."""
    file = redirection_file(windows)
    return [f"{windows}\\{_CMD}", "/c", "if", "exist", file, "type", file]


def hresult(answer: Completed) -> str | None:
    """The HRESULT that a failed command named, eight hex digits."""
    found = _HRESULT.findall(answer.stdout)
    return found[-1].decode().lower() if found else None


def exit_code(answer: Completed) -> int:
    """The Win32 code; an HRESULT given as exit code (negative or 80070000 and above) is reduced to it."""
    code = answer.code & 0xFFFFFFFF
    return code & 0xFFFF if code >> 16 == 0x8007 else code


def program_missing(answer: Completed) -> bool:
    """True where cmd.exe, not appcmd, answered: appcmd writes its errors to standard output."""
    silent = not answer.stdout.strip() and bool(answer.stderr.strip())
    return answer.code in _NO_PROGRAM and silent
