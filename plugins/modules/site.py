#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: site
short_description: Protect an IIS web or FTP site, or an SMTP virtual server
version_added: "1.0.0"
description:
  - Reads the IIS configuration of the node that has the site, and derives what the site depends on. These
    are the
    addresses of its bindings and the volumes of its content.
  - Refuses a site that cannot be protected, with the reason and what to do about it. Every address and every
    volume other
    than the system volume must be declared before, with M(standby.iis.ip) and M(standby.iis.volume).
  - Creates the twin of the site on the other nodes, with its application pools, bindings, applications and
    virtual
    directories, stopped and not started by IIS itself.
  - Protecting a site does not move or stop it. M(standby.iis.hierarchy) puts it in service.
  - Without O(repair=true) a twin does not carry the C(<location>) sections of C(applicationHost.config)
    for the site, such as its authentication, nor inherited defaults. FTP authorization rules alone go along.
    Certificates and content are never carried. M(standby.iis.certificate) brings certificates, and
    M(standby.iis.site_drift) compares all of these.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes
  - standby.iis.connection
options:
  name:
    description: Name of the site in IIS, letter for letter.
    type: str
    required: true
  type:
    description:
      - What the site is first of all. A site with http and ftp bindings is V(web), and its FTP side is
        started, stopped and watched with it.
      - An SMTP virtual server is V(smtp). Its name is the one that the IIS 6 console shows, or its path in
        the metabase, as V(SmtpSvc/1), where it has none. It has to exist on every node, and has its settings
        from the original. Windows Server 2025 and later have none.
      - Without it, the bindings decide. A site that is something else is refused.
    type: str
    choices: [web, ftp, smtp]
  nodes:
    description:
      - Nodes of the resource in order of priority, the primary first.
      - Without it, the hosts of the play in their order.
      - All resources that move together need the same nodes in the same order.
    type: list
    elements: str
  checks:
    description:
      - Requests whose answers show that the site serves (deep checks). They are sent from the controller.
      - Without it, one request is derived for every floating address and port of the site. Answers that are
        successful, redirect, or ask for a login are healthy, and certificates are not verified.
    type: list
    elements: dict
    suboptions:
      url:
        description:
          - Absolute URL, whose host is a floating address of the site. It is http or https, smtp, or ftp, or
            ftps where TLS comes before everything else.
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
        description: List the folder of the URL over a passive data connection. It needs O(checks[].login).
        type: bool
        default: false
      sender:
        description: Address that a mail would come from. Without it, the empty one. Of smtp alone.
        type: str
      recipient:
        description:
          - Address that a mail would go to. It is begun and taken back before any of it is sent. Of smtp.
          - Without it, no mail is begun.
        type: str
  standby_mode:
    description:
      - What the site does on the nodes that do not have it in service.
      - V(cold) has it stopped there. It is started by whichever node takes over.
      - V(warm) has it started there, and its application pools, without its addresses, so that nobody reaches
        it and taking over costs an address alone. It applies to web sites, on nodes where the content is
        without the site being in service there. Where it is not, as on a shared volume, the site is cold.
      - V(warm) is refused for a site that would be reached without its floating addresses.
      - That Windows serves a site on an address that comes after its start is assumed. Whoever takes over
        asks the site, and starts it again where it does not answer.
    type: str
    choices: [cold, warm]
    default: cold
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
            description: Nodes in order of priority. Without it, those of the site.
            type: list
            elements: str
          addresses:
            description: Address by node, for nodes in another subnet.
            type: dict
      volumes:
        description: Volumes.
        type: list
        elements: dict
        suboptions:
          path:
            description: Drive letter or mount point.
            type: str
            required: true
          kind:
            description: Whether it lies on every node or on one disk that all nodes reach.
            type: str
            choices: [local, shared, mirror]
            default: local
          disk:
            description: UniqueId or GPT Guid of the shared disk.
            type: str
          nodes:
            description: Nodes in order of priority. Without it, those of the site.
            type: list
            elements: str
  repair:
    description:
      - Make everything about the twins the same that can be made the same. That is their settings and those
        of their pools, and the sections of C(applicationHost.config) at locations of the site.
        M(standby.iis.site_drift) says which differences there are and which of them are repairable.
      - What cannot be made the same is returned as RV(left), each with its remedy.
    type: bool
    default: false
  ignore:
    description:
      - With O(repair=true), patterns of paths that differ on purpose and stay as they are, as
        M(standby.iis.site_drift) takes them.
    type: list
    elements: str
    default: []
  certificate_days:
    description:
      - With fewer days left, a certificate of an https binding is warned of, on every node. Nothing is
        refused for its certificates. Where a site shows none that clients take, putting it in service fails
        by its deep checks.
    type: float
    default: 30.0
  delete_twins:
    description: With O(state=absent), delete the site from the nodes where it is not in service.
    type: bool
    default: false
  state:
    description:
      - V(present) declares the resource on all its nodes.
      - V(absent) removes the declaration. The site goes on serving where it is.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: standby.iis.certificate
  - module: standby.iis.site_drift
  - module: standby.iis.site_info
  - module: standby.iis.structure_info
  - module: standby.iis.ip
  - module: standby.iis.volume
  - module: standby.iis.hierarchy
"""

EXAMPLES = r"""
- name: Protect the shop and check its front page
  standby.iis.site:
    name: Shop & Co
    nodes: [server1, server2]
    checks:
      - url: https://192.0.2.50/
        host: shop.example.com
        body: Welcome
        latency: 2.0
        certificate_days: 14

- name: Protect an SMTP virtual server, and check that it would take mail over TLS
  standby.iis.site:
    name: Outgoing
    type: smtp
    nodes: [server1, server2]
    checks:
      - url: smtp://192.0.2.52
        host: mail.example.com
        starttls: true
        recipient: postmaster@example.com

- name: Keep the shop started on its backups, so that they take over faster
  standby.iis.site:
    name: Shop & Co
    nodes: [server1, server2]
    standby_mode: warm

- name: Bring the twins of the shop back, after changes on its primary
  standby.iis.site:
    name: Shop & Co
    nodes: [server1, server2]
    repair: true

- name: Stop protecting the shop, and delete it from the nodes where it does not serve
  standby.iis.site:
    name: Shop & Co
    state: absent
    delete_twins: true
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
site:
  description: The site with what it was found to depend on.
  returned: success with O(state=present)
  type: dict
  contains:
    name:
      description: Name in IIS.
      type: str
    type:
      description: V(web), or V(ftp) without http and https bindings, or V(smtp).
      type: str
    services:
      description: What it is served by, V(web), V(ftp) or both, or V(smtp).
      type: list
      elements: str
    standby_mode:
      description: What it does where it is not in service, V(cold) or V(warm).
      type: str
    smtp:
      description:
        - The SMTP virtual server with its path on the node that has the original, its folders, and notes on
          what stays behind when it moves.
        - Empty for a site of IIS.
      type: dict
    ftp:
      description:
        - The FTP side with run state, TLS policies of control and data channel, mode of user isolation, and
          notes on what the configuration does not say.
        - Empty without ftp bindings.
      type: dict
    nodes:
      description: Nodes in order of priority.
      type: list
      elements: str
    ips:
      description: Addresses of its ip resources.
      type: list
      elements: str
    volumes:
      description: Paths of its volume resources.
      type: list
      elements: str
    pools:
      description: Application pools.
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
    other_bindings:
      description: Bindings other than http, https, ftp and smtp. They carry no address, and stay as they are.
      type: list
      elements: str
    loopback_bindings:
      description: Bindings that only the node itself reaches.
      type: list
      elements: str
    unc_paths:
      description: Content on shares of other machines, which every node reaches by itself.
      type: list
      elements: str
    certificates:
      description:
        - One for every https binding, and for ftp bindings with TLS. Each node needs it in its own store.
      type: list
      elements: dict
    checks:
      description: Its deep checks, given or derived from the bindings.
      type: list
      elements: dict
source:
  description: The node whose site is the original of the twins.
  returned: success with O(state=present)
  type: str
  sample: server1
steps:
  description: What was done, or in check mode would be done.
  returned: success with O(state=present)
  type: list
  elements: str
standby:
  description:
    - How a site that is kept warm stands by on each of its backups once this has been done, with the reason
      where it is not ready. Empty for a cold one.
  returned: success with O(state=present)
  type: dict
  sample: {"server2": "warm: ready"}
standby_notes:
  description:
    - What has a site that is kept warm load an application with the first request after a takeover all the
      same, one clause each; and where O(standby_mode) changes, what agents make of that.
  returned: success with O(state=present)
  type: list
  elements: str
  sample: ["startMode of application pool 'Shop' is not AlwaysRunning"]
certificate_warnings:
  description:
    - Certificates of its https bindings that are missing, without private key, about to expire or different
      on one of the nodes, one sentence each. They are shown as warnings too.
  returned: success with O(state=present)
  type: list
  elements: str
left:
  description:
    - Differences that could not be made the same, with the node of the twin as C(node), as
      M(standby.iis.site_drift) describes them.
  returned: success with O(repair=true)
  type: list
  elements: dict
notes:
  description: One sentence for every node that was left as it is.
  returned: success with O(state=absent), where it was protected
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

from dataclasses import replace

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.control.declared import PENDING_SPEC, SITE_SPEC, pending_resources, site_request
from ..module_utils.control.fleet import Fleet
from ..module_utils.control.result import failure_of, result_of
from ..module_utils.control.site import ensure_site, remove_site
from ..module_utils.errors import StandbyError
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {
    **CONNECTION_SPEC,
    **SITE_SPEC,
    "pending": {"type": "dict", "options": PENDING_SPEC},
    "repair": {"type": "bool", "default": False},
    "ignore": {"type": "list", "elements": "str", "default": []},
    "certificate_days": {"type": "float", "default": 30.0},
    "delete_twins": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    wanted = module.params
    try:
        with Fleet(connections_from(wanted)) as fleet:
            if wanted["state"] == "absent":
                outcome = remove_site(fleet, wanted["name"], wanted["delete_twins"], module.check_mode)
            else:
                nodes = tuple(wanted["nodes"] or fleet.names)
                request = site_request(wanted, nodes, pending_resources(wanted["pending"], nodes))
                request = replace(
                    request,
                    repair=wanted["repair"],
                    ignore=tuple(wanted["ignore"]),
                    certificate_days=wanted["certificate_days"],
                )
                outcome = ensure_site(fleet, request, module.check_mode)
    except StandbyError as error:
        module.fail_json(**failure_of(error))
    for sentence in outcome.data.get("certificate_warnings", ()):
        module.warn(f'site "{wanted["name"]}": {sentence}')
    module.exit_json(**result_of(outcome))


if __name__ == "__main__":
    main()
