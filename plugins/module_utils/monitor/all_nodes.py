# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a run is given the nodes of the cluster, all of them and no others. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import StandbyError
from ..ha.model import Cluster


def check_nodes(cluster: Cluster, names: Sequence[str], *, check: bool) -> None:
    """See to it that a run is for all nodes of the cluster.

    Args:
        cluster: as it is declared.
        names: of the run.
        check: nothing will be done; tasks before this one may have declared nodes on paper alone.

    Raises:
        StandbyError: a node is left out, or one is none of the cluster.
    """
    if missing := [name for name in cluster.nodes if name not in names]:
        raise StandbyError(
            f"{missing[0]} is a node of the cluster, and is to have no agent",
            node=missing[0],
            remedy="Every node needs an agent, or none: run with all nodes of the cluster",
        )
    strange = [name for name in names if name not in cluster.nodes]
    if strange and not check:
        raise StandbyError(
            f"{strange[0]} is to have an agent, and is no node of the cluster",
            node=strange[0],
            remedy="Run the configure playbook with it first, or leave it out",
        )
