# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which etcd cluster a witness is, for all stores of a home and beyond the end of a process.

Two clusters among the endpoints would be two witnesses: an agent that reaches members of the second one alone
would find no records there, and take what others have. Each answer tells which cluster it comes from
(``header.cluster_id``; etcd.io, "API reference", response header). The first one is kept; endpoints are asked
for it once before they count, since who asks the others may never get to one of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """What is known of a witness.

    Attributes:
        cluster: the identity of its cluster; "" before any member has answered.
        endpoints: that have been seen to belong to it.
    """

    cluster: str = ""
    endpoints: frozenset[str] = frozenset()


class Identity:
    """The cluster that counts. For any number of threads.

    Args:
        known: from an earlier process.
        keep: is told what is known, whenever that changes.
    """

    def __init__(self, known: Known | None = None, keep: Callable[[Known], None] | None = None) -> None:
        self._known = known or Known()
        self._keep = keep
        self._asked: set[str] = set()
        self._lock = threading.Lock()

    @property
    def cluster(self) -> str:
        """The one that counts; "" where none does yet."""
        return self._known.cluster

    def unasked(self, endpoints: Collection[str]) -> list[str]:
        """Those of some endpoints that were not asked yet, now or by an earlier process."""
        return [one for one in endpoints if one not in self._known.endpoints and one not in self._asked]

    def learn(self, cluster: str, belonging: Collection[str], asked: Collection[str]) -> None:
        """Take a cluster for the one that counts, unless another one does already.

        Args:
            cluster: its identity.
            belonging: endpoints that belong to it.
            asked: endpoints that are not to be asked again by this process: those that did not answer too.
        """
        with self._lock:
            self._asked.update(asked)
            if self.cluster not in ("", cluster):
                return
            learned = Known(cluster, self._known.endpoints | frozenset(belonging))
            if learned != self._known:
                self._known = learned
                if self._keep is not None:
                    self._keep(learned)
