# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that publish files of one name on an SMB share at the same moment, again and again.

They are processes, because threads of one would send one after the other.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from itertools import repeat
from threading import Barrier
from typing import Any

from ansible_collections.standby.iis.plugins.module_utils.agent.store.disk import PublishIfAbsent, Write
from tests.support.smb_disk import Share, SmbDisk

_together: Barrier


def publish_at_once(where: dict[str, Any], clients: int, turns: int) -> list[int]:
    """The turns of each client in which it has published its file; ``where`` is that of a Samba place."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(clients, timeout=30)
    with ProcessPoolExecutor(clients, context, _join, (barrier,)) as pool:
        published = pool.map(_publish, repeat(where), range(clients), repeat(turns))
        return [turn for own in published for turn in own]


def _join(together: Barrier) -> None:
    global _together
    _together = together


def _publish(where: dict[str, Any], client: int, turns: int) -> list[int]:
    disk = SmbDisk(Share(**where["share"]), where["folder"])
    published = []
    for turn in range(turns):
        disk(Write(f"{turn} {client}.tmp", b""))
        _together.wait()
        with suppress(FileExistsError):
            disk(PublishIfAbsent(f"{turn} {client}.tmp", f"{turn}.json"))
            published.append(turn)
    return published
