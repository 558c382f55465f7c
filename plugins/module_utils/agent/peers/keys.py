# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The keys of a cluster, and the file that holds them.

A line of the file is a key, 32 random bytes or more, as hexadecimal digits or in base64 (RFC 4648 sections 8
and 4); empty lines and lines that begin with ``#`` are passed over. The first key signs, all are accepted.
A key is changed without a gap in three steps, each on every node before the next: add the new one as the
second line, make it the first line, take the old one out.

The file is read anew for each exchange, so a change takes effect at once. Only the account of the agent and
administrators may be allowed to read it: whoever installs it sees to that.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import StandbyError

SMALLEST = 32
# A file with more than this many bytes, or keys, is not the key file.
_LARGEST_FILE = 8192
_MOST = 8
# Of 32 random bytes, fewer than this many different ones are out of the question; text typed twice has them.
_DIFFERENT = 12
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_REMEDY = "Write the key file of the cluster again, the same on every node"


@dataclass(frozen=True, slots=True)
class Key:
    """A key; it does not show itself.

    Attributes:
        secret: 32 bytes or more.
    """

    secret: bytes = field(repr=False)


def new_key() -> str:
    """A new random key, as a line of a key file."""
    return secrets.token_hex(SMALLEST)


def read_keys(data: bytes) -> tuple[Key, ...]:
    """The keys that a file holds, the one that signs first.

    Raises:
        StandbyError: there is none, or a line is no key. The message names the line, never what it holds.
    """
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise StandbyError("the key file is no text in UTF-8", remedy=_REMEDY) from None
    numbered = [(number, line.strip()) for number, line in enumerate(lines, start=1)]
    keys = tuple(_key(number, text) for number, text in numbered if text and not text.startswith("#"))
    if not keys:
        raise StandbyError("the key file holds no key", remedy=_REMEDY)
    if len(keys) > _MOST:
        raise StandbyError(f"the key file holds {len(keys)} keys, more than {_MOST}", remedy=_REMEDY)
    return keys


def _key(number: int, text: str) -> Key:
    try:
        plain = _HEXADECIMAL.fullmatch(text)
        secret = bytes.fromhex(text) if plain else base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        told = f"line {number} of the key file is neither hexadecimal nor base64"
        raise StandbyError(told, remedy=_REMEDY) from None
    if len(secret) < SMALLEST:
        told = f"line {number} of the key file has {len(secret)} bytes, fewer than {SMALLEST}"
        raise StandbyError(told, remedy=_REMEDY)
    if len(set(secret)) < _DIFFERENT:
        raise StandbyError(f"line {number} of the key file is not random", remedy=_REMEDY)
    return Key(secret)


class KeyFile:
    """The keys of a file, as they are now: call it.

    A file that can no longer be read, or that is being written, changes nothing: the last keys stay, and
    ``problem`` says so. A slip of an operator must not part the nodes.

    Attributes:
        problem: what is wrong with the file now, None where nothing is.
    """

    def __init__(self, path: Path) -> None:
        """Take the path; nothing is read yet."""
        self.problem: StandbyError | None = None
        self._path = path
        # Data and keys change together, in one assignment: exchanges run on threads of their own.
        self._known: tuple[bytes, tuple[Key, ...]] | None = None

    def __call__(self) -> tuple[Key, ...]:
        """The keys, the one that signs first.

        Raises:
            StandbyError: no keys have been read yet, and none can be.
        """
        known = self._known
        try:
            data = self._read()
            if known is None or data != known[0]:
                self._known = known = (data, read_keys(data))
            self.problem = None
        except StandbyError as error:
            self.problem = error
            if known is None:
                raise
        return known[1]

    def _read(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                data = file.read(_LARGEST_FILE + 1)
        except OSError as error:
            told = f"the key file {self._path} cannot be read: {error.strerror or error}"
            raise StandbyError(
                told, remedy="Check that it is there and that the agent may read it"
            ) from error
        if len(data) > _LARGEST_FILE:
            raise StandbyError(f"{self._path} is larger than any key file", remedy=_REMEDY)
        return data
