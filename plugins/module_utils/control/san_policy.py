# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SAN policy of nodes with a shared disk: one that brings such disks online by itself is told."""

from __future__ import annotations

from ..errors import StandbyError
from ..ha.model import Volume, VolumeKind
from ..node import Node
from ..windows.storage import read_disk_policy
from .fleet import Fleet


def policy_caution(node: Node) -> str:
    """What speaks against the SAN policy of a node that has a shared disk, or "" where nothing does."""
    try:
        policy = read_disk_policy(node)
    except StandbyError as error:
        return f"{node.name}: its SAN policy cannot be read ({error.problem.rstrip('.')})"
    if not policy.shared_online:
        return ""
    return (
        f"{node.name}: its SAN policy is {policy.label}, which brings a shared disk online that it has not "
        "seen before, also while another node has it: the file system is destroyed. "
        "Set-StorageSetting -NewDiskPolicy OfflineShared there"
    )


def cautions(fleet: Fleet, volume: Volume) -> list[str]:
    """The same for every node of a shared volume; nothing for a local one."""
    if volume.kind is not VolumeKind.SHARED:
        return []
    names = [name for name in volume.nodes if name in fleet.names]
    answers = fleet.each(policy_caution, names)
    return [str(told) for told in answers.values() if told]
