#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: dns
short_description: Declare a DNS record that follows a cluster of IIS nodes
version_added: "1.0.0"
description:
  - Declares a record in the domain name system that names the address of a hierarchy, wherever that is in
    service. It is for hierarchies whose nodes are in different subnets, where the address itself cannot move.
  - The record is updated (RFC 2136) once the sites have been verified after a move. By the module
    M(standby.iis.hierarchy) where no agents run, else by the agent of the node that has it in service, which
    looks at every server again all the time.
  - Every server that is named has to answer with the new value. One that is silent or refuses is told, and
    keeps nothing from coming into service.
  - Where its hierarchy is in service already, the servers are updated now.
  - It needs dnspython on the controller.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes
  - standby.iis.connection
options:
  name:
    description: Name of the record in full, such as C(www.example.com).
    type: str
    required: true
  zone:
    description: Zone that holds it, such as C(example.com). Required with O(state=present).
    type: str
  type:
    description: Type of the record. Without it, that of the address.
    type: str
    choices: [A, AAAA]
  ip:
    description:
      - Address of the ip resource that the record names. On a node for which that resource has another
        address, the record names that one.
      - Required with O(state=present).
    type: str
  servers:
    description:
      - Addresses of the zone's name servers, with or without a port (C(192.0.2.53:5353)). Updates go to the
        first that takes them, over TCP, so name the primary first. All of them are asked for the result.
      - Required with O(state=present).
    type: list
    elements: str
  ttl:
    description:
      - Seconds that resolvers may keep an answer, from V(1) to V(86400). After a move, clients may go astray
        for so long.
    type: int
    default: 60
  key:
    description: Name of the TSIG key that signs updates. Without it, updates are not signed.
    type: str
  dns_keys:
    description:
      - TSIG keys by which updates are signed. Their secrets are not shown, and not stored with the
        definition. Agents get theirs by the module M(standby.iis.agent).
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the key, as the servers know it.
        type: str
        required: true
      secret:
        description: Secret of the key in base64, as in the configuration of the servers.
        type: str
        required: true
      algorithm:
        description: Algorithm of the key.
        type: str
        choices: [hmac-sha256, hmac-sha384, hmac-sha512, hmac-sha224, hmac-sha1, hmac-md5]
        default: hmac-sha256
  pending:
    description:
      - Resources that tasks before this one declare. In check mode those declare nothing, so that the
        prediction needs them here, as M(standby.iis.structure_info) returns them. They are ignored otherwise.
    type: dict
    suboptions:
      ips:
        description: Floating addresses.
        type: list
        elements: dict
        suboptions:
          address:
            description: IPv4 or IPv6 address, with or without its prefix length.
            type: str
            required: true
          prefix:
            description: Prefix length in bits.
            type: int
          nodes:
            description: Nodes in order of priority. Without it, the hosts of the play.
            type: list
            elements: str
          addresses:
            description: Address by node, for nodes in another subnet.
            type: dict
  delete_record:
    description:
      - With O(state=absent), delete the record from its servers too. It is refused where the nodes of its
        hierarchy have agents, which would write it again within a minute.
      - Without it, they keep the value that they have.
    type: bool
    default: false
  state:
    description:
      - V(present) declares the record, after its servers have shown that they take updates. Agents that run
        take it up when the role P(standby.iis.monitor#role) runs next.
      - V(absent) removes the declaration.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: standby.iis.ip
  - module: standby.iis.hierarchy
"""

EXAMPLES = r"""
- name: Declare the name of the shop, which has an address in each of two subnets
  standby.iis.dns:
    name: shop.example.com
    zone: example.com
    ip: 192.0.2.50
    servers: [192.0.2.53, 198.51.100.53]
    ttl: 30
    key: standby
    dns_keys:
      - name: standby
        secret: "{{ vault_dns_secret }}"

- name: Have the record declared no more, and deleted
  standby.iis.dns:
    name: shop.example.com
    delete_record: true
    dns_keys: "{{ cluster_dns_keys }}"
    state: absent
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
  sample: dns shop.example.com A is defined and says 192.0.2.50
dns:
  description: The record as it is declared.
  returned: success with O(state=present)
  type: dict
  sample:
    name: shop.example.com
    zone: example.com
    type: A
    ip: 192.0.2.50
    servers: [192.0.2.53, 198.51.100.53]
    ttl: 30
    key: standby
notes:
  description: One sentence for every server that does not say what it should, and every node that is silent.
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
  sample: dns shop.example.com A
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
  sample: standby_error
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.control.dns import DNS_SPEC, dns_request, ensure_dns, remove_dns
from ..module_utils.control.fleet import Fleet
from ..module_utils.control.records import KEYS_SPEC, keys_from
from ..module_utils.control.result import failure_of, result_of
from ..module_utils.errors import StandbyError
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {
    **CONNECTION_SPEC,
    **DNS_SPEC,
    "dns_keys": KEYS_SPEC,
    "delete_record": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    wanted = module.params
    keys = keys_from(wanted["dns_keys"])
    try:
        with Fleet(connections_from(wanted)) as fleet:
            if wanted["state"] == "absent":
                outcome = remove_dns(
                    fleet,
                    wanted["name"],
                    wanted["type"],
                    keys,
                    module.check_mode,
                    delete=wanted["delete_record"],
                    clock=time,
                )
            else:
                outcome = ensure_dns(
                    fleet, dns_request(wanted, fleet.names), keys, module.check_mode, clock=time
                )
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    for sentence in outcome.data["notes"]:
        module.warn(sentence)
    module.exit_json(**result_of(outcome))


if __name__ == "__main__":
    main()
