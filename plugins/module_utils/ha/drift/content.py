# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Content that every node has for itself: its rights and its files. What moves with a volume is the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...windows.twin_reading import Folder
from ..paths import UnknownVariableError, carrier, place
from .model import Found, Side, Subject
from .values import ABSENT, Value, plain

_LIST = re.compile(r"D:([A-Z]*)((?:\([^)]*\))*)")
_ENTRY = re.compile(r"\(([^)]*)\)")
_SID = re.compile(r"S-1-5-21(?:-\d+)+")
_DRIVE = 3  # characters of ``E:\\``, whose backslash belongs to it
MOST_NAMED = 20  # files of one folder that are named; the rest is counted


def roots_of(side: Side, subject: Subject) -> tuple[str, ...]:
    """Folders of the site on this node that no other node shares with it, outermost alone."""
    found: list[str] = []
    for path in _physical(side, subject.site).values():
        try:
            expanded = side.expanded(path)
        except UnknownVariableError:
            continue
        if place(expanded).server is None and carrier(expanded, subject.moving) is None:
            found.append(expanded)
    distinct = {_key(one): one if len(one) <= _DRIVE else one.rstrip("\\") for one in found}
    return tuple(
        one
        for key, one in distinct.items()
        if not any(key.startswith(f"{other}\\") for other in distinct if other != key)
    )


def variables(here: Side, there: Side, subject: Subject) -> Iterator[Found]:
    """Paths that are written alike and lie elsewhere, since a variable has another value."""
    theirs = _physical(there, subject.site)
    for key, path in _physical(here, subject.site).items():
        if "%" not in path or theirs.get(key, "").casefold() != path.casefold():
            continue
        one, other = _expanded(here, path), _expanded(there, path)
        if one.token != other.token:
            yield Found(f"{key}/expanded", one, other)


def rights(here: Side, there: Side, subject: Subject) -> Iterator[Found]:
    """Who may do what with each content root; the order of entries, and whether they are inherited, apart."""
    for root, ours, theirs in _pairs(here, there, subject):
        if theirs.exists and ours.exists:
            given, found = _entries(ours, here), _entries(theirs, there)
            if given != found:
                yield Found(f"rights/{root}", _listed(given - found), _listed(found - given))


def content(here: Side, there: Side, subject: Subject) -> Iterator[Found]:
    """Files that are missing, more, or not the same."""
    for root, ours, theirs in _pairs(here, there, subject):
        if ours.exists and not theirs.exists:
            yield Found(f"content/{root}", plain("present"), ABSENT)
        elif ours.files is not None and theirs.files is not None:
            yield from _files(root, ours.files, theirs.files)
        elif ours.count != theirs.count:
            yield Found(f"content/{root}", plain(f"{ours.count} files"), plain(f"{theirs.count} files"))


def uncounted(here: Side, there: Side, subject: Subject) -> Iterator[str]:
    """Folders whose files are too many to be compared one by one."""
    for root, ours, theirs in _pairs(here, there, subject):
        if max(ours.count, theirs.count) and (ours.files is None or theirs.files is None):
            yield f"content/{root}: {ours.count} files, which were counted only"


def _pairs(here: Side, there: Side, subject: Subject) -> Iterator[tuple[str, Folder, Folder]]:
    """Content roots of the original, with the folder that the twin has for each."""
    for root in roots_of(here, subject):
        counterpart = _counterpart(root, here, there, subject)
        ours = here.reading.folders.get(root)
        theirs = there.reading.folders.get(counterpart) if counterpart is not None else None
        if ours is not None and theirs is not None:
            yield root, ours, theirs


def _counterpart(root: str, here: Side, there: Side, subject: Subject) -> str | None:
    """The folder of the same virtual directory on the other node."""
    theirs = _physical(there, subject.site)
    for key, path in _physical(here, subject.site).items():
        if key in theirs and _expanded(here, path).token == _key(root):
            wanted = _expanded(there, theirs[key]).token
            return next((one for one in there.reading.folders if _key(one) == wanted), None)
    return None


def _physical(side: Side, name: str) -> Mapping[str, str]:
    site = side.site(name)
    return {
        f"applications[{application.path}]/directories[{directory.path}]": directory.physical_path
        for application in (site.applications if site is not None else ())
        for directory in application.virtual_directories
    }


def _key(path: str) -> str:
    return path.rstrip("\\").casefold()


def _expanded(side: Side, path: str) -> Value:
    try:
        found = side.expanded(path)
        return Value(found, _key(found))
    except UnknownVariableError:
        return ABSENT


def _entries(folder: Folder, side: Side) -> frozenset[str]:
    """Entries of the access list as text, accounts of the machine itself by name."""
    found = _LIST.search(folder.sddl)
    if found is None:
        return frozenset()
    return frozenset(_entry(one, folder, side) for one in _ENTRY.findall(found[2]))


def _entry(text: str, folder: Folder, side: Side) -> str:
    parts = text.split(";")
    if len(parts) < 6:
        return text
    kind, flags, mask, account = parts[0], parts[1].replace("ID", ""), parts[2], parts[5]
    name = folder.accounts.get(account) if _SID.fullmatch(account) else None
    shown = side.account(name) if name is not None else account
    return f"{kind};{flags};{mask};{shown}"


def _listed(entries: frozenset[str]) -> Value:
    """Those that one node has and the other has not."""
    return plain(" ".join(f"({entry})" for entry in sorted(entries)) or "(nothing beside)")


def _files(root: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[Found]:
    one = {name.casefold(): (name, digest) for name, digest in ours.items()}
    other = {name.casefold(): (name, digest) for name, digest in theirs.items()}
    wrong = [key for key in sorted({*one, *other}) if _digest(one, key) != _digest(other, key)]
    for key in wrong[:MOST_NAMED]:
        name = (one.get(key) or other[key])[0]
        yield Found(f"content/{root}\\{name}", _file(one, key), _file(other, key))
    if len(wrong) > MOST_NAMED:
        more = plain(f"{len(wrong) - MOST_NAMED} more files")
        yield Found(f"content/{root}\\*", more, Value(f"{more.text} differ", "\0differ"))


def _digest(files: Mapping[str, tuple[str, str]], key: str) -> str | None:
    return files[key][1].casefold() if key in files else None


def _file(files: Mapping[str, tuple[str, str]], key: str) -> Value:
    digest = _digest(files, key)
    return ABSENT if digest is None else Value(f"SHA-256 {digest[:12]}", digest)
