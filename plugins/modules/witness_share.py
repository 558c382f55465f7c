#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: witness_share
short_description: Make a folder on a Windows file server the witness of a cluster
version_added: "1.0.0"
description:
  - Makes a folder, shares the folder above it without caching, and lets the accounts of the nodes change what
    is in both, and nobody else but Administrators and SYSTEM.
  - It concerns the play host, which is the file server and none of the nodes.
  - Agents use the share as the accounts of their computers, which other machines know in a domain alone.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes
  - standby.iis.connection
options:
  share:
    description: Name of the share, which is for this cluster of nodes alone. With C($) at its end it is not
      listed.
    type: str
    required: true
  path:
    description:
      - Folder that is shared, on a local disk of the server. Nothing may replicate it.
      - It is made where it is missing. A share of that name with another path is refused.
    type: str
    required: true
  folder:
    description: Folder in it that is the witness. Its rights are replaced.
    type: str
    required: true
  accounts:
    description:
      - Accounts that may use it, as Windows shows them, such as C(EXAMPLE\\server1$), the account of the
        computer server1.
      - Required for O(state=present). Whom else the share lets in loses that.
    type: list
    elements: str
    default: []
  encrypt:
    description: Whether the server encrypts the traffic of the share.
    type: bool
    default: true
  state:
    description:
      - V(present) has all of it as it is described.
      - V(absent) removes the share, and the folder O(folder) with all that is in it. Remove the agents of all
        nodes before.
    type: str
    choices: [present, absent]
    default: present
  source:
    description: Folder C(module_utils) of the collection on the controller. It knows that itself.
    type: path
seealso:
  - module: standby.iis.agent
"""

EXAMPLES = r"""
- name: Make the witness of two nodes
  standby.iis.witness_share:
    share: witness-web$
    path: D:\witness\web
    folder: web
    accounts: ['EXAMPLE\server1$', 'EXAMPLE\server2$']
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
  sample: 3 steps were taken
steps:
  description: What was done, or would be, in order.
  returned: success
  type: list
  elements: str
  sample: ['make D:\witness\web\web']
witness:
  description:
    - The witness as agents are told of it, by the name that the server's computer has.
    - Give them the full name in the domain in its place, where the nodes know it by that.
  returned: success
  type: str
  sample: \\FILES\witness-web$\web
node:
  description: The server, after a failure on it.
  returned: failure
  type: str
  sample: files
resource:
  description: Share or folder that a failure concerns.
  returned: failure of one of them
  type: str
  sample: share witness-web$
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
from ..module_utils.control.witness_share import ShareRequest, ensure_share, remove_share
from ..module_utils.errors import StandbyError
from ..module_utils.monitor.options import script
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {
    **CONNECTION_SPEC,
    "share": {"type": "str", "required": True},
    "path": {"type": "str", "required": True},
    "folder": {"type": "str", "required": True},
    "accounts": {"type": "list", "elements": "str", "default": []},
    "encrypt": {"type": "bool", "default": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "source": {"type": "path"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    wanted = module.params
    asked = ShareRequest(
        wanted["share"],
        wanted["path"].rstrip("\\"),
        wanted["folder"],
        tuple(wanted["accounts"]),
        wanted["encrypt"],
    )
    act = remove_share if wanted["state"] == "absent" else ensure_share
    try:
        with Fleet(connections_from(wanted)) as fleet, fleet.lease(fleet.names[0]) as node:
            outcome = act(node, script(wanted), asked, check=module.check_mode)
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    module.exit_json(**result_of(outcome))


if __name__ == "__main__":
    main()
