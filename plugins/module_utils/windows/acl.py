# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may do what with a folder: read from its security descriptor (SDDL), changed with icacls.

Accounts are given by their SIDs, since names are in the language of Windows; SDDL has letters for these two
([MS-DTYP] 2.5.1.1). Of icacls the exit code alone is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from ..errors import StandbyError
from ..node import Node
from . import program
from .failure import about
from .files import Found

_ICACLS = r"System32\icacls.exe"
# Administrators and SYSTEM, as SDDL writes them.
_TRUSTED = {"BA": "S-1-5-32-544", "SY": "S-1-5-18"}
_OWNER = re.compile(r"O:([A-Z]{2}|S-[\d-]+)")
_LIST = re.compile(r"D:([A-Z]*)((?:\([^)]*\))*)")
_ENTRY = re.compile(r"\(([^)]*)\)")
# Full access, as letters and as the mask FILE_ALL_ACCESS.
_FULL = ("FA", "0x1f01ff")
# What icacls calls M: FILE_GENERIC_READ, WRITE and EXECUTE, and DELETE.
_CHANGE = "0x1301bf"
_STEPS = (
    ("/setowner", f"*{_TRUSTED['BA']}"),
    ("/reset",),
    ("/inheritance:r", "/grant:r", *(f"*{sid}:(OI)(CI)F" for sid in sorted(_TRUSTED.values()))),
)


def owner_trusted(sddl: str) -> bool:
    """True where Administrators or SYSTEM own what a descriptor belongs to: an owner can change any right."""
    found = _OWNER.match(sddl)
    return found is not None and _sid(found[1]) in _TRUSTED.values()


def is_private(sddl: str) -> bool:
    """True where Administrators and SYSTEM, and nobody else, have full access, and nothing is inherited."""
    found = _LIST.search(sddl)
    if found is None or "P" not in found[1] or not owner_trusted(sddl):
        return False
    entries = [_ENTRY.fullmatch(one) for one in re.findall(r"\([^)]*\)", found[2])]
    whole = [tuple(one[1].split(";")) for one in entries if one is not None]
    return sorted(_sid(entry[5]) for entry in whole if _is_full(entry)) == sorted(_TRUSTED.values()) and all(
        _is_full(entry) for entry in whole
    )


def is_for(sddl: str, sids: Collection[str]) -> bool:
    """True where some accounts may change what is in a folder that else is private, and nobody else may."""
    found = _LIST.search(sddl)
    if found is None or "P" not in found[1] or not owner_trusted(sddl):
        return False
    entries = {tuple(one.split(";")) for one in _ENTRY.findall(found[2])}
    full = {_sid(entry[5]) for entry in entries if _is_full(entry)}
    change = {_sid(entry[5]) for entry in entries if _is_change(entry)}
    return (full, change, len(entries)) == (set(_TRUSTED.values()), set(sids), len(full) + len(change))


def why_not_own(folder: Found) -> str:
    """Why others may have put something into a folder; "" where Administrators and SYSTEM alone could."""
    if folder.sddl is None:
        return "is no folder"
    if folder.link:
        return "is a link, which may lead to another folder at any time"
    if not owner_trusted(folder.sddl):
        return f"belongs to neither Administrators nor SYSTEM ({folder.sddl.partition('G:')[0]})"
    if not is_private(folder.sddl):
        return "is not for Administrators and SYSTEM alone"
    return ""


def make_private(node: Node, folder: str) -> None:
    """Give a folder, and what is made in it, to Administrators and SYSTEM alone.

    Raises:
        StandbyError: icacls refused.
    """
    _take(node, folder, _STEPS)


def make_for(node: Node, folder: str, sids: Collection[str]) -> None:
    """Let some accounts, given by their SIDs, change what is in a folder that else is private.

    Raises:
        StandbyError: icacls refused.
    """
    *before, last = _STEPS
    _take(node, folder, (*before, (*last, *(f"*{sid}:(OI)(CI)M" for sid in sorted(sids)))))


def _take(node: Node, folder: str, steps: Sequence[tuple[str, ...]]) -> None:
    with about(node, f"folder {folder}"):
        for step in steps:
            ended = program.run(node, _ICACLS, (folder, *step, "/Q"))
            if ended.code:
                raise StandbyError(
                    f"icacls {step[0]} ended with exit code {ended.code}",
                    remedy="Connect with an administrator, and look at the rights of that folder",
                )


def _is_change(entry: tuple[str, ...]) -> bool:
    """An entry that grants to change, to the folder and to all below it."""
    return len(entry) == 6 and entry[:2] == ("A", "OICI") and entry[2].casefold() == _CHANGE


def _sid(text: str) -> str:
    return _TRUSTED.get(text, text)


def _is_full(entry: tuple[str, ...]) -> bool:
    """An entry that grants everything, to the folder and to all below it."""
    return (
        len(entry) == 6
        and entry[0] == "A"
        and entry[1] == "OICI"
        and entry[2].casefold() in (one.casefold() for one in _FULL)
    )
