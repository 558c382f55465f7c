# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs first in every Python process of a lab node: gives it the node's clocks, links and shares."""

from __future__ import annotations

import os

_NAME = os.environ.get("STANDBY_LAB_NAME")

if _NAME:
    # The folder of this file is on the path of those processes alone.
    from standby_lab import clock, files, links, parent, sockets  # type: ignore[import-not-found]

    parent.end_with_node()
    clock.install(os.environ["STANDBY_LAB_CLOCK"])
    _TABLE = links.Table(os.environ["STANDBY_LAB_LINKS"], _NAME)
    sockets.install(_TABLE)
    files.install(_TABLE, os.environ["STANDBY_ROOT"], barred="STANDBY_LAB_NETWORK_LOGON" in os.environ)
