# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What brings a shared disk online by itself: the SAN policy of a node, or a disk that is online for good."""

from __future__ import annotations

from ..errors import StandbyError
from ..ha.model import Volume, VolumeKind
from ..ha.quick import online_for_good
from ..node import Node
from ..windows.disk import find_disk, lasting_disks, read_disks
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


def cautions(fleet: Fleet, volume: Volume, online: str | None) -> list[str]:
    """Both, for every node of a shared volume and for the one that has it online; none for a local one."""
    if volume.kind is not VolumeKind.SHARED:
        return []
    names = [name for name in volume.nodes if name in fleet.names]
    answers = fleet.each(policy_caution, names)
    lasting = fleet.each(
        lambda node: lasting_caution(node, volume), [name for name in names if name == online]
    )
    return [str(told) for told in (*answers.values(), *lasting.values()) if told]


def lasting_caution(node: Node, volume: Volume) -> str:
    """That its disk comes online at the next boot of a node as well, or "" where it does not."""
    found = find_disk(read_disks(node), volume.disk or "")
    stays = found is not None and lasting_disks(node, [found])
    return f"{volume.id} {online_for_good(node.name)}" if stays else ""
