#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: what_if_info
short_description: Tell what would be missed if nodes of a cluster died
version_added: "1.0.0"
description:
  - Asks an agent of the cluster what would become of every hierarchy if nodes died now. The agent runs its
    own decisions in thought for all nodes that are alive. Nothing is touched.
  - It needs agents on the nodes, since what it rests on is in the witness.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes
  - standby.iis.connection
options:
  nodes:
    description: Nodes that die at once. Without it, any O(deaths) nodes.
    type: list
    elements: str
  deaths:
    description: How many nodes die at once, whichever they are. Fewer are tried too.
    type: int
    choices: [1, 2]
    default: 1
seealso:
  - module: standby.iis.hierarchy_info
"""

EXAMPLES = r"""
- name: Ask whether the cluster stands the loss of any two nodes
  standby.iis.what_if_info:
    deaths: 2
  register: found

- name: Ask what becomes of everything if a whole site is lost
  standby.iis.what_if_info:
    nodes: [server1, server2]
"""

RETURN = r"""
msg:
  description: How much would be missed, in one sentence.
  returned: always
  type: str
  sample: 1 hierarchy would be missed
gaps:
  description: The hierarchies that would be out of service, or would wait.
  returned: success
  type: list
  elements: dict
  contains:
    dead:
      description: The nodes that die.
      type: list
      elements: str
    hierarchy:
      description: Its name.
      type: str
    lack:
      description:
        - What is lacking. V(target) where no node is left, V(limit) where those that are left are full,
          V(confirmation) where an operator has to say so, V(fence) where the dead node must surely be off,
          V(data) where those that are left have old data, V(held) where it is kept as it is.
      type: str
      sample: target
    sentence:
      description: What becomes of it.
      type: str
told:
  description: The answer in lines.
  returned: success
  type: list
  elements: str
doubts:
  description: What the answer rests on and cannot know, one sentence each.
  returned: success
  type: list
  elements: str
decided:
  description: When the decision was made that the answer rests on.
  returned: success
  type: str
node:
  description: The node whose agent answered, or that a failure happened on.
  returned: success, and failure on one node
  type: str
  sample: server2
remedy:
  description: What to do next after a failure.
  returned: failure
  type: str
reason:
  description: Kind of a failure, such as V(unreachable), V(access_denied) or V(standby_error).
  returned: failure
  type: str
  sample: standby_error
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.control.fleet import Fleet
from ..module_utils.control.result import failure_of, result_of
from ..module_utils.control.what_if import what_if
from ..module_utils.errors import StandbyError
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {
    **CONNECTION_SPEC,
    "nodes": {"type": "list", "elements": "str"},
    "deaths": {"type": "int", "choices": [1, 2], "default": 1},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    wanted = module.params
    try:
        with Fleet(connections_from(wanted)) as fleet:
            outcome = what_if(fleet, wanted["nodes"] or (), wanted["deaths"])
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    module.exit_json(**result_of(outcome))


if __name__ == "__main__":
    main()
