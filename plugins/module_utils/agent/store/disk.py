# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the directory store asks of a disk.

Paths are relative to the witness directory, with slashes; the empty path is that directory itself. Each
request fails with the OSError that the system gives: FileNotFoundError and FileExistsError are answers,
everything else is an outage.
"""

from __future__ import annotations

from dataclasses import dataclass


class Unreached(OSError):
    """The server or share is not there; some systems say so in the words for an absent file."""


@dataclass(frozen=True, slots=True)
class Inspect:
    """Why the directory cannot be a witness: a clause, or None where nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The names in a folder, in any order; may be as old as the caches on the way."""

    path: str


@dataclass(frozen=True, slots=True)
class Read:
    """The whole content of a file, as bytes; that it is absent may be as old as the caches on the way."""

    path: str


@dataclass(frozen=True, slots=True)
class Write:
    """Make a new file and carry its content through to the disk; FileExistsError where one is there."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class PublishIfAbsent:
    """Give a file its name in one step; FileExistsError if it is taken, FileNotFoundError if no source."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete a file."""

    path: str


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """Make a folder in the witness directory; FileExistsError where it is there."""

    path: str
