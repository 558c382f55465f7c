#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: site_drift
short_description: Compare protected sites with their twins
version_added: "1.0.0"
description:
  - Compares each protected site, on the node where it serves, with its twin on every other node. Nothing is
    changed.
  - Compared are bindings, applications, virtual directories, application pools, the sections of
    C(applicationHost.config) that are in force at the site, modules and features that are installed,
    machine keys, certificates, and rights and files of content that every node has for itself.
  - Every difference has a verdict. What IIS does not care about, such as numbers of sites, order and
    case, and defaults that are written out, is no difference.
  - Secrets are compared and never shown.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes.info
  - standby.iis.connection
options:
  name:
    description: Name of one protected site. Without it, all of them.
    type: str
  content:
    description:
      - Compare the files of content that every node has for itself, by their SHA-256. This reads all of
        them.
      - Content on a volume that moves with the site is the same on every node.
    type: bool
    default: true
  ignore:
    description:
      - Patterns of paths that differ on purpose, with C(*) and C(?), case ignored. They are reported with the
        verdict V(differs on purpose).
    type: list
    elements: str
    default: []
  certificate_days:
    description: Days that certificates must still be valid for. With fewer left, they are warned of.
    type: float
    default: 30.0
seealso:
  - module: standby.iis.site
  - module: standby.iis.site_info
"""

EXAMPLES = r"""
- name: Compare all protected sites with their twins
  standby.iis.site_drift:
    ignore:
      - site/logFile/*
      - content/*/App_Data/*
  register: parity

- name: Show what would break a failover
  ansible.builtin.debug:
    msg: "{{ parity.drift | standby.iis.query(query) }}"
  vars:
    query: "[].{site: site, twin: there, why: differences[?verdict == 'breaks failover'].path}"
"""

RETURN = r"""
msg:
  description: What was found, in one sentence.
  returned: always
  type: str
  sample: 2 twins are as the original
breaks:
  description: Whether a difference would break a failover.
  returned: success
  type: bool
counts:
  description: How many differences there are, by verdict.
  returned: success
  type: dict
  sample: {breaks failover: 1, differs on purpose: 0, cosmetic: 2}
drift:
  description: One for every twin, in the order of the sites and of their nodes.
  returned: success
  type: list
  elements: dict
  contains:
    site:
      description: Name of the site.
      type: str
    here:
      description: The node with the original.
      type: str
    there:
      description: The node with the twin.
      type: str
    breaks:
      description: Whether a difference would break a failover to that node.
      type: bool
    differences:
      description: What is not the same.
      type: list
      elements: dict
      contains:
        path:
          description: Where.
          type: str
          sample: pools[Shop]/processModel/identity
        here:
          description: On the node with the original. Secrets are not shown.
          type: str
        there:
          description: On the node with the twin.
          type: str
        verdict:
          description: V(breaks failover), V(differs on purpose) or V(cosmetic).
          type: str
        remedy:
          description: What to do.
          type: str
        repairable:
          description: Whether O(standby.iis.site#module:repair) makes it the same.
          type: bool
    warnings:
      description: What is no difference and should be looked at, such as certificates about to expire.
      type: list
      elements: str
    not_compared:
      description: What could not be compared, each with the reason.
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

from ..module_utils.control.drift import DriftRequest, site_drift
from ..module_utils.control.fleet import Fleet
from ..module_utils.control.result import failure_of
from ..module_utils.errors import StandbyError
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {
    **CONNECTION_SPEC,
    "name": {"type": "str"},
    "content": {"type": "bool", "default": True},
    "ignore": {"type": "list", "elements": "str", "default": []},
    "certificate_days": {"type": "float", "default": 30.0},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    wanted = module.params
    request = DriftRequest(
        wanted["name"], wanted["content"], tuple(wanted["ignore"]), wanted["certificate_days"]
    )
    try:
        with Fleet(connections_from(wanted)) as fleet:
            outcome = site_drift(fleet, request)
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    module.exit_json(changed=False, msg=outcome.message, **outcome.data)


if __name__ == "__main__":
    main()
