#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: structure_info
short_description: Check volumes, addresses and sites as a whole before any of them is declared
version_added: "1.0.0"
description:
  - Reads the nodes, and declares the structure on paper by the rules of M(standby.iis.volume),
    M(standby.iis.ip) and M(standby.iis.site), in this order.
  - Fails with what any of them would refuse, also where two resources that are both new do not go together.
    Nothing is stored then, where declaring one after the other would stop half-way.
  - Returns the hierarchies that there would be.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes.info
  - standby.iis.connection
options:
  nodes:
    description:
      - Nodes of resources that name none, in order of priority, the primary first.
      - Without it, the hosts of the play in their order.
    type: list
    elements: str
  volumes:
    description: Volumes that are to be declared. See M(standby.iis.volume).
    type: list
    elements: dict
    suboptions:
      path:
        description: Drive letter or mount point.
        type: str
        required: true
      kind:
        description: Whether it lies on every node, on one disk that all nodes reach, or is mirrored.
        type: str
        choices: [local, shared, mirror]
        default: local
      disk:
        description: UniqueId or GPT Guid of the shared disk.
        type: str
      mirror:
        description:
          - How the volume is copied from the node that has it in service to the other one.
          - Required for O(volumes[].kind=mirror). M(standby.iis.mirror) makes the mirror itself.
        type: dict
        suboptions:
          provider:
            description:
              - What does the copying. V(storage_replica) copies every write.
              - V(robocopy) has the agents copy what changed, and verify it, on any edition, in a domain or
                none. It is for static content, and of O(volumes[].mirror.mode=async) alone.
            type: str
            choices: [storage_replica, robocopy]
            default: storage_replica
          readers:
            description:
              - Accounts that may read the volume over the network, such as the computer accounts of both
                nodes, C(EXAMPLE\server1$). They are taken when the mirror is made.
              - Required for O(volumes[].mirror.provider=robocopy), and of no use otherwise.
            type: list
            elements: str
            default: []
          log:
            description:
              - Access path of the log volume, the same on both nodes. Nothing else may use it.
              - Required for O(volumes[].mirror.provider=storage_replica), and of no use otherwise.
            type: str
          mode:
            description: Whether a write is done once both nodes have it (V(sync)), or once its node has it
              (V(async)).
            type: str
            choices: [sync, async]
            default: sync
          rpo:
            description:
              - Seconds by which the copy may be behind. Required for O(volumes[].mirror.mode=async).
              - V(30) or more; with V(robocopy), V(4) or more.
            type: int
          takeover:
            description:
              - Whether the other node may take over by itself what may be older than what a lost node had.
              - V(within_rpo) lets it do so where the copy was within its RPO at the last known state. Of
                O(volumes[].mirror.mode=async) alone. A synchronous mirror is taken over where it was in sync.
              - V(never) leaves that to an operator, who asks for it (playbook C(switchover) or
                C(disaster_recovery)) and is told how much may be lost. A planned move loses nothing.
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
        description: Nodes in order of priority. Without it, O(nodes).
        type: list
        elements: str
  ips:
    description: Floating addresses that are to be declared. See M(standby.iis.ip).
    type: list
    elements: dict
    suboptions:
      address:
        description: IPv4 or IPv6 address, with or without its prefix length.
        type: str
        required: true
      prefix:
        description: Prefix length in bits. Without it, that of the nodes' own addresses in the same subnet.
        type: int
      nodes:
        description: Nodes in order of priority. Without it, O(nodes).
        type: list
        elements: str
      interfaces:
        description: Interface alias by node, where it cannot be found from the subnet.
        type: dict
      dad_transmits:
        description: Probes of duplicate address detection. Without it the interfaces are left as they are.
        type: int
      adopt:
        description: Take over an address that is configured by hand on a node.
        type: bool
        default: false
      addresses:
        description: Address by node, for nodes in another subnet.
        type: dict
  sites:
    description: Sites that are to be protected. See M(standby.iis.site).
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the site in IIS, letter for letter.
        type: str
        required: true
      type:
        description: What the site is first of all. Without it, the bindings decide.
        type: str
        choices: [web, ftp, smtp]
      nodes:
        description: Nodes in order of priority. Without it, O(nodes).
        type: list
        elements: str
      standby_mode:
        description: Whether it is kept started where it is not in service. See M(standby.iis.site).
        type: str
        choices: [cold, warm]
        default: cold
      checks:
        description: Requests whose answers show that the site serves.
        type: list
        elements: dict
        suboptions:
          url:
            description:
              - Absolute URL, whose host is a floating address of the site. It is http or https, smtp, or ftp,
                or ftps where TLS comes before everything else.
            type: str
            required: true
          host:
            description: Host header, and server name of TLS. Without it, the host of the URL.
            type: str
          status:
            description: Status codes of http that are healthy. Without it, any below 400.
            type: list
            elements: int
          body:
            description:
              - Regular expression that must be found in the first 64 KiB of the body.
              - The search is not part of the timeout. A repetition inside of a repeated
                group may take without end.
            type: str
          timeout:
            description: Seconds for the whole exchange.
            type: float
            default: 5.0
          verify:
            description: Verify the certificate that is shown.
            type: bool
            default: true
          latency:
            description:
              - Seconds after which an answer is too late and counts as none.
              - It must not exceed the timeout. Without it, any answer within the timeout is in time.
            type: float
          certificate_days:
            description:
              - Days that the certificate of an https answer must still be valid for. With fewer left, that is
                told wherever the health of the site is shown. It makes nothing unhealthy; other
                nodes mostly show the same certificate.
              - Without it, a certificate is told of when it has expired.
            type: float
          starttls:
            description: Change to TLS after the greeting (C(AUTH TLS) of ftp, C(STARTTLS) of smtp).
            type: bool
            default: false
          login:
            description:
              - User to log in as, such as V(anonymous). Of ftp alone.
              - Without it, the check goes no further than the greeting, and TLS.
            type: str
          password_file:
            description:
              - File that holds the password of that user, on whatever machine makes the check. That is the
                controller, and every node with an agent.
              - The password itself is stored nowhere. Without it, an address is given, as V(anonymous) does.
            type: path
          listing:
            description:
              - List the folder of the URL over a passive data connection. It needs O(sites[].checks[].login).
            type: bool
            default: false
          sender:
            description: Address that a mail would come from. Without it, the empty one. Of smtp alone.
            type: str
          recipient:
            description:
              - Address that a mail would go to. It is begun and taken back before any of it is sent. Of smtp
                alone.
              - Without it, no mail is begun.
            type: str
seealso:
  - module: standby.iis.volume
  - module: standby.iis.ip
  - module: standby.iis.site
  - module: standby.iis.hierarchy_info
"""

EXAMPLES = r"""
- name: Check the structure of the shop before it is declared
  standby.iis.structure_info:
    nodes: [server1, server2]
    volumes:
      - path: 'E:\'
    ips:
      - address: 192.0.2.50/24
    sites:
      - name: Shop & Co
"""

RETURN = r"""
msg:
  description: That the structure can be declared, in one sentence.
  returned: always
  type: str
  sample: the structure can be declared and forms 1 hierarchy
hierarchies:
  description: The hierarchies there would be, by name, with those that are declared already.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name, which is that of its first site.
      type: str
    nodes:
      description: Nodes in order of priority.
      type: list
      elements: str
    members:
      description: Ids of its volumes, addresses and sites.
      type: list
      elements: str
      sample: ['volume E:\', ip 192.0.2.50, 'site "Shop & Co"']
volumes:
  description:
    - The volumes as they would be declared, with those that are already.
    - O(standby.iis.site#module:pending) takes them.
  returned: success
  type: list
  elements: dict
  sample: [{path: 'E:\', kind: local, disk: null, nodes: [server1, server2]}]
ips:
  description:
    - The addresses as they would be declared, with those that are already.
    - O(standby.iis.site#module:pending) takes them.
  returned: success
  type: list
  elements: dict
  sample: [{address: 192.0.2.50, prefix: 24, nodes: [server1, server2], addresses: {}}]
node:
  description: The node a failure happened on.
  returned: failure on one node
  type: str
  sample: server2
resource:
  description: The resource a failure concerns.
  returned: failure of one resource
  type: str
  sample: site "Shop & Co"
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

from ..module_utils.control.declared import (
    IP_SPEC,
    SITE_SPEC,
    VOLUME_SPEC,
    ip_request,
    site_request,
    volume_request,
)
from ..module_utils.control.fleet import Fleet
from ..module_utils.control.result import failure_of, result_of
from ..module_utils.control.structure import Structure, check_structure
from ..module_utils.errors import StandbyError
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {
    **CONNECTION_SPEC,
    "nodes": {"type": "list", "elements": "str"},
    "volumes": {"type": "list", "elements": "dict", "options": VOLUME_SPEC},
    "ips": {"type": "list", "elements": "dict", "options": IP_SPEC},
    "sites": {"type": "list", "elements": "dict", "options": SITE_SPEC},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    wanted = module.params
    try:
        with Fleet(connections_from(wanted)) as fleet:
            nodes = tuple(wanted["nodes"] or fleet.names)
            structure = Structure(
                tuple(volume_request(one, nodes) for one in wanted["volumes"] or ()),
                tuple(ip_request(one, nodes) for one in wanted["ips"] or ()),
                tuple(site_request(one, nodes) for one in wanted["sites"] or ()),
            )
            outcome = check_structure(fleet, structure)
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    result = result_of(outcome)
    del result["diff"]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
