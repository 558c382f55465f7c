#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ip
short_description: Declare a floating IP address of a cluster of IIS nodes
version_added: "1.0.0"
description:
  - Declares an address that is in service on one node at a time, and that moves with the sites whose
    bindings name it.
  - Declaring an address does not bring it into service. M(standby.iis.hierarchy) does.
  - The definition is stored on every node of the cluster.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes
  - standby.iis.connection
options:
  address:
    description: IPv4 or IPv6 address, with or without its prefix length (C(10.0.0.50/24)).
    type: str
    required: true
  prefix:
    description:
      - Prefix length in bits, where O(address) has none.
      - Without either, that of the nodes' own addresses in the same subnet.
    type: int
  nodes:
    description:
      - Nodes of the resource in order of priority, the primary first.
      - Without it, the hosts of the play in their order.
      - All resources that move together need the same nodes in the same order.
    type: list
    elements: str
  interfaces:
    description:
      - Interface alias (a dictionary of node and alias), where it cannot be found from the subnet.
      - Without it, the adapter whose own addresses lie in the subnet of O(address).
    type: dict
  dad_transmits:
    description:
      - Probes of duplicate address detection that the interfaces send before the address is used
        (DadTransmits).
      - V(0) makes the address usable at once, and leaves two nodes that both have it unnoticed.
      - Without it the interfaces are left as they are.
    type: int
  adopt:
    description:
      - Take over an address that is already there, configured by hand and surviving a reboot, and make it
        floating.
      - Without it such an address is refused, since Windows would bring it back on a node that does not own
        it.
    type: bool
    default: false
  addresses:
    description:
      - Address of each node that is in another subnet (a dictionary of node and address, with or without its
        prefix length). O(address) is that of all other nodes.
      - The sites that depend on the resource are bound to the address of their node; so their twins differ on
        purpose.
    type: dict
  keep:
    description:
      - With O(state=absent), leave the address on the node that has it. It stays until that node restarts.
      - Without it, the address is removed from all nodes.
    type: bool
    default: false
  state:
    description:
      - V(present) declares the resource on all its nodes.
      - V(absent) removes the declaration. It is refused while a site depends on the address.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: standby.iis.volume
  - module: standby.iis.site
  - module: standby.iis.hierarchy
"""

EXAMPLES = r"""
- name: Declare a floating address for the shop
  standby.iis.ip:
    address: 192.0.2.50/24
    nodes: [server1, server2]

- name: Declare an address on a named interface, without duplicate address detection
  standby.iis.ip:
    address: 198.51.100.7
    prefix: 24
    interfaces:
      server1: Public
      server2: Public 2
    dad_transmits: 0

- name: Declare an address for nodes in two subnets
  standby.iis.ip:
    address: 192.0.2.50/24
    addresses:
      server3: 198.51.100.50/24
    nodes: [server1, server2, server3]

- name: Declare an address from a play whose hosts are not the nodes
  standby.iis.ip:
    address: 192.0.2.51/24
    connections: "{{ my_nodes }}"
  delegate_to: localhost
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
  sample: ip 192.0.2.50/24 is defined
ip:
  description: The resource as it is declared.
  returned: success with O(state=present)
  type: dict
  sample:
    address: 192.0.2.50
    prefix: 24
    nodes: [server1, server2]
    interfaces: []
    dad_transmits: null
    elsewhere: []
removed_from:
  description: Nodes that the address was removed from.
  returned: success with O(state=absent), where it was declared
  type: list
  elements: str
present_on:
  description: Nodes that had the address.
  returned: success with O(state=absent), where it was declared
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
  sample: ip 192.0.2.50
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

from ..module_utils.control.declared import IP_SPEC, ip_request
from ..module_utils.control.fleet import Fleet
from ..module_utils.control.ip import ensure_ip, remove_ip
from ..module_utils.control.result import failure_of, result_of
from ..module_utils.errors import StandbyError
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {
    **CONNECTION_SPEC,
    **IP_SPEC,
    "keep": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    wanted = module.params
    try:
        with Fleet(connections_from(wanted)) as fleet:
            if wanted["state"] == "absent":
                outcome = remove_ip(fleet, wanted["address"], module.check_mode, keep=wanted["keep"])
            else:
                outcome = ensure_ip(fleet, ip_request(wanted, fleet.names), module.check_mode)
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    module.exit_json(**result_of(outcome))


if __name__ == "__main__":
    main()
