# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every driver adds to a failure: the node, the resource, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import StandbyError
from ..node import Node


@contextmanager
def about(node: Node, resource: str, remedy: str | None = None) -> Iterator[None]:
    """Complete a StandbyError that passes through; fields it already has are kept.

    Args:
        node: where the operation runs.
        resource: what it concerns, such as ``ip 10.0.0.50``.
        remedy: what to do next, or None where the failure's own remedy is the best there is.
    """
    try:
        yield
    except StandbyError as failure:
        failure.node = failure.node or node.name
        failure.resource = failure.resource or resource
        failure.remedy = failure.remedy or remedy
        raise
