# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of folders and files of the directory store.

A key's folder has a name that is legal on every Windows version and the same whatever the file system makes
of case: lower-case letters, digits, ``-`` and ``_`` stand for themselves, ``+`` for a slash, ``!s`` for
``S``, and ``=26`` for any other byte of the UTF-8 text. The prefix keeps device names (``con``, ``nul``) and
leading dots out. A name that would become too long is a digest of the key instead; the key stands in each
record.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

_PLAIN, _DIGEST = "key-", "sha-"
# Of the 260 characters of MAX_PATH ("Maximum Path Length Limitation", learn.microsoft.com), those left to the
# path of the witness itself are 260 - 120 - the longest file name.
_LONGEST = 120
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_ESCAPED = re.compile(r"\+|![a-z]|=[0-9a-f]{2}|[a-z0-9_-]")

# The first record of a key: its name does not depend on its number, so that a key is created by one writer
# only.
FIRST = "first.json"
_RECORD = re.compile(r"([0-9]{12,})\.json")
_TEMPORARY = re.compile(r"(?:([0-9]{12,})|first)\.[0-9a-f]{1,32}\.tmp")


@lru_cache(maxsize=4096)
def folder(key: str) -> str:
    """The name of the folder of a key."""
    name = _PLAIN + "".join(_escape(character) for character in key)
    if len(name) <= _LONGEST:
        return name
    return _DIGEST + hashlib.sha256(_bytes(key)).hexdigest()


@lru_cache(maxsize=4096)
def key_of(name: str) -> str | None:
    """The key of a folder, None where its name does not tell: a digest, or a foreign folder."""
    if not name.startswith(_PLAIN):
        return None
    written = name.removeprefix(_PLAIN)
    parts = _ESCAPED.findall(written)
    if "".join(parts) != written:
        return None
    try:
        key = b"".join(map(_unescape, parts)).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    return key if folder(key) == name else None


def is_digest(name: str) -> bool:
    """Whether a folder has the form of those whose key stands in their records only."""
    return re.fullmatch(_DIGEST + "[0-9a-f]{64}", name) is not None


def record(number: int) -> str:
    """The file name of a record other than the first."""
    return f"{number:012d}.json"


def number_of(name: str) -> int | None:
    """The number of a record, None for the first and for any other file."""
    found = _RECORD.fullmatch(name)
    number = int(found[1]) if found else 0
    return number if number and record(number) == name else None


def temporary(target: str, token: str) -> str:
    """The file a record is written to before it is published under its name."""
    return f"{target.removesuffix('.json')}.{token}.tmp"


def target_of(name: str) -> int | None:
    """The number that a temporary file is meant for, 0 for the first record; None for any other file."""
    found = _TEMPORARY.fullmatch(name)
    return int(found[1] or 0) if found else None


def _escape(character: str) -> str:
    if character in _SAFE:
        return character
    if character == "/":
        return "+"
    if "A" <= character <= "Z":
        return "!" + character.lower()
    return "".join(f"={byte:02x}" for byte in _bytes(character))


def _unescape(part: str) -> bytes:
    if part == "+":
        return b"/"
    if part[0] == "!":
        return part[1].upper().encode()
    return bytes([int(part[1:], 16)]) if part[0] == "=" else part.encode()


def _bytes(text: str) -> bytes:
    # Names of Windows may hold half a surrogate pair.
    return text.encode("utf-8", "surrogatepass")
