# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the collection's fixed scripts talk: a call in each line of JSON there, an answer in base64 back."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from lab.shell.program import Streams


async def calls(streams: Streams) -> AsyncIterator[Any]:
    """The calls on a script's standard input, once that has ended; data before one is its ``data``."""
    data: dict[str, str] = {}
    for line in (await streams.read_all()).decode("ascii").splitlines():
        if line.startswith("="):
            data = {"data": line[1:]}
        else:
            yield json.loads(line) | data


def answer(streams: Streams, document: Mapping[str, Any], *, ascii_alone: bool = True) -> None:
    """Answer a call."""
    text = json.dumps(document, ensure_ascii=ascii_alone)
    streams.out(base64.b64encode(text.encode()) + b"\r\n")
