# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether agents are to keep the witness that they have. No I/O.

Agents are replaced one after the other. Those that were given another witness would find nothing in it, and
take what the others, which still have the former one, serve. So it never changes while agents are installed:
one that does not run at this moment is started by its task within a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..agent.settings import Settings
from ..agent.store.etcd import prefix_of
from ..errors import StandbyError
from .seen import Seen

_ANEW = (
    "Keep the witness; or remove the agents of all nodes (monitor_state=absent; what is in service stays), "
    "and install them with the other one"
)
_IN_TWO = (
    "Name members of one etcd cluster, and keep one that the agents know: replace all of them in two runs, "
    "the first with old and new ones"
)


@dataclass(frozen=True)
class Meant:
    """Which witness is meant.

    Attributes:
        cluster: name of the cluster whose records lie there.
        place: the directory, or the prefix in etcd.
        endpoints: of etcd; none of a directory.
    """

    cluster: str
    place: str
    endpoints: frozenset[str] = frozenset()

    def __str__(self) -> str:
        if not self.endpoints:
            return f"{self.place} for cluster {self.cluster}"
        return (
            f"etcd at {', '.join(sorted(self.endpoints))} with prefix {self.place} for cluster {self.cluster}"
        )


def meant(told: Mapping[str, Any]) -> Meant | None:
    """The witness in settings as ``agent.json`` has them, of whichever version; None where they name none."""
    cluster, directory, etcd = (told.get(name) for name in ("cluster", "directory", "etcd"))
    if isinstance(cluster, str) and isinstance(directory, str):
        return Meant(cluster, directory.rstrip("\\"))
    if isinstance(cluster, str) and isinstance(etcd, dict) and isinstance(etcd.get("endpoints"), list):
        endpoints = frozenset(str(one).rstrip("/") for one in etcd["endpoints"])
        return Meant(cluster, str(etcd.get("prefix") or prefix_of(cluster)), endpoints)
    return None


def check_same(settings: Mapping[str, Settings], found: Mapping[str, Seen]) -> None:
    """See to it that no agent is given another witness than it has.

    Args:
        settings: that are asked for, by node.
        found: what each node has.

    Raises:
        StandbyError: one would be, or it cannot be told which one an agent that runs has.
    """
    for node, has in found.items():
        if not has.installed:
            continue
        for told in has.told:
            _compare(node, meant(told), _wanted(settings[node]))
        if has.running and not any(meant(told) for told in has.told):
            raise StandbyError(
                "its agent runs, and which witness it has cannot be told: agent.json there is damaged",
                node=node,
                resource="agent",
                remedy=_ANEW,
            )


def _wanted(told: Settings) -> Meant | None:
    etcd = told.etcd
    return meant(
        {
            "cluster": told.cluster,
            "directory": told.directory,
            "etcd": None if etcd is None else {"endpoints": list(etcd.endpoints), "prefix": etcd.prefix},
        }
    )


def _compare(node: str, has: Meant | None, asked: Meant | None) -> None:
    if has is None or asked is None or has == asked:
        return
    same = (has.cluster, has.place, bool(has.endpoints)) == (
        asked.cluster,
        asked.place,
        bool(asked.endpoints),
    )
    if same and has.endpoints & asked.endpoints:
        return
    raise StandbyError(
        f"its agent has the witness {has}, and is to have {asked}: agents that are replaced one by one would "
        "find nothing there, and take what others serve",
        node=node,
        resource="agent",
        remedy=_IN_TWO if same else _ANEW,
    )
