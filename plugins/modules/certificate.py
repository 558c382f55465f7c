#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate
short_description: Bring a certificate with its private key to every node of an https site
version_added: "1.0.0"
description:
  - Takes a PFX that lies on the controller, imports it on each node of the site that lacks its certificate or
    the private key, and makes the TLS bindings of http.sys that show it. Where a binding shows another
    certificate, it is replaced, and its other settings stay. On Windows Server 2016, which cannot do that,
    the binding is deleted and made again, its other settings are lost, and new connections fail for a moment.
  - The PFX and its password go to the nodes inside the session, on the standard input of a script. They stand
    in no file, no argument, no log, no result and no diff, and nothing of them stays on a node but the
    certificate with its key in the store, and intermediate certificates.
  - Intermediate certificates of the PFX go to the store of intermediate authorities of the machine (CA). They
    are not recorded, and O(state=absent) leaves them. A root is left out.
  - Backups come before the node that serves. A renewed certificate is brought by running it with the new PFX.
  - Bindings of the central certificate store have no certificate of their own, and are left alone.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes
  - standby.iis.connection
options:
  site:
    description: Name of the site in IIS, letter for letter.
    type: str
    required: true
  src:
    description: The PFX on the controller. It is required with O(state=present).
    type: path
  password:
    description: Password of the PFX. Without it, the PFX has none.
    type: str
  store:
    description: Store of the machine that the certificate goes to.
    type: str
    choices: [MY, WebHosting]
    default: MY
  bindings:
    description:
      - The https bindings that show it, as V(192.0.2.50:443:shop.example.com). The certificate has to be for
        their host names.
      - Without it, all https bindings of the site whose host name it is for, and those without a host name.
    type: list
    elements: str
    default: []
  nodes:
    description: Nodes. Without it, those of the protected site, and with O(state=absent) all of the play.
    type: list
    elements: str
  state:
    description:
      - V(present) brings the certificate and its bindings.
      - V(absent) takes away what this module made for the site, on those nodes where the site does not run.
        What was there before, is used by another site, or was changed since by somebody, stays, and so do
        intermediate certificates.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: standby.iis.site
  - module: standby.iis.site_drift
"""

EXAMPLES = r"""
- name: Bring the certificate of the shop to all its nodes
  standby.iis.certificate:
    site: Shop & Co
    src: /etc/pki/shop.example.com.pfx
    password: "{{ vault_shop_pfx_password }}"

- name: Take it away again from the nodes where the shop does not run
  standby.iis.certificate:
    site: Shop & Co
    state: absent
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
steps:
  description: What was done, or in check mode would be done.
  returned: success
  type: list
  elements: str
certificate:
  description: The certificate of the PFX.
  returned: success with O(state=present)
  type: dict
  contains:
    thumbprint:
      description: Its thumbprint.
      type: str
    store:
      description: The store it is in.
      type: str
    names:
      description: Host names it is for.
      type: list
      elements: str
    expires:
      description: The end of its validity, in UTC.
      type: str
    bindings:
      description: The https bindings that show it.
      type: list
      elements: str
source:
  description: The node whose site was asked for its bindings.
  returned: success with O(state=present)
  type: str
  sample: server1
notes:
  description:
    - One sentence for every node that was left as it is, with O(state=absent).
    - With O(state=present), in check mode, one for every node that has no twin of the site yet; a run refuses
      as long as that is so.
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
  sample: certificate of site "Shop"
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

from ..module_utils.control.certificate import CertificateRequest, ensure_certificate, read_pfx
from ..module_utils.control.certificate_removal import remove_certificates
from ..module_utils.control.fleet import Fleet
from ..module_utils.control.result import failure_of, result_of
from ..module_utils.errors import StandbyError
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {
    **CONNECTION_SPEC,
    "site": {"type": "str", "required": True},
    "src": {"type": "path"},
    "password": {"type": "str", "no_log": True},
    "store": {"type": "str", "choices": ["MY", "WebHosting"], "default": "MY"},
    "bindings": {"type": "list", "elements": "str", "default": []},
    "nodes": {"type": "list", "elements": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC, supports_check_mode=True, required_if=[("state", "present", ["src"])]
    )
    wanted = module.params
    nodes = tuple(wanted["nodes"] or ())
    try:
        with Fleet(connections_from(wanted)) as fleet:
            if wanted["state"] == "absent":
                outcome = remove_certificates(fleet, wanted["site"], module.check_mode, nodes)
            else:
                request = CertificateRequest(
                    site=wanted["site"],
                    pfx=read_pfx(wanted["src"], wanted["password"], wanted["site"]),
                    store=wanted["store"],
                    bindings=tuple(wanted["bindings"]),
                    nodes=nodes,
                )
                outcome = ensure_certificate(fleet, request, module.check_mode)
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    module.exit_json(**result_of(outcome))


if __name__ == "__main__":
    main()
