# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why no answer came: the exception of the HTTP client -> an error with the remedy for that cause."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from ..errors import AccessDenied, CimError, StandbyError, Unreachable
from .faults import TOO_LARGE
from .link import LinkLost, StaleLink
from .options import Connection

# X509_V_ERR_* of OpenSSL's x509_vfy.h, as ssl.SSLCertVerificationError.verify_code gives them.
_NOT_YET_VALID, _EXPIRED = 9, 10
_FOREIGN = (2, 18, 19, 20, 21)
_WRONG_NAME = (62, 64)


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that led to it: arguments, ``reason`` and the chain of ``raise``."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]


def no_connection(error: BaseException, connection: Connection, *, reused: bool) -> Unreachable:
    """The link could not be made, or broke.

    Args:
        error: what the HTTP client raised.
        connection: where to.
        reused: True where the link had carried an exchange before.

    Returns:
        Unreachable where the request cannot have arrived, LinkLost where it may have.
    """
    for one in causes(error):
        if isinstance(one, ssl.SSLCertVerificationError):
            return _certificate(one, connection)
        if isinstance(one, ssl.SSLError) and not reused:
            return _unreachable(
                connection,
                f"the TLS handshake failed ({one.reason or one})",
                "Check that port and scheme belong together: WinRM speaks https on 5986, http on 5985",
            )
        if isinstance(one, TimeoutError):  # amid an answer; requests calls it a broken connection
            return read_timeout(connection)
        if isinstance(one, ConnectionRefusedError):
            return _unreachable(
                connection,
                "the connection was refused",
                "Check the port, and that WinRM listens there (winrm enumerate winrm/config/listener)",
            )
        if isinstance(one, socket.gaierror):
            return _unreachable(connection, "the host name is not known", "Correct host, or the name service")
        if isinstance(one, OSError) and one.errno in _NO_ROUTE:
            why = f"there is no way to it ({one.strerror})"
            return _unreachable(connection, why, "Check host and network")
    if reused:
        return LinkLost(f"the connection to {connection.url} was lost", node=connection.name)
    return LinkLost(
        f"{connection.url}: the connection was closed before an answer came",
        node=connection.name,
        remedy="Check that port and scheme belong together and that nothing between resets the connection",
    )


_NO_ROUTE = (101, 113)  # ENETUNREACH, EHOSTUNREACH


# Libraries below pywinrm whose errors mean that no identity could be proven.
_AUTHENTICATION = ("spnego", "krb5", "gssapi", "kerberos", "winrm.vendor.requests_kerberos", "requests_cred")


def unproven(error: BaseException, connection: Connection) -> AccessDenied | None:
    """The failure of an authentication library (no ticket, unknown realm, no mechanism), if it is one."""
    for one in causes(error):
        if type(one).__module__.startswith(_AUTHENTICATION):
            found = refused(connection)
            told = " ".join(str(one).split()).rstrip(".")
            problem = f"{connection.transport} authentication to {connection.url} failed ({told})"
            return AccessDenied(problem, node=connection.name, remedy=found.remedy)
    return None


def connect_timeout(connection: Connection) -> Unreachable:
    """No TCP connection within read_timeout."""
    return _unreachable(
        connection,
        f"no connection within {connection.read_timeout} s",
        "Check that the node is up and that its firewall admits WinRM from here",
    )


def read_timeout(connection: Connection) -> LinkLost:
    """Connected, but no whole answer within read_timeout."""
    return LinkLost(
        f"{connection.url} did not answer within {connection.read_timeout} s",
        node=connection.name,
        remedy="Check whether the node hangs or is overloaded",
    )


def refused(connection: Connection) -> AccessDenied:
    """HTTP 401."""
    return AccessDenied(
        f"{connection.url} refused the credentials (transport {connection.transport})",
        node=connection.name,
        remedy=_ACCOUNT.get(
            connection.transport,
            "Check username and password, that the account is not locked, and that the node admits this "
            "transport (winrm get winrm/config/service/auth)",
        ),
    )


_ACCOUNT = {
    "certificate": "Check that the node maps this certificate to an account "
    "(winrm enumerate winrm/config/service/certmapping) and trusts its issuer",
    "kerberos": "Check the ticket (klist), the realm, and that the node's service principal names this host",
}


def stale(connection: Connection) -> StaleLink:
    """HTTP 401 or 400 on a link that worked.

    The connection below it was replaced (the node closes idle ones, and all when it restarts); the new one is
    not authenticated, and has no keys for an encrypted message.
    """
    return StaleLink(f"{connection.url} no longer knows the session", node=connection.name)


def bad_status(status: int, body: str, connection: Connection, *, reused: bool) -> StandbyError:
    """An HTTP status without a SOAP answer.

    Args:
        status: HTTP status code.
        body: what came with it, which is no XML.
        connection: where it came from.
        reused: True where the link had carried an exchange before.
    """
    if status == 413:
        problem = "the request exceeds the node's MaxEnvelopeSize"
        return CimError(problem, node=connection.name, remedy=TOO_LARGE)
    if status == 403:
        return refused(connection)
    if reused and status == 400:
        return stale(connection)
    if reused and status in (404, 500) and not body:
        # Seen when the call itself changed the adapter that carries it.
        return LinkLost(f"{connection.url} answered {status} with nothing in it", node=connection.name)
    if status == 500 and not body:
        return AccessDenied(
            f"{connection.url} answered 500 with nothing in it: so WinRM refuses unencrypted traffic",
            node=connection.name,
            remedy="Use https, or ntlm or kerberos with message_encryption auto; else AllowUnencrypted must "
            "be true (winrm get winrm/config/service)",
        )
    remedy = "Check port and path (WinRM's is wsman)" if status == 404 else "Check the node's WinRM service"
    return _unreachable(connection, f"it answered HTTP {status}, which is no answer of WS-Management", remedy)


def _certificate(error: ssl.SSLCertVerificationError, connection: Connection) -> Unreachable:
    code = error.verify_code
    if code == _EXPIRED:
        return _unreachable(
            connection,
            "its certificate has expired",
            "Renew the certificate of the node's WinRM listener, and check the clock of this machine",
        )
    if code == _NOT_YET_VALID:
        return _unreachable(
            connection, "its certificate is not valid yet", "Check the clocks of the node and of this machine"
        )
    if code in _WRONG_NAME:
        return _unreachable(
            connection,
            f"its certificate is for another host name than {connection.host}",
            "Use as host a name that the certificate holds, or issue one for this name",
        )
    if code in _FOREIGN:
        return _unreachable(
            connection,
            f"its certificate is signed by no authority trusted here ({error.verify_message})",
            "Give ca_cert, the certificate of the authority that issued it",
        )
    return _unreachable(
        connection,
        f"its certificate is not accepted ({error.verify_message})",
        "Look at the certificate of the node's WinRM listener",
    )


def _unreachable(connection: Connection, problem: str, remedy: str) -> Unreachable:
    return Unreachable(f"{connection.url}: {problem}", node=connection.name, remedy=remedy)
