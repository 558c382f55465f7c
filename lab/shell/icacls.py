# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""icacls.exe on a folder: owner, reset, and full access or modify for accounts given by their SIDs.

Source: learn.microsoft.com, windows-server/administration/windows-commands/icacls. Accounts by name, other
rights and other switches are not emulated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.machine.acls import Acls
from lab.machine.host import Host
from lab.shell.builtins import NO_FILE, say
from lab.shell.program import Streams

_INVALID = 87  # ERROR_INVALID_PARAMETER
_NO_SUCH = 2  # ERROR_FILE_NOT_FOUND
_GRANT = re.compile(r"\*(S-1(?:-\d+)+):\(OI\)\(CI\)([FM])", re.IGNORECASE)
_OWNER = re.compile(r"\*(S-1(?:-\d+)+)", re.IGNORECASE)


@dataclass(frozen=True)
class Icacls:
    """icacls.exe.

    Attributes:
        host: the machine.
        acls: its descriptors.
    """

    host: Host
    acls: Acls

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Change one folder."""
        del environment
        words = [word for word in argv[1:] if word.casefold() != "/q"]
        if not words or not self._exists(words[0]):
            say(streams.err, f"{' '.join(words[:1])}: {NO_FILE}")
            return _NO_SUCH
        changes = _changes(words[1:])
        if changes is None:
            self.host.record("unknown-request", kind="program", program="icacls", arguments=list(argv[1:]))
            say(streams.err, f'Invalid parameter "{" ".join(words[1:])}" (as far as the lab goes)')
            return _INVALID
        self.acls.set(words[0], **changes)
        say(streams.out, "Successfully processed 1 files; Failed processing 0 files")
        return 0

    def _exists(self, path: str) -> bool:
        try:
            return self.host.local_path(path).exists()
        except FileNotFoundError:
            return False


def _changes(words: list[str]) -> dict[str, object] | None:
    """What the words after the folder do; None where the lab does not know them."""
    match [word.casefold() for word in words]:
        case ["/setowner", owner] if found := _OWNER.fullmatch(owner):
            return {"owner": found[1].upper()}
        case ["/reset"]:
            return {"protected": False, "granted": (), "change": ()}
        case ["/inheritance:r", "/grant:r", *accounts]:
            granted = [_GRANT.fullmatch(account) for account in accounts]
            if granted and all(granted):
                by = {
                    right: tuple(one[1].upper() for one in granted if one and one[2].upper() == right)
                    for right in "FM"
                }
                return {"protected": True, "granted": by["F"], "change": by["M"]}
    return None
