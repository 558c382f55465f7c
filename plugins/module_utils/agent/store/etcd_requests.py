# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the etcd store asks of a network."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Post:
    """One HTTP request of method POST; answered with a Reply.

    Fails with ``Unsent`` where the request did not leave, and with any other OSError where no answer came to
    it.

    Attributes:
        endpoint: such as ``https://10.0.0.1:2379``.
        path: of the gateway.
        body: a JSON document.
        token: for the ``Authorization`` header, or None.
        seconds: how long all of it may take.
    """

    endpoint: str
    path: str
    body: bytes = field(repr=False)
    token: str | None = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes = field(repr=False)


class Unsent(OSError):
    """A request that did not leave: nothing can have come of it.

    Attributes:
        cause: why.
    """

    def __init__(self, cause: OSError) -> None:
        self.cause = cause
        super().__init__(str(cause))
