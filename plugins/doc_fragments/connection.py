# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)
"""How modules reach the nodes: the documentation of ``wsman/options.py`` in module_utils."""

from __future__ import annotations


class ModuleDocFragment:
    """The option ``connections``, and what every module needs on the controller."""

    DOCUMENTATION = r"""
requirements:
  - pywinrm 0.5.0 or newer (Python library, on the controller)
  - netaddr (Python library, on the controller)
options:
  connections:
    description:
      - How to reach the nodes, one element a node.
      - Leave it out on a play whose hosts are the nodes. It is then taken from the connection variables of
        the hosts,
        for the P(ansible.builtin.winrm#connection) and P(ansible.builtin.psrp#connection) connections both.
      - It is needed with C(delegate_to=localhost) and on plays whose hosts are not the nodes.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the node, which resources and messages use.
        type: str
        required: true
      host:
        description: Name or address to connect to. The certificate is checked against it.
        type: str
        required: true
      port:
        description: TCP port. WinRM listens on 5986 for https and on 5985 for http.
        type: int
        default: 5986
      scheme:
        description: Protocol of the endpoint.
        type: str
        choices: [https, http]
        default: https
      path:
        description: Path of the WS-Management endpoint.
        type: str
        default: wsman
      username:
        description: Account, as C(user), C(DOMAIN\\user) or C(user@DOMAIN). It must be an administrator of
          the node.
        type: str
      password:
        description: Password of the account. It is never shown.
        type: str
      transport:
        description:
          - How to authenticate.
          - V(basic) over http needs O(connections[].message_encryption=never), since everybody on the
            network can then
            read the password.
          - V(kerberos) takes a ticket that is already there (C(kinit)).
        type: str
        choices: [basic, ntlm, kerberos, credssp, certificate]
        default: ntlm
      ca_cert:
        description:
          - File or folder of certificate authorities in PEM.
          - Without it the one that the environment variable E(REQUESTS_CA_BUNDLE) or E(CURL_CA_BUNDLE) of the
            controller names, else the list of the Python library certifi.
          - That list holds public authorities. The system's own store is not read, unless a distribution has
            made its package of certifi so. An authority of your own must therefore be named, even where it
            is in that store, by its own file or by the file of the store,
            such as C(/etc/ssl/certs/ca-certificates.crt) on Debian or C(/etc/pki/tls/certs/ca-bundle.crt) on
            Red Hat.
        type: path
      validate_certs:
        description: Verify the certificate of the node.
        type: bool
        default: true
      certificate_pem:
        description: Client certificate file for O(connections[].transport=certificate).
        type: path
      certificate_key_pem:
        description: Key file of O(connections[].certificate_pem).
        type: path
      message_encryption:
        description: Encrypt messages over http (V(auto)), over https as well (V(always)), or not at all
          (V(never)).
        type: str
        choices: [auto, always, never]
        default: auto
      operation_timeout:
        description: Seconds that the node may take for one operation.
        type: int
        default: 20
      read_timeout:
        description: Seconds to wait for an answer. It must be more than O(connections[].operation_timeout).
        type: int
        default: 30
      kerberos_hostname_override:
        description: Host name of the service principal where it differs from O(connections[].host).
        type: str
      kerberos_delegation:
        description: Delegate the Kerberos ticket to the node.
        type: bool
        default: false
      send_cbt:
        description: Bind NTLM and Kerberos to the TLS channel.
        type: bool
        default: true
      proxy:
        description: URL of an HTTP proxy. Without it the node is reached directly, whatever the environment
          says.
        type: str
notes:
  - The module runs on the controller. Nothing is installed on the nodes, and no password is written to a
    file there or
    on the controller.
  - It cannot run with C(async), nor with the C(free) strategy.
  - Set C(gather_facts=false) on the play, since no facts are needed.
"""
