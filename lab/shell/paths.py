# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of a node, as a shell session with a current directory writes them."""

from __future__ import annotations

import ntpath
from pathlib import Path

from lab.machine.host import Host


def absolute(directory: str, path: str) -> str:
    """An absolute Windows path; ``path`` may be relative to the directory, and quotes in it do not count."""
    return ntpath.normpath(ntpath.join(directory, path.replace('"', "").strip()))


def local(host: Host, directory: str, path: str) -> Path:
    """The file or folder of the lab machine behind a path of the node.

    Raises:
        FileNotFoundError: no online volume carries the path.
    """
    return host.local_path(absolute(directory, path))


def is_folder(host: Host, directory: str, path: str) -> bool:
    """True where the path is an existing folder of the node."""
    try:
        return local(host, directory, path).is_dir()
    except FileNotFoundError:
        return False
