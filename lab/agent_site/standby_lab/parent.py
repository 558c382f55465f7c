# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that the node itself started ends with the node, however that ends."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_node() -> None:
    """Be killed when the node's process ends; what this process starts is not bound in this way."""
    node = os.environ.pop("STANDBY_LAB_PARENT", None)
    if node is not None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != int(node):
            os._exit(1)
