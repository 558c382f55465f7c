# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A record of the directory store: one JSON document that says which key, number and writer it belongs to.

The checksum is the last member and covers every byte before it, so that a torn, foreign or misplaced file is
known as one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

FORMAT = 1
_SEAL = b', "checksum": "'


@dataclass(frozen=True, slots=True)
class Record:
    """What a file holds.

    Attributes:
        key: the key it belongs to.
        number: its version.
        writer: unique to one put.
        value: what was put.
    """

    key: str
    number: int
    writer: str
    value: str


def encode(record: Record) -> bytes:
    """The content of the file."""
    content = {
        "format": FORMAT,
        "key": record.key,
        "number": record.number,
        "writer": record.writer,
        "value": record.value,
    }
    body = json.dumps(content).encode()[:-1]
    return body + _SEAL + hashlib.sha256(body).hexdigest().encode() + b'"}\n'


def decode(data: bytes) -> Record | None:
    """The record, None where it is torn, not ours, or of another format."""
    body, seal, end = data.rpartition(_SEAL)
    if not seal or end != hashlib.sha256(body).hexdigest().encode() + b'"}\n':
        return None
    try:
        content = json.loads(body + b"}")
        if content["format"] != FORMAT:
            return None
        found = Record(content["key"], content["number"], content["writer"], content["value"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if isinstance(found.number, bool) or not isinstance(found.number, int):
        return None
    texts = (found.key, found.writer, found.value)
    return found if all(isinstance(text, str) for text in texts) else None
