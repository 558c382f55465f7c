#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: maintenance
short_description: Begin or end maintenance of a cluster, a node or a hierarchy
version_added: "1.0.0"
description:
  - During maintenance the agents do nothing by themselves. Of a node in maintenance nothing is recovered or
    taken, and it takes nothing. A hierarchy in maintenance stays as it is. What operators ask for is done all
    the same.
  - Maintenance stands in the witness, and outlives restarts of nodes and agents. An agent writes it.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes
  - standby.iis.connection
options:
  state:
    description: In maintenance, or not.
    type: str
    choices: [present, absent]
    default: present
  node:
    description: Of this node. The whole cluster, where neither a node nor a hierarchy is given.
    type: str
  hierarchy:
    description: Of this hierarchy, by its name or that of a member.
    type: str
seealso:
  - module: standby.iis.hierarchy
  - module: standby.iis.hierarchy_info
"""

EXAMPLES = r"""
- name: Begin maintenance of a node
  standby.iis.maintenance:
    node: server2

- name: End maintenance of the cluster
  standby.iis.maintenance:
    state: absent
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
maintenance:
  description: What is in maintenance now, or in check mode would be.
  returned: success
  type: dict
  contains:
    cluster:
      description: Everything.
      type: bool
    nodes:
      description: These nodes.
      type: list
      elements: str
    hierarchies:
      description: These hierarchies.
      type: list
      elements: str
node:
  description: The node a failure happened on.
  returned: failure on one node
  type: str
  sample: server2
resource:
  description: The resource a failure concerns.
  returned: failure of one resource
  type: str
  sample: hierarchy "Shop & Co"
remedy:
  description: What to do next after a failure.
  returned: failure
  type: str
reason:
  description:
    - V(agent_refused) where an agent refuses it, or none reaches the witness.
    - V(standby_error) where no agent runs, or the cluster has no such node or hierarchy.
    - Otherwise the kind of a failure, such as V(unreachable), V(access_denied) or V(cim_error).
  returned: failure
  type: str
  sample: agent_refused
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.control.fleet import Fleet
from ..module_utils.control.maintenance import Scope, set_maintenance
from ..module_utils.control.result import failure_of, result_of
from ..module_utils.errors import StandbyError
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {
    **CONNECTION_SPEC,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "node": {"type": "str"},
    "hierarchy": {"type": "str"},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC, mutually_exclusive=[("node", "hierarchy")], supports_check_mode=True
    )
    wanted = module.params
    try:
        with Fleet(connections_from(wanted)) as fleet:
            scope = Scope(wanted["node"], wanted["hierarchy"])
            outcome = set_maintenance(fleet, scope, wanted["state"] == "present", module.check_mode)
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    module.exit_json(**result_of(outcome))


if __name__ == "__main__":
    main()
