# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The result of an operation, in the shape a module returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What an operation did, or in check mode would do.

    Attributes:
        changed: something was (would be) changed.
        message: one sentence for people, the module's ``msg``.
        before: the state found, for the diff.
        after: the state left, for the diff; equal to ``before`` where nothing changed.
        data: further return values of the module, by name.
    """

    changed: bool
    message: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
