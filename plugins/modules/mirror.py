#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: mirror
short_description: Mirror a volume between two nodes
version_added: "1.0.0"
description:
  - Declares a mirrored volume, and has Storage Replica or the agents copy it from the node that has it in use
    to the other one.
  - What the other node has on the volume is overwritten, and cannot be used there until a hierarchy moves.
  - Everything that Storage Replica needs (edition, version, domain, sizes, log) is checked before anything is
    changed.
  - A mirror copies whatever is written, deleted or encrypted. It is no backup.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes
  - standby.iis.connection
options:
  path:
    description: Drive letter or mount point of the data volume, the same on both nodes, such as C(R:\\).
    type: str
    required: true
  provider:
    description:
      - What does the copying. V(storage_replica) copies every write.
      - V(robocopy) has the agents copy what changed, and verify it, on any edition and without a domain.
        It is for static content, and of O(mode=async) alone.
    type: str
    choices: [storage_replica, robocopy]
    default: storage_replica
  readers:
    description:
      - Accounts that may read the volume over the network, such as the computer accounts of both nodes,
        C(EXAMPLE\server1$). They are taken when the mirror is made.
      - Required for O(provider=robocopy), and of no use otherwise.
    type: list
    elements: str
    default: []
  log:
    description:
      - Access path of the log volume, the same on both nodes, such as C(L:\\). Nothing else may use it.
      - Required for O(provider=storage_replica), and of no use otherwise.
    type: str
  mode:
    description: Whether a write is done once both nodes have it (V(sync)), or once its node has it
      (V(async)).
    type: str
    choices: [sync, async]
    default: sync
  rpo:
    description:
      - Seconds by which the copy may be behind. Required for O(mode=async).
      - V(30) or more; with V(robocopy), V(4) or more.
      - It may be changed while the mirror is there; agents go by the new one once M(standby.iis.agent) has
        run again.
    type: int
  takeover:
    description:
      - Whether the other node may take over by itself what may be older than what a lost node had.
      - V(within_rpo) lets it do so where the copy was within its RPO at the last known state. Of
        O(mode=async) alone. A synchronous mirror is taken over where it was in sync.
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
      - The two nodes in order of priority, the primary first. A third one is refused.
      - Without it, the hosts of the play in their order.
      - All resources that move together need the same nodes in the same order.
    type: list
    elements: str
  source:
    description:
      - The node whose data counts where the mirror has to be made; the other one's is overwritten.
      - Without it, the node that has it in service. Where nothing is in service, no site depends on the
        volume yet and nothing is left of a mirror, the first of O(nodes).
      - Needed in all other cases, since nobody can tell whose data is newer.
    type: str
  seeded:
    description: The other node has most of the data already, so that only what differs is copied at first.
    type: bool
    default: false
  suspended:
    description: Whether nothing is copied for the time being. Without it, that stays as it is.
    type: bool
  state:
    description:
      - V(present) declares the volume and makes its mirror.
      - V(absent) ends the mirror and removes the declaration. Both nodes keep the data, and can use it. It is
        refused while a site depends on the volume, and where the mirror is there and not declared. Declare
        it again as it was then, and end it.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: standby.iis.volume
  - module: standby.iis.hierarchy
"""

EXAMPLES = r"""
- name: Mirror the volume of the sites within a site
  standby.iis.mirror:
    path: 'R:\'
    log: 'L:\'
    nodes: [server1, server2]

- name: Mirror it over a WAN, and let the other site take over what is at most a minute old
  standby.iis.mirror:
    path: 'R:\'
    log: 'L:\'
    mode: async
    rpo: 60
    takeover: within_rpo
    nodes: [server1, server2]

- name: Have the agents copy static content, in a domain or none
  standby.iis.mirror:
    path: 'R:\'
    provider: robocopy
    mode: async
    rpo: 60
    takeover: within_rpo
    readers: ['EXAMPLE\server1$', 'EXAMPLE\server2$']
    nodes: [server1, server2]

- name: Copy nothing while the line is being worked on
  standby.iis.mirror:
    path: 'R:\'
    log: 'L:\'
    suspended: true

- name: Make a mirror again that is there by half, from the node that was in service last
  standby.iis.mirror:
    path: 'R:\'
    log: 'L:\'
    source: server2
    seeded: true

- name: End a mirror; both nodes keep the data
  standby.iis.mirror:
    path: 'R:\'
    state: absent
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
  sample: the mirror of volume R:\ is as declared
plan:
  description: What was done about the mirror, or would be in check mode, in order.
  returned: success
  type: list
  elements: str
  sample:
    - copy volume R:\ from server1 to server2; what R:\ has on server2 is overwritten
mirror:
  description: How the copies stand to each other.
  returned: success with O(state=present)
  type: dict
  contains:
    condition:
      description:
        - V(in_sync), V(within_rpo) of an asynchronous mirror, V(out_of_sync), or V(unknown).
        - Only the first two let the other node take over by itself, the second where O(takeover) says so.
      type: str
    source:
      description: The node that has the volume in use.
      type: str
    sentence:
      description: What each node shows.
      type: str
    remaining:
      description: Bytes still to be copied.
      type: int
    last_in_sync:
      description: When the copy was last complete, by node.
      type: dict
  sample:
    condition: in_sync
    source: server1
    sentence: Server1 is source, in sync; server2 is destination, in sync.
    remaining: 0
    last_in_sync: {server1: '2026-11-29T01:02:03+00:00', server2: '2026-11-29T01:02:03+00:00'}
notes:
  description:
    - One sentence for every node that could not take part, or whose log has another size than O(log_size).
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
  sample: volume R:\
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

from ..module_utils.control.declared import MIRROR_SPEC, mirror_wanted
from ..module_utils.control.fleet import Fleet
from ..module_utils.control.mirror import MirrorOrder, ensure_mirror, remove_mirror
from ..module_utils.control.result import failure_of, result_of
from ..module_utils.control.volume import VolumeRequest
from ..module_utils.errors import StandbyError
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {
    **CONNECTION_SPEC,
    **MIRROR_SPEC,
    "path": {"type": "str", "required": True},
    "nodes": {"type": "list", "elements": "str"},
    "source": {"type": "str"},
    "seeded": {"type": "bool", "default": False},
    "suspended": {"type": "bool"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    wanted = module.params
    try:
        with Fleet(connections_from(wanted)) as fleet:
            if wanted["state"] == "absent":
                outcome = remove_mirror(fleet, wanted["path"], module.check_mode)
            else:
                nodes = tuple(wanted["nodes"] or fleet.names)
                request = VolumeRequest(wanted["path"], "mirror", nodes, mirror=mirror_wanted(wanted))
                order = MirrorOrder(wanted["source"], wanted["seeded"], wanted["suspended"])
                outcome = ensure_mirror(fleet, request, order, module.check_mode)
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    module.exit_json(**result_of(outcome))


if __name__ == "__main__":
    main()
