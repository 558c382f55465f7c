#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: verify_windows
short_description: Try on a node what this collection assumes about Windows
version_added: "1.0.0"
description:
  - Some statements about Windows that the collection relies on are confirmed by no public source. They are
    listed in C(docs/assumptions.md). This module tries them on a node and returns each as holding or not.
  - It only reads, unless an address or a disk is named for it.
  - It leaves the node as it was, and therefore never reports a change.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes.info
  - standby.iis.connection
attributes:
  check_mode:
    details: In check mode it only reads, whatever is named.
options:
  address:
    description:
      - A free address of a subnet of the node. It is added and removed several times, for less than a minute.
      - It is left alone where the node holds it already, where it is a resource of the cluster, and where
        the adapter is configured by DHCP.
    type: str
  disk:
    description:
      - UniqueId or GPT Guid of a spare disk that is online on the node. It is taken offline and brought
        online again.
      - Nothing may use it meanwhile. It is left alone where it is offline, the boot or system disk, or where
        a volume resource of the cluster lies on it.
    type: str
seealso:
  - module: standby.iis.site_info
"""

EXAMPLES = r"""
- name: Try what reading alone can try
  standby.iis.verify_windows:
  register: tried

- name: Try everything, on a spare address and a spare disk
  standby.iis.verify_windows:
    address: 10.0.0.250
    disk: 600140501F6E3A5B2C4D4E5F60718293
  throttle: 1
"""

RETURN = r"""
msg:
  description: How many assumptions hold, do not hold and were not checked.
  returned: success
  type: str
assumptions:
  description: The assumptions, in the order of C(docs/assumptions.md).
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Name of the assumption.
      type: str
      sample: address-lifetime
    statement:
      description: What is assumed.
      type: str
    where:
      description: The file of C(plugins/module_utils) that relies on it.
      type: str
      sample: windows/address.py
    verdict:
      description: V(holds), V(does not hold) or V(not checked).
      type: str
      sample: holds
    seen:
      description: What the node showed, or why it was not checked.
      type: str
node:
  description: The node a failure happened on.
  returned: failure on one node
  type: str
  sample: server2
resource:
  description: The resource a failure concerns.
  returned: failure of one resource
  type: str
  sample: ip 10.0.0.250
remedy:
  description: What to do next after a failure.
  returned: failure
  type: str
reason:
  description:
    - Kind of a failure, such as V(unreachable), V(access_denied), V(cim_error), V(method_error),
      V(bad_document) or, for everything else that an operator can act on, V(standby_error).
  returned: failure
  type: str
  sample: unreachable
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.control.fleet import Fleet
from ..module_utils.control.result import failure_of, result_of
from ..module_utils.control.verify import verify
from ..module_utils.errors import StandbyError
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {**CONNECTION_SPEC, "address": {"type": "str"}, "disk": {"type": "str"}}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        with Fleet(connections_from(module.params)) as fleet:
            outcome = verify(fleet, module.params["address"], module.params["disk"], module.check_mode)
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    module.exit_json(**result_of(outcome))


if __name__ == "__main__":
    main()
