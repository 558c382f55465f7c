#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: hierarchy_info
short_description: Read which node has which hierarchy of IIS sites in service
version_added: "1.0.0"
description:
  - Returns every hierarchy of the cluster with its owner, its state and the reason for it, and the state of
    each of its
    sites, addresses and volumes on each node, as observed now.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes.info
  - standby.iis.connection
options:
  name:
    description: Name of one hierarchy, or of any site, address or volume in it. Without it, all hierarchies.
    type: str
seealso:
  - module: standby.iis.hierarchy
  - module: standby.iis.site_info
"""

EXAMPLES = r"""
- name: Read the hierarchies
  standby.iis.hierarchy_info:
  register: found

- name: Show the hierarchies that are not in service, and why
  ansible.builtin.debug:
    msg: "{{ found.hierarchies | standby.iis.query(\"[?state!='in_service'].{name: name, why: reason}\") }}"
"""

RETURN = r"""
hierarchies:
  description:
    - The hierarchies, by name.
    - The list is empty where no node that could be read has a definition. See RV(notes) for the others.
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
    primary:
      description: The first of them.
      type: str
    owner:
      description: The node that has it in service, or alone holds what is up of it.
      type: str
    state:
      description:
        - V(in_service), V(out_of_service), V(partial) (some of it is up), V(conflict) (something is up on
          more than one
          node) or V(unknown) (nothing is up where it could be seen, and a node could not be read).
      type: str
    reason:
      description: Why it is so, in one sentence. Where it is not in service, agents say why.
      type: str
    agents:
      description: What the agent of each of its nodes says of it; empty where there are none.
      type: list
      elements: dict
      contains:
        node:
          description: Whose agent.
          type: str
        reason:
          description:
            - One word, such as V(in_service), V(elsewhere), V(starting), V(failed) or V(store_outage). The
              documentation of ownership lists them.
            - V(not_running) and V(no_answer) where the agent says nothing, V(not_taken_up) where it does not
              look after the hierarchy yet.
          type: str
        sentence:
          description: Why, in its words.
          type: str
    standby:
      description:
        - How its sites that are kept warm stand by on each node that does not have them in service, with the
          reason where they are not ready. Empty without such sites.
      type: dict
      sample: {"server2": ["warm: ready"]}
    members:
      description: Its volumes, addresses and sites.
      type: list
      elements: dict
      contains:
        id:
          description: Kind and name, as messages have them.
          type: str
          sample: ip 192.0.2.50
        kind:
          description: V(ip), V(volume) or V(site).
          type: str
        name:
          description: Address, path or name.
          type: str
        depends_on:
          description: Ids of the members that a site needs.
          type: list
          elements: str
        seen:
          description: What there is of it, by node.
          type: dict
          sample: {server1: preferred, server2: absent}
    records:
      description: Its DNS records, with what each of their servers says now.
      type: list
      elements: dict
      sample:
        - id: dns shop.example.com A
          name: shop.example.com
          type: A
          zone: example.com
          ttl: 30
          ip: 192.0.2.50
          key: standby
          wanted: 192.0.2.50
          settled: true
          servers: [{server: 192.0.2.53, values: [192.0.2.50], ttl: 30, problem: ""}]
    intent:
      description: What was last asked, or null.
      type: dict
      contains:
        owner:
          description: The node it was put in service on, null for out of service.
          type: str
        moving_from:
          description: The former owner while a move is under way.
          type: str
        running:
          description: A run is at it, or was killed before it could say that it ended.
          type: bool
        reason:
          description: Why.
          type: str
        at:
          description: When, in UTC.
          type: str
        outage:
          description: Seconds of outage measured at the last move.
          type: float
    notes:
      description: Where the nodes' definitions differ.
      type: list
      elements: str
agents:
  description: The agents of the nodes that could be read; empty where there are none.
  returned: success
  type: list
  elements: dict
  contains:
    node:
      description: Whose agent.
      type: str
    running:
      description: Its scheduled task runs.
      type: bool
    standing:
      description: V(member) where its node may serve. The documentation of ownership lists the others.
      type: str
    problems:
      description: What it cannot read, or why it does not answer, in sentences.
      type: list
      elements: str
    certificates:
      description:
        - What somebody has to mend about certificates of https sites on its node, and why the last look at
          them failed, in sentences. Agents look when they begin and once a day.
      type: list
      elements: str
maintenance:
  description: Where the agents do nothing by themselves, null where no agent can read it.
  returned: success
  type: dict
  contains:
    cluster:
      description: Everywhere.
      type: bool
    nodes:
      description: On these nodes.
      type: list
      elements: str
    hierarchies:
      description: With these hierarchies.
      type: list
      elements: str
notes:
  description: One sentence for every node that could not be read or whose definition differs.
  returned: success
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

from ..module_utils.control.fleet import Fleet
from ..module_utils.control.info import overview
from ..module_utils.control.result import failure_of
from ..module_utils.errors import StandbyError
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {**CONNECTION_SPEC, "name": {"type": "str"}}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        with Fleet(connections_from(module.params)) as fleet:
            found = overview(fleet, module.params["name"])
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    module.exit_json(
        changed=False,
        hierarchies=found.hierarchies,
        notes=list(found.notes),
        agents=found.agents,
        maintenance=found.maintenance,
    )


if __name__ == "__main__":
    main()
