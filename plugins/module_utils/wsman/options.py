# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a node is reached: one dataclass, its argument spec, and the checks on what operators write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ..errors import StandbyError

TRANSPORTS = ("basic", "ntlm", "kerberos", "credssp", "certificate")
_ENCRYPTING = ("ntlm", "kerberos", "credssp")
_NEED_PASSWORD = ("basic", "ntlm", "credssp")


@dataclass(frozen=True)
class Connection:
    r"""Everything needed to open a WinRM session to one node.

    Attributes:
        name: inventory name, which messages use.
        host: name or address to connect to; a certificate is checked against it.
        port: TCP port; WinRM listens on 5986 (https) and 5985 (http).
        scheme: ``https`` or ``http``.
        path: path of the WS-Management endpoint.
        username: account, as ``user``, ``DOMAIN\user`` or ``user@DOMAIN``.
        password: never shown.
        transport: one of TRANSPORTS.
        ca_cert: file or folder of certificate authorities in PEM; None for the bundle that REQUESTS_CA_BUNDLE
            or CURL_CA_BUNDLE name, or that of the certifi package.
        validate_certs: verify the node's certificate.
        certificate_pem: client certificate file, for ``certificate``.
        certificate_key_pem: its key file.
        message_encryption: ``auto`` (over http, where the transport can), ``always`` or ``never``.
        operation_timeout: seconds the node may take for one operation.
        read_timeout: seconds to wait for an answer; more than operation_timeout.
        kerberos_hostname_override: host name of the service principal where it differs from ``host``.
        kerberos_delegation: delegate the ticket.
        send_cbt: bind NTLM and Kerberos to the TLS channel.
        proxy: URL of an HTTP proxy; None goes straight to the node, whatever the environment says.
    """

    name: str
    host: str
    port: int = 5986
    scheme: str = "https"
    path: str = "wsman"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    transport: str = "ntlm"
    ca_cert: str | None = None
    validate_certs: bool = True
    certificate_pem: str | None = None
    certificate_key_pem: str | None = None
    message_encryption: str = "auto"
    operation_timeout: int = 20
    read_timeout: int = 30
    kerberos_hostname_override: str | None = None
    kerberos_delegation: bool = False
    send_cbt: bool = True
    proxy: str | None = None

    @property
    def url(self) -> str:
        """The endpoint, such as ``https://10.0.0.11:5986/wsman``; IPv6 addresses in brackets."""
        host = f"[{self.host}]" if ":" in self.host and not self.host.startswith("[") else self.host
        return f"{self.scheme}://{host}:{self.port}/{self.path.lstrip('/')}"


_ELEMENT: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 5986},
    "scheme": {"type": "str", "choices": ["https", "http"], "default": "https"},
    "path": {"type": "str", "default": "wsman"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "transport": {"type": "str", "choices": list(TRANSPORTS), "default": "ntlm"},
    "ca_cert": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "certificate_pem": {"type": "path"},
    "certificate_key_pem": {"type": "path", "no_log": False},
    "message_encryption": {"type": "str", "choices": ["auto", "always", "never"], "default": "auto"},
    "operation_timeout": {"type": "int", "default": 20},
    "read_timeout": {"type": "int", "default": 30},
    "kerberos_hostname_override": {"type": "str"},
    "kerberos_delegation": {"type": "bool", "default": False},
    "send_cbt": {"type": "bool", "default": True},
    "proxy": {"type": "str"},
}

CONNECTION_SPEC: dict[str, dict[str, Any]] = {
    "connections": {"type": "list", "elements": "dict", "options": _ELEMENT}
}


def connections_from(params: Mapping[str, Any]) -> list[Connection]:
    """The nodes of a module's ``connections`` option, checked.

    Args:
        params: module parameters, with a list ``connections`` of dictionaries with Connection's attributes.

    Raises:
        StandbyError: no connection, a name twice, or options that cannot work together.
    """
    elements = params.get("connections") or []
    if not elements:
        raise StandbyError(
            "no connection to any node is given",
            remedy="Run the task on Windows hosts of the play, or give connections, with one element a node",
        )
    connections = [_connection(element) for element in elements]
    _refuse_doubles(connections)
    for connection in connections:
        _check(connection)
    return connections


def _connection(element: Mapping[str, Any]) -> Connection:
    known = {one.name for one in fields(Connection)}
    given = {key: value for key, value in element.items() if value is not None}
    if unknown := sorted(given.keys() - known):
        raise StandbyError(f"unknown connection option {', '.join(unknown)}", node=given.get("name"))
    for required in ("name", "host"):
        if not str(given.get(required, "")).strip():
            raise StandbyError(
                f"a connection has no {required}",
                node=given.get("name"),
                remedy="Every element of connections needs a name and a host",
            )
    return Connection(**given)


def _refuse_doubles(connections: list[Connection]) -> None:
    names: dict[str, str] = {}
    endpoints: dict[str, str] = {}
    for connection in connections:
        if connection.name in names:
            raise StandbyError(
                "two connections have this name",
                node=connection.name,
                remedy="Give every node once, by its own name",
            )
        other = endpoints.get(connection.url.lower())
        if other is not None:
            raise StandbyError(
                f"{connection.url} is the endpoint of {other} too",
                node=connection.name,
                remedy="Two nodes cannot be one machine; correct host or port of one of them",
            )
        names[connection.name] = connection.url
        endpoints[connection.url.lower()] = connection.name


def _check(connection: Connection) -> None:
    for refusal in (_choices, _numbers, _credentials, _clear_text, _files):
        problem = refusal(connection)
        if problem:
            raise StandbyError(problem[0], node=connection.name, remedy=problem[1])


_Problem = tuple[str, str]


def _choices(connection: Connection) -> _Problem | None:
    for option, allowed in (
        ("scheme", ("https", "http")),
        ("transport", TRANSPORTS),
        ("message_encryption", ("auto", "always", "never")),
    ):
        value = getattr(connection, option)
        if value not in allowed:
            return f"{option} is {value!r}", f"Use one of {', '.join(allowed)}"
    return None


def _numbers(connection: Connection) -> _Problem | None:
    if not 1 <= connection.port <= 65535:
        return f"port {connection.port} is not a TCP port", "WinRM listens on 5986 (https) or 5985 (http)"
    operation, read = connection.operation_timeout, connection.read_timeout
    if not 1 <= operation < read:
        return (
            f"operation_timeout {operation} s and read_timeout {read} s do not fit",
            "read_timeout must be longer than operation_timeout, and both positive",
        )
    return None


def _credentials(connection: Connection) -> _Problem | None:
    needed = ["username"] if connection.transport in _NEED_PASSWORD else []
    needed += ["password"] if connection.transport in _NEED_PASSWORD else []
    if connection.transport == "certificate":
        needed = ["certificate_pem", "certificate_key_pem"]
    missing = " and ".join(option for option in needed if not getattr(connection, option))
    return (f"transport {connection.transport} needs {missing}", f"Give {missing}") if missing else None


def _clear_text(connection: Connection) -> _Problem | None:
    """Refuse what would send a password, or commands, readable over the network without being asked to."""
    if connection.transport == "certificate" and connection.scheme != "https":
        return "transport certificate works over https only", "Use scheme https and port 5986"
    if connection.message_encryption == "always" and connection.transport not in _ENCRYPTING:
        return (
            f"transport {connection.transport} cannot encrypt messages",
            f"Use one of {', '.join(_ENCRYPTING)}, or https with message_encryption auto",
        )
    readable = connection.scheme == "http" and connection.transport == "basic"
    if readable and connection.message_encryption != "never":
        return (
            "basic over http sends the password readable to everybody on the network",
            "Use https, or ntlm over http; message_encryption never asks for it on a network that is trusted",
        )
    return None


def _files(connection: Connection) -> _Problem | None:
    for option in ("ca_cert", "certificate_pem", "certificate_key_pem"):
        path = getattr(connection, option)
        if path and not Path(path).exists():
            return f"{option} {path} does not exist on the controller", f"Correct {option} or put it there"
    return None
