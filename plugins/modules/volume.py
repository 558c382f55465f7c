#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: volume
short_description: Declare a volume that carries the content of IIS sites
version_added: "1.0.0"
description:
  - Declares a volume that sites may lie on. A shared volume is online on one node at a time and moves with
    its sites. A
    local volume is there on every node, its content deployed to each, and never moves. A mirrored volume is
    there on two nodes, in use on one of them, and copied to the other.
  - Declaring a volume does not bring it online. M(standby.iis.hierarchy) does.
  - The definition is stored on every node of the cluster.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes
  - standby.iis.connection
options:
  path:
    description: Drive letter or mount point, such as C(E:\\) or C(D:\\mounts\\web\\). It is the same on
      every node.
    type: str
    required: true
  kind:
    description: Whether the volume lies on every node (V(local)), on one disk that all nodes reach
      (V(shared)), or on each of two nodes, copied from one to the other (V(mirror)).
    type: str
    choices: [local, shared, mirror]
    default: local
  disk:
    description:
      - UniqueId or GPT Guid of the shared disk, as C(Get-Disk) shows them.
      - Required for O(kind=shared).
    type: str
  mirror:
    description:
      - How the volume is copied from the node that has it in service to the other one.
      - Required for O(kind=mirror). M(standby.iis.mirror) makes the mirror itself.
    type: dict
    suboptions:
      provider:
        description:
          - What does the copying. V(storage_replica) copies every write.
          - V(robocopy) has the agents copy what changed, and verify it, on any edition and without a domain.
            It is for static content, and of O(mirror.mode=async) alone.
        type: str
        choices: [storage_replica, robocopy]
        default: storage_replica
      readers:
        description:
          - Accounts that may read the volume over the network, such as the computer accounts of both nodes,
            C(EXAMPLE\server1$). They are taken when the mirror is made.
          - Required for O(mirror.provider=robocopy), and of no use otherwise.
        type: list
        elements: str
        default: []
      log:
        description:
          - Access path of the log volume, the same on both nodes. Nothing else may use it.
          - Required for O(mirror.provider=storage_replica), and of no use otherwise.
        type: str
      mode:
        description: Whether a write is done once both nodes have it (V(sync)), or once its node has it
          (V(async)).
        type: str
        choices: [sync, async]
        default: sync
      rpo:
        description:
          - Seconds by which the copy may be behind. Required for O(mirror.mode=async).
          - V(30) or more; with V(robocopy), V(4) or more.
        type: int
      takeover:
        description:
          - Whether the other node may take over by itself what may be older than what a lost node had.
          - V(within_rpo) lets it do so where the copy was within its RPO at the last known state. Of
            O(mirror.mode=async) alone. A synchronous mirror is taken over where it was in sync.
          - V(never) leaves that to an operator, who asks for it (playbook C(switchover) or
            C(disaster_recovery)) and is told how much may be lost. A planned move loses nothing either way.
        type: str
        choices: [never, within_rpo]
        default: never
      log_size:
        description:
          - Size of the log in GB, V(1) or more. The log volume needs one more.
          - It counts when the mirror is made. A log of another size is told, and not changed.
        type: int
        default: 8
  nodes:
    description:
      - Nodes of the resource in order of priority, the primary first.
      - Without it, the hosts of the play in their order.
      - All resources that move together need the same nodes in the same order.
    type: list
    elements: str
  state:
    description:
      - V(present) declares the resource on all its nodes.
      - V(absent) removes the declaration. It is refused while a site depends on the volume, and for
        O(kind=mirror) while its mirror is there, which M(standby.iis.mirror) ends.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: standby.iis.mirror
  - module: standby.iis.ip
  - module: standby.iis.site
  - module: standby.iis.hierarchy
"""

EXAMPLES = r"""
- name: Declare a local volume with content deployed to both nodes
  standby.iis.volume:
    path: 'E:\'
    nodes: [server1, server2]

- name: Declare a shared disk
  standby.iis.volume:
    path: 'S:\'
    kind: shared
    disk: 600140501F6E3A5B2C4D4E5F60718293
    nodes: [server1, server2]

- name: Declare a volume that is copied from one node to the other (the module mirror copies it)
  standby.iis.volume:
    path: 'R:\'
    kind: mirror
    mirror:
      log: 'L:\'
    nodes: [server1, server2]
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
  sample: volume E:\
volume:
  description: The resource as it is declared.
  returned: success with O(state=present)
  type: dict
  sample:
    path: 'E:\'
    kind: local
    nodes: [server1, server2]
    disk: null
online_on:
  description: The node that a shared disk is online on.
  returned: success with O(state=present)
  type: str
cautions:
  description:
    - One sentence for every node whose SAN policy brings shared disks online by itself, or cannot be read.
    - One for the node that has the disk online for good, so that it comes online there at the next boot too.
    - Each is a warning as well.
  returned: success with O(state=present)
  type: list
  elements: str
notes:
  description: One sentence for every node that could not take part.
  returned: success
  type: list
  elements: str
node:
  description: The node a failure happened on.
  returned: failure on one node
  type: str
  sample: server2
resource:
  description: The resource.
  returned: success, and failure of one resource
  type: str
  sample: volume E:\
remedy:
  description: What to do next after a failure.
  returned: failure
  type: str
reason:
  description:
    - Kind of a failure, such as V(unreachable), V(access_denied), V(cim_error), V(method_error),
      V(bad_document) or, for
      everything else that an operator can act on, V(standby_error).
  returned: failure
  type: str
  sample: unreachable
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.control.declared import VOLUME_SPEC, volume_request
from ..module_utils.control.fleet import Fleet
from ..module_utils.control.result import failure_of, result_of
from ..module_utils.control.volume import ensure_volume, remove_volume
from ..module_utils.errors import StandbyError
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {
    **CONNECTION_SPEC,
    **VOLUME_SPEC,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    wanted = module.params
    try:
        with Fleet(connections_from(wanted)) as fleet:
            if wanted["state"] == "absent":
                outcome = remove_volume(fleet, wanted["path"], module.check_mode)
            else:
                outcome = ensure_volume(fleet, volume_request(wanted, fleet.names), module.check_mode)
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    for sentence in outcome.data.get("cautions", ()):
        module.warn(sentence)
    module.exit_json(**result_of(outcome))


if __name__ == "__main__":
    main()
