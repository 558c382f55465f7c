# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How serious it is, for logs, the event log and notifications."""

from __future__ import annotations

from enum import Enum


class Severity(str, Enum):
    """How serious something is: ``error`` where something is out of service or about to be."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
