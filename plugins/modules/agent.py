#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: agent
short_description: Have agents on the nodes of a cluster, or none
version_added: "1.0.0"
description:
  - Puts the agent's program, an interpreter and settings on every node, registers its scheduled tasks, opens
    its port for the other nodes, and starts it. The role P(standby.iis.monitor#role) calls it.
  - An agent that runs is replaced node by node. Its successor goes on with what it has in service, so that
    clients see nothing of it. The next node follows once the successor is well; the first bad sign ends
    the run.
  - No agent is replaced while one that runs does not reach the witness, as none could hand on what it has.
  - Another witness is refused while a node has an agent. C(docs/witness.md) tells how it is changed.
  - Where no agent runs yet, what is in service is taken out of service first, and the agents bring it back.
author:
  - The standby.iis authors (!UNKNOWN)
extends_documentation_fragment:
  - standby.iis.attributes
  - standby.iis.connection
options:
  cluster:
    description:
      - Name of the cluster, the same in every run. The witness may serve several.
      - Required with O(state=present).
    type: str
  home:
    description: Folder of the agent on the nodes. Administrators and SYSTEM alone may read it.
    type: str
    default: C:\ProgramData\standby.iis
  interpreter:
    description: A C(python.exe) that is on the nodes, of Python 3.11 or newer, readable by SYSTEM.
    type: str
  archive:
    description: The official embeddable Python for Windows, a ZIP archive on the controller.
    type: path
  archive_checksum:
    description: SHA-256 of O(archive). Required with it.
    type: str
  directory:
    description: The witness as a folder, such as C(\\\\files\\witness$\\web). See C(docs/witness.md).
    type: str
  etcd:
    description: The witness as an etcd cluster, in place of O(directory).
    type: dict
    suboptions:
      endpoints:
        description: Client URLs of its members.
        type: list
        elements: str
        required: true
      prefix:
        description: Where its keys lie. Without it, that of the cluster's name.
        type: str
      user:
        description: User, where etcd has authentication enabled.
        type: str
      password:
        description: Password of the user. It lies in a file of O(home), and is not shown.
        type: str
      ca_file:
        description: Authorities that sign its members, in PEM, on the controller.
        type: path
      certificate_file:
        description: Client certificate in PEM, on the controller.
        type: path
      key_file:
        description: Its key, on the controller.
        type: path
  addresses:
    description:
      - Node to the addresses at which its agent is reached, a list or one. No floating ones.
      - Required with O(state=present).
    type: dict
  port:
    description: TCP port on which agents listen. The firewall lets in the other nodes alone.
    type: int
    default: 7790
  preset:
    description: Timers of the cluster. See C(docs/ownership.md).
    type: str
    choices: [fast, lan, wan]
    default: lan
  timers:
    description: Timers that are set otherwise, by name, in seconds.
    type: dict
  hierarchies:
    description:
      - Options by the name of a hierarchy or of a site in it, or an empty name for all others.
      - C(switchback) is C(manual) (the default) or C(automatic), when a node of higher priority is back.
      - C(window) has begin and end of the time in which that happens, in minutes since midnight by the clock
        of the owner. V([120, 300]) is from 02:00 to 05:00. Without it, at any time.
      - C(failover) is V(automatic) or V(confirm). With V(confirm), no other node takes the hierarchy from one
        that is lost, or on which it fails, before an operator says so, by the playbook C(switchover). Without
        it, V(confirm) between nodes in different subnets, V(automatic) among all others.
      - C(recovery) is V(true) (the default) where a failure is first met by a restart on the same node.
    type: dict
  limits:
    description: Node to the number of hierarchies that it takes by itself.
    type: dict
  fences:
    description:
      - Node to what confirms that it is off, for the agents of the other nodes. Where the content lies on a
        shared disk, nothing is taken from a lost node without that. C(docs/fencing.md) has examples.
      - A dictionary with C(provider) V(redfish) has the node's controller switch it off, and reads its power
        state back. It needs C(url) (V(https://HOST)), C(system) (the last part of the path of its
        ComputerSystem), C(user) and C(password). C(login) is V(basic) (the default) or V(session). C(ca_file)
        has the authorities that sign the controller, or its own certificate, in PEM, on the controller of
        Ansible. With C(verify_name) V(false) that certificate may be for another name than that in C(url).
        With C(verify) V(false) its certificate is not checked, and whoever is between can say that
        the node is off. The password lies in a file of O(home), and is not shown.
      - A list is a program with its arguments (the same as C(provider) V(command) with C(command)). It must
        end with 0 only when that node is surely off.
      - V(manual) (or C(provider) V(manual)) waits for a person, who says so with the agents' command
        C(confirm-off).
      - Arguments of programs are not logged by Ansible, nor told by an agent. They stand in C(agent.json),
        which only administrators and SYSTEM may read, and in the list of processes while the program runs,
        which all users of a node may read. A program that reads its password from a file of its own is safer.
    type: dict
  fence_timeout:
    description: Seconds that a program or a controller may take.
    type: float
    default: 30.0
  checks:
    description:
      - What is to be otherwise of health checks. C(quick) and C(deep) have fields of their times, C(votes)
        the number of deep checks of a site that must be well. See C(docs/health_checks.md).
    type: dict
  notifications:
    description: Whom agents tell of what happens. See C(docs/agent.md).
    type: dict
    suboptions:
      event_log:
        description: The event log of Windows.
        type: bool
        default: true
      webhooks:
        description: URLs that notifications are posted to.
        type: list
        elements: dict
        suboptions:
          url:
            description: URL, http or https. It lies in a file of O(home), and is not shown.
            type: str
            required: true
          headers:
            description: Headers, each as C(Name:value), for https alone. They are not shown.
            type: list
            elements: str
          ca_file:
            description: Authorities that sign the server, in PEM, on the controller.
            type: path
      commands:
        description: Programs on the nodes with their arguments. They get a notification on standard input.
        type: list
        elements: list
      quiet:
        description: Seconds in which the same is told once.
        type: float
        default: 300.0
  dns_keys:
    description:
      - TSIG keys by which the agents update DNS records (see M(standby.iis.dns)). They lie in a file of
        O(home), and their secrets are not shown.
      - Where the cluster has a record, dnspython is taken to the nodes with the agent's program. It has to be
        installed on the controller.
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
  rotate_key:
    description:
      - Change the key by which agents know each other. Both are accepted until every node has the new one.
      - This changes something in every run that has it.
    type: bool
    default: false
  source:
    description: Folder of the collection that the program is made of. The action plugin knows it.
    type: path
  state:
    description:
      - V(present) has agents on all nodes.
      - V(absent) removes them with all their files, tasks and rules. What is in service stays where it is.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: standby.iis.hierarchy
  - module: standby.iis.hierarchy_info
"""

EXAMPLES = r"""
- name: Have agents on both nodes, with a share as witness
  standby.iis.agent:
    cluster: web
    archive: /srv/python-3.13.1-embed-amd64.zip
    archive_checksum: 9b8e0d1f8f1a4c1d0b6f3c2a7d5e4b3a291807f6e5d4c3b2a190817263544f3e
    directory: \\files.example.com\witness$\web
    addresses:
      server1: 10.0.0.11
      server2: 10.0.0.12

- name: Have agents with etcd as witness, a switchback by themselves at night, a fence, and a webhook
  standby.iis.agent:
    cluster: web
    interpreter: C:\Program Files\Python313\python.exe
    etcd:
      endpoints: ["https://192.0.2.21:2379", "https://192.0.2.22:2379", "https://192.0.2.23:2379"]
      user: standby
      password: "{{ vault_witness_password }}"
      ca_file: "{{ inventory_dir }}/witness/ca.pem"
    addresses:
      server1: [10.0.0.11, 192.0.2.11]
      server2: [10.0.0.12, 192.0.2.12]
    hierarchies:
      "":
        switchback: automatic
        window: [120, 300]
    fences:
      server1:
        provider: redfish
        url: https://192.0.2.31
        system: "1"
        user: fence
        password: "{{ vault_bmc_password }}"
      server2: ['C:\fence\power_off.exe', server2]
    notifications:
      webhooks:
        - url: "{{ vault_monitor_webhook }}"

- name: Remove the agents
  standby.iis.agent:
    state: absent
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: success
  type: str
steps:
  description: What was done, or in check mode would be done, a sentence each.
  returned: success
  type: list
  elements: str
nodes:
  description: The same by node.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the node.
      type: str
    python:
      description: The interpreter that its agent runs in. Empty where there is to be none.
      type: str
    steps:
      description: What was done there.
      type: list
      elements: str
    handover:
      description:
        - Seconds from the relief of its agent to a successor that is well, where one was relieved.
        - Its addresses end where the successor begins later than the lease has left.
      type: float
cautions:
  description:
    - One sentence for every controller (O(fences)) that does not answer a node that would have to ask it, or
      answers otherwise than expected. It is a warning as well. Nothing is switched off to find that out.
  returned: success with O(state=present)
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
  sample: agent
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
from ..module_utils.errors import StandbyError
from ..module_utils.monitor.ensure import ensure_agents
from ..module_utils.monitor.options import AGENT_SPEC, harmless, home, request_from, script, shown
from ..module_utils.monitor.removal import remove_agents
from ..module_utils.wsman.options import CONNECTION_SPEC, connections_from

ARGUMENT_SPEC = {**CONNECTION_SPEC, **AGENT_SPEC}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    wanted, check = module.params, module.check_mode
    module.no_log_values -= harmless(wanted)
    invocation = {"module_args": shown(wanted)}
    try:
        with Fleet(connections_from(wanted)) as fleet:
            if wanted["state"] == "absent":
                outcome = remove_agents(fleet, home(wanted), script(wanted), check=check)
            else:
                request = request_from(wanted, fleet.names)
                outcome = ensure_agents(
                    fleet, request, script(wanted), rotate=wanted["rotate_key"], check=check
                )
    except StandbyError as error:
        module.fail_json(**failure_of(error), invocation=invocation)
    for sentence in outcome.data.get("cautions", ()):
        module.warn(sentence)
    module.exit_json(**result_of(outcome), invocation=invocation)


if __name__ == "__main__":
    main()
