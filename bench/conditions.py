# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a figure was measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence


def conditions() -> str:
    """One line: interpreter, processors, load before the run."""
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return (
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, load average {load}, "
        "nodes emulated on loopback"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows as aligned text; numbers to the right."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )
