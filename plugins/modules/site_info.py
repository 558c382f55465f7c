#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: site_info
short_description: Read the IIS sites of a node and what they depend on
version_added: "1.0.0"
description:
  - Returns every site of the node, web and ftp, with its state, its addresses, volumes, pools, host names
    and certificates,
    and with what makes it unprotectable, each with a reason and a remedy.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes.info
  - standby.iis.connection
options:
  name:
    description: Name of one site. Without it, all sites.
    type: str
seealso:
  - module: standby.iis.site
  - module: standby.iis.hierarchy_info
"""

EXAMPLES = r"""
- name: Read the sites of each node
  standby.iis.site_info:
  register: found

- name: Show what makes sites unprotectable
  ansible.builtin.debug:
    msg: "{{ found.sites | standby.iis.query('[?obstacles].{site: name, why: obstacles[].sentence}') }}"
"""

RETURN = r"""
sites:
  description: The sites, in the order of IIS.
  returned: success
  type: list
  elements: dict
  contains:
    node:
      description: The node.
      type: str
    protected:
      description: Whether it is protected there.
      type: bool
    name:
      description: Its name.
      type: str
    id:
      description: Its number on this node.
      type: int
    state:
      description: Run state in IIS, of a web site.
      type: str
      sample: Started
    type:
      description: V(web), V(ftp), V(smtp) or V(other).
      type: str
    services:
      description: What it is served by, V(web), V(ftp) or both, or V(smtp).
      type: list
      elements: str
    smtp:
      description: The SMTP virtual server. It is empty for a site of IIS.
      type: dict
      contains:
        path:
          description: Its place in the metabase of this node.
          type: str
          sample: SmtpSvc/1
        queue:
          description: Folder that mail waits in until it is delivered.
          type: str
        pickup:
          description: Folder that applications put mail into.
          type: str
        bad_mail:
          description: Folder of mail that can neither be delivered nor returned.
          type: str
        drop:
          description: Folder of mail for domains of its own.
          type: str
        smart_host:
          description: Where it delivers to. It is empty where every domain's own server is asked.
          type: str
        notes:
          description: What is worth to know before it is relied on, as a queue on the system volume.
          type: list
          elements: str
    ftp:
      description: The FTP side. It is empty without ftp bindings.
      type: dict
      contains:
        state:
          description: Run state of the FTP side.
          type: str
          sample: Started
        control_policy:
          description: TLS on the control channel, V(SslAllow), V(SslRequire) or V(SslRequireCredentialsOnly).
          type: str
        data_policy:
          description: TLS on data channels, V(SslAllow), V(SslRequire) or V(SslDeny).
          type: str
        isolation:
          description: Mode of user isolation, which says where home directories lie.
          type: str
          sample: IsolateAllDirectories
        passive_ports:
          description:
            - Ports of data connections on this node, which its firewall has to let in. It is empty where any
              may be used.
          type: str
          sample: 50000-50100
        notes:
          description: What the configuration does not say.
          type: list
          elements: str
    ips:
      description: Addresses that its bindings name.
      type: list
      elements: str
    volumes:
      description: Paths of the volumes that its content lies on, without the system volume.
      type: list
      elements: str
    pools:
      description: Its application pools.
      type: list
      elements: str
    missing_pools:
      description: Application pools that it names and that do not exist.
      type: list
      elements: str
    hosts:
      description: Host names of its bindings.
      type: list
      elements: str
    certificates:
      description: One for every https binding, and for ftp bindings with TLS.
      type: list
      elements: dict
    other_bindings:
      description: Bindings other than http, https, ftp and smtp.
      type: list
      elements: str
    loopback_bindings:
      description: Bindings that only the node itself reaches.
      type: list
      elements: str
    unc_paths:
      description: Content on shares of other machines.
      type: list
      elements: str
    obstacles:
      description: What keeps it from being protected as it is. The list is empty where nothing does.
      type: list
      elements: dict
      contains:
        reason:
          description: Fixed word for programs.
          type: str
          sample: undeclared_address
        sentence:
          description: What was found.
          type: str
        remedy:
          description: What to do.
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
from ..module_utils.control.info import sites_of
from ..module_utils.control.result import failure_of
from ..module_utils.errors import StandbyError
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {**CONNECTION_SPEC, "name": {"type": "str"}}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        with Fleet(connections_from(module.params)) as fleet:
            sites = sites_of(fleet, module.params["name"])
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    module.exit_json(changed=False, sites=sites)


if __name__ == "__main__":
    main()
