# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs whose nodes have Storage Replica: a data volume R: and a log volume L: each, of a domain."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.support.cluster_lab import node, site, write_topology

SITE = "mirrored.example.org"
GROUPS = {"server1": "rg-r-server1", "server2": "rg-r-server2"}


def mirrored_node(
    number: int,
    *,
    size: int = 40,
    log: int = 20,
    style: str = "gpt",
    windows: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """``server<number>`` with volumes R: (data) and L: (log) on disks of their own; sizes in GB."""
    described = node(
        number,
        content=True,
        programs={"C:\\Python313\\python.exe": "python"},
        windows={
            "edition": "Datacenter",
            "domain": "example.org",
            "storage_replica": True,
            **(windows or {}),
        },
    )
    disks = [
        {
            "id": "mirrored",
            "number": 3,
            "style": style,
            "partitions": [{"access": ["R:\\"], "size_gb": size}],
        },
        {"id": "log", "number": 4, "partitions": [{"access": ["L:\\"], "size_gb": log}]},
    ]
    return {**described, "disks": [*described["disks"], *disks]}


def topology(folder: Path, nodes: Iterable[dict[str, Any]] = (), sites: Iterable[str] = ()) -> Path:
    """A topology of two such nodes, with the site on R: of the first."""
    wanted = list(nodes) or [mirrored_node(1), mirrored_node(2)]
    described = list(sites) or [site(SITE, 1, "127.77.1.195", folder="R:\\web")]
    path = write_topology(folder, described, wanted)
    text = path.read_text(encoding="utf-8")
    if "witnesses" not in text:
        path.write_text(f"{text}witnesses:\n- {{address: 127.77.0.20, name: files, share: witness$}}\n")
    return path


def until(holds: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it does not come to hold"
        time.sleep(0.05)
