#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: hierarchy
short_description: Put a hierarchy of IIS sites in service on a node
version_added: "1.0.0"
description:
  - Puts a hierarchy, which is the sites, addresses and volumes that move together, in service on one node,
    or takes it out
    of service. Moving it from one node to another is a switchover.
  - Checks the target before anything is stopped, takes the hierarchy down on its owner, brings it up on the
    target,
    verifies it with the deep checks of its sites, and rolls back where a step fails.
  - Where agents run on the nodes of the hierarchy, they move it. Their command on one of the nodes is given
    the request, the module follows it to the end, looks at the nodes, and asks the sites from the controller.
  - An agent on some of its nodes only, or one that does not run, is refused.
  - In check mode it returns the plan and touches nothing.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes
  - standby.iis.connection
options:
  name:
    description: Name of the hierarchy, or of any site, address or volume in it.
    type: str
    required: true
  state:
    description: In service on a node, or out of service on all of them.
    type: str
    choices: [in_service, out_of_service]
    default: in_service
  to:
    description:
      - Node to put it in service on, or V(primary) for the first of its nodes.
      - Without it, the hierarchy stays with its owner. One that has no owner comes into service on its
        primary.
    type: str
  reason:
    description: Why it is moved, in one sentence. It is kept on the nodes and shown with the status.
    type: str
  resume:
    description:
      - Go on where a run that was killed has left off. While a run has not said that it ended, every other
        one is refused, since calls of it may still take effect.
      - Make sure that the other run is gone before you say so.
    type: bool
    default: false
  force:
    description:
      - Overrule what the agents refuse softly, and what is seen from outside on the target.
      - It accepts that the target's data may be old, so that what was written since is lost. It accepts that
        nobody confirmed the end of a node that had a shared disk, so that two nodes may write to it. It
        accepts a node that is unfit or in maintenance, so that the move may end in an outage.
      - It never takes a hierarchy from a node whose lease holds, and does nothing where no agents run.
    type: bool
    default: false
  fence_confirmed:
    description:
      - A node of which you have made sure that it is off and stays off. Agents that wait for that
        (C(waiting_for_confirmation)) take what it had on a shared disk.
      - Unlike O(force) it accepts nothing else. It changes nothing where no agent waits for it, which
        RV(notes) says.
      - Never name a node that may still run. Two nodes that write to one disk destroy what is on it.
    type: str
  dns_keys:
    description:
      - TSIG keys by which updates of DNS records are signed, where the hierarchy has records and no agents
        run. Their secrets are not shown. See M(standby.iis.dns).
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
seealso:
  - module: standby.iis.hierarchy_info
  - module: standby.iis.maintenance
  - module: standby.iis.site
"""

EXAMPLES = r"""
- name: Put the shop in service, where it is or on its primary
  standby.iis.hierarchy:
    name: Shop & Co

- name: Switch the shop over
  standby.iis.hierarchy:
    name: Shop & Co
    to: server2
    reason: patch day on server1

- name: Switch it back
  standby.iis.hierarchy:
    name: Shop & Co
    to: primary

- name: Have the agents take it from a server whose power you have taken
  standby.iis.hierarchy:
    name: Shop & Co
    fence_confirmed: server1

- name: Take everything on an address out of service
  standby.iis.hierarchy:
    name: 192.0.2.50
    state: out_of_service
    reason: data centre moves
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
hierarchy:
  description: Name of the hierarchy.
  returned: success
  type: str
  sample: Shop & Co
owner_before:
  description: The node that had it in service before.
  returned: success
  type: str
  sample: server1
owner:
  description: The node that has it in service now, or in check mode would have.
  returned: success
  type: str
  sample: server2
plan:
  description: What was to be done, in order.
  returned: success
  type: list
  elements: str
  sample:
    - stop site "Shop & Co" on server1
    - remove ip 192.0.2.50 from server1
    - add ip 192.0.2.50/24 to server2
steps:
  description: What was done, or tried; through agents, what they said, each sentence from when on.
  returned: success, and failure on the way (RV(reason=move_failed) or RV(reason=not_in_service))
  type: list
  elements: dict
  contains: &step
    sentence:
      description: What was done.
      type: str
    node:
      description: Where.
      type: str
    action:
      description: Kind of step.
      type: str
    start:
      description: Seconds since the first step.
      type: float
    seconds:
      description: How long it took.
      type: float
    error:
      description: Why it failed, V(null) where it did not.
      type: str
undone:
  description: What was done, or tried, on the way back to the node that had it; empty where there was none.
  returned: failure on the way (RV(reason=move_failed))
  type: list
  elements: dict
  contains: *step
expected_outage:
  description: Seconds of outage expected before a move.
  returned: success
  type: float
expected_outage_basis:
  description: Where that figure is from.
  returned: success
  type: str
  sample: measured at the last move
outage:
  description:
    - Seconds from the first stop to the last site that started, or the last address that became
      usable. The checks follow and are not part of it.
    - Through agents, seconds that the controller, which asks every site all the time, had no good answer.
  returned: success of a move
  type: float
drift:
  description:
    - How its sites on the node they move to differ from those on the node they are on, and what is to be said
      of their certificates, one sentence each. They are shown as warnings too, and stop nothing.
    - M(standby.iis.site_drift) tells all of it.
  returned: success with O(state=in_service)
  type: list
  elements: str
notes:
  description:
    - Where nodes differ, what could not be recorded, name servers that do not say what they should, and
      that no agent waits for O(fence_confirmed).
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
    - V(move_failed) where a step failed. It was rolled back, or RV(msg) says what is left.
    - V(overtaken) where something else was asked of the hierarchy after its nodes were read, by another
      operator for example. Nothing was touched.
    - V(agent_refused) where the agents refused it. Nothing was touched.
    - V(not_in_service) where the agents accepted it, and it is not in service as asked at the end.
    - V(standby_error) where something stood in the way. Nothing was touched.
    - Otherwise the kind of a failure, such as V(unreachable), V(access_denied), V(cim_error),
      V(method_error) or V(bad_document).
  returned: failure
  type: str
  sample: move_failed
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.control.fleet import Fleet
from ..module_utils.control.hierarchy import put_in_service, take_out_of_service
from ..module_utils.control.records import KEYS_SPEC, keys_from
from ..module_utils.control.result import failure_of, result_of
from ..module_utils.errors import StandbyError
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {
    **CONNECTION_SPEC,
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["in_service", "out_of_service"], "default": "in_service"},
    "to": {"type": "str"},
    "reason": {"type": "str"},
    "resume": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "fence_confirmed": {"type": "str"},
    "dns_keys": KEYS_SPEC,
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    wanted = module.params
    try:
        with Fleet(connections_from(wanted)) as fleet:
            if wanted["state"] == "in_service":
                outcome = put_in_service(
                    fleet,
                    wanted["name"],
                    wanted["to"],
                    module.check_mode,
                    wanted["reason"],
                    resume=wanted["resume"],
                    force=wanted["force"],
                    fence_confirmed=wanted["fence_confirmed"],
                    keys=keys_from(wanted["dns_keys"]),
                )
            else:
                outcome = take_out_of_service(
                    fleet, wanted["name"], module.check_mode, wanted["reason"], resume=wanted["resume"]
                )
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    for sentence in outcome.data.get("drift", ()):
        module.warn(sentence)
    module.exit_json(**result_of(outcome))


if __name__ == "__main__":
    main()
