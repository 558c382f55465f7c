# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Directories that must not be a witness, as far as it can be told from where they lie.

What is served from several copies lets each part of a split cluster win on a copy of its own. What cannot be
told is the operator's duty, and stands in docs/witness.md.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path, PureWindowsPath

_OWN_MACHINE = {"localhost", "127.0.0.1", ".", "?"}
# DFS Replication keeps its staging and its losing files in this folder, under the local path of each
# replicated folder (learn.microsoft.com, "Edit the Quota Size of the Staging Folder and Conflict and Deleted
# Folder").
_REPLICATION_FOLDER = "dfsrprivate"


def refusal(path: str) -> str | None:
    """Why a path on Windows cannot be a witness; a clause, or None."""
    share = PureWindowsPath(path).drive
    if not share.startswith("\\\\"):
        return "it is not \\\\server\\share\\folder, so every node would have a witness of its own"
    server = share[2:].split("\\")[0]
    if server.lower() in _OWN_MACHINE:
        return f"{server} is another machine on every node, so every node would have a witness of its own"
    if _in_namespace(path):
        return "it lies in a DFS namespace, which may answer from another server at any time"
    return None


def replicated(path: str) -> str | None:
    """Why a directory cannot be a witness whose folders are replicated; a clause, or None."""
    for folder in (Path(path), *Path(path).parents):
        names: list[str] = []
        with suppress(OSError):
            names = [entry.name.lower() for entry in folder.iterdir()]
        if _REPLICATION_FOLDER in names:
            return f"DFS Replication replicates {folder}, so there would be a witness on each of its servers"
    return None


def _in_namespace(path: str) -> bool:
    """Whether the DFS client of Windows knows the path as one of a namespace.

    ``NetDfsGetClientInfo`` (lmdfs.h, learn.microsoft.com) answers from its cache, which holds a namespace
    from its first use on; each prefix may be the root or the link.
    """
    if sys.platform != "win32":
        return False
    import ctypes

    parts = PureWindowsPath(path)
    with suppress(OSError):
        next(Path(path).iterdir(), None)
    for prefix in (parts, *parts.parents):
        buffer = ctypes.c_void_p()
        name = ctypes.c_wchar_p(str(prefix).rstrip("\\"))
        if ctypes.windll.netapi32.NetDfsGetClientInfo(name, None, None, 1, ctypes.byref(buffer)) == 0:
            ctypes.windll.netapi32.NetApiBufferFree(buffer)
            return True
    return False
