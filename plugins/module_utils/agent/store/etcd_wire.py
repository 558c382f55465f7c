# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documents of etcd's JSON gateway, to and from values.

Keys and values are base64, 64-bit numbers are text, and what has its default is left out (etcd.io, "Why gRPC
gateway"; messages of ``rpc.proto`` and ``kv.proto``). The gateway is under ``/v3`` from etcd 3.4 on; 3.3 and
older have it elsewhere.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

RANGE = "/v3/kv/range"
TXN = "/v3/kv/txn"
AUTHENTICATE = "/v3/auth/authenticate"

# Keys in one answer: gateways before 3.4.17 and 3.5.0 carry four mebibytes at most (etcd-io/etcd pull
# requests 13099 and 13100).
PAGE = 200

FORMAT = 1

# What reading a document that is not of etcd may raise.
MALFORMED = (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Stored:
    """A key as etcd has it.

    Attributes:
        key: the whole key, with its prefix.
        revision: its ``mod_revision``.
        writer: unique to one put, None where the value was not written by a store like this.
        over: the version that it was put on, None likewise.
        value: what was put, None likewise.
    """

    key: bytes
    revision: int
    writer: str | None = None
    over: int | None = None
    value: str | None = None


def data(key: str) -> bytes:
    """A key as etcd has it; names of Windows may hold half a surrogate pair."""
    return key.encode("utf-8", "surrogatepass")


def text(key: bytes) -> str | None:
    """A key as we have it, None for a foreign one."""
    try:
        return key.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None


def wrap(writer: str, over: int, value: str) -> bytes:
    """What is stored for a value."""
    return json.dumps({"format": FORMAT, "writer": writer, "over": over, "value": value}).encode()


def swap(key: bytes, version: int, stored: bytes) -> dict[str, Any]:
    """Put if ``mod_revision`` is the version (0 where there is no such key), else tell what is there."""
    compare = {"key": _base64(key), "target": "MOD", "result": "EQUAL", "mod_revision": str(version)}
    put = {"request_put": {"key": _base64(key), "value": _base64(stored)}}
    return {"compare": [compare], "success": [put], "failure": [{"request_range": {"key": _base64(key)}}]}


def one(key: bytes) -> dict[str, Any]:
    """Read a key; ranges are linearizable where nothing else is said."""
    return {"key": _base64(key)}


def page(first: bytes, end: bytes) -> dict[str, Any]:
    """Read a page of the keys from the first one to before the end."""
    return {"key": _base64(first), "range_end": _base64(end), "limit": str(PAGE)}


def after_prefix(prefix: bytes) -> bytes:
    """The least key above all that begin with the prefix; UTF-8 has no byte 0xff."""
    return prefix[:-1] + bytes([prefix[-1] + 1])


def credentials(user: str, password: str) -> dict[str, Any]:
    """Ask for a token."""
    return {"name": user, "password": password}


def cluster(answer: dict[str, Any]) -> str:
    """The identity of the cluster that answered; this and the functions below raise one of MALFORMED."""
    return str(answer["header"]["cluster_id"])


def token(answer: dict[str, Any]) -> str:
    """The token that was asked for."""
    return str(answer["token"])


def found(answer: dict[str, Any]) -> list[Stored]:
    """The keys in the answer to a range."""
    return [_stored(item) for item in answer.get("kvs", [])]


def swapped(answer: dict[str, Any]) -> int | Stored | None:
    """The version that a swap made, or what it found instead."""
    if answer.get("succeeded"):
        return int(answer["header"]["revision"])
    kept = found(answer["responses"][0]["response_range"])
    return kept[0] if kept else None


def _stored(item: dict[str, Any]) -> Stored:
    key, number = base64.b64decode(item["key"]), int(item["mod_revision"])
    try:
        content = json.loads(base64.b64decode(item.get("value", "")))
        known = content["format"] == FORMAT
        writer, over, value = content["writer"], content["over"], content["value"]
    except MALFORMED:
        return Stored(key, number)
    if not known or not isinstance(writer, str) or not _is_number(over) or not isinstance(value, str):
        return Stored(key, number)
    return Stored(key, number, writer, over, value)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
