# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP authentication of WinRM: Negotiate (NTLM) bound to the connection, Basic, and client certificates."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier

from lab.winrm import names
from lab.winrm.encryption import Sealer
from lab.winrm.ntlm import Acceptor, Refused
from lab.winrm.settings import WinRmSettings

# szOID_NT_PRINCIPAL_NAME: the user principal name in a certificate's subjectAltName.
_PRINCIPAL_NAME = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")


@dataclass
class Connection:
    """What the server knows of one connection.

    Attributes:
        secure: it is TLS.
        certificate: the client's certificate in DER, None without one.
        channel: channel binding of the TLS connection ([RFC5929] tls-server-end-point), None without TLS.
        user: who the connection was authenticated for by Negotiate.
        context: security context of that user, for message encryption.
    """

    secure: bool
    certificate: bytes | None = None
    channel: bytes | None = None
    user: str | None = None
    context: Sealer | None = None
    handshake: Acceptor | None = None


@dataclass(frozen=True)
class Granted:
    """The request may go on.

    Attributes:
        user: for whom.
        challenge: value of a WWW-Authenticate header to send along, None for none.
    """

    user: str
    challenge: str | None = None


@dataclass(frozen=True)
class Denied:
    """401 with these WWW-Authenticate headers."""

    challenges: tuple[str, ...]


class Authentication:
    """Decides on the Authorization header of requests."""

    def __init__(self, settings: WinRmSettings) -> None:
        self._settings = settings
        self._users = {name.casefold(): (name, password) for name, password in settings.users.items()}
        self._certificate_users = {name.casefold(): user for name, user in settings.certificate_users.items()}

    def check(self, header: str | None, connection: Connection) -> Granted | Denied:
        """Check one request; the handshake of Negotiate is kept in the connection."""
        if header is None:
            return Granted(connection.user) if connection.user is not None else self._denied()
        scheme, _rest, value = header.strip().partition(" ")
        if header.strip().lower() == names.MUTUAL_PROFILE:
            return self._certificate(connection)
        if scheme.lower() == "basic" and self._settings.allow_basic:
            return self._basic(value)
        # Windows offers Negotiate alone; a client that names NTLM itself is answered in kind.
        if scheme.lower() in ("negotiate", "ntlm"):
            return self._negotiate(scheme, value, connection)
        return self._denied()

    def _denied(self) -> Denied:
        basic = ('Basic realm="WSMAN"',) if self._settings.allow_basic else ()
        return Denied(("Negotiate", *basic))

    def _basic(self, value: str) -> Granted | Denied:
        try:
            name, _rest, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return self._denied()
        user, expected = self._users.get(name.rpartition("\\")[2].casefold(), (None, ""))
        if user is None or not hmac.compare_digest(expected.encode(), password.encode()):
            return self._denied()
        return Granted(user)

    def _negotiate(self, scheme: str, value: str, connection: Connection) -> Granted | Denied:
        try:
            token = base64.b64decode(value, validate=True)
            if connection.handshake is None or _starts_handshake(token):
                connection.handshake = Acceptor(self._settings.users, connection.channel)
                connection.user = connection.context = None
            answer = connection.handshake.step(token)
        except (binascii.Error, Refused):
            connection.handshake = connection.user = connection.context = None
            return self._denied()
        encoded = f"{scheme} {base64.b64encode(answer).decode()}" if answer else None
        if connection.handshake.user is None:
            return Denied((encoded,) if encoded else ("Negotiate",))
        connection.user, connection.context = connection.handshake.user, connection.handshake.context
        connection.handshake = None
        return Granted(connection.user, encoded)

    def _certificate(self, connection: Connection) -> Granted | Denied:
        for name in () if connection.certificate is None else _certificate_names(connection.certificate):
            user = self._certificate_users.get(name.casefold())
            if user is not None:
                return Granted(user)
        return self._denied()


def _starts_handshake(token: bytes) -> bool:
    return token.startswith((b"NTLMSSP\0\x01", b"\x60"))


def _certificate_names(certificate: bytes) -> list[str]:
    """Subject, its common name and the user principal names of a certificate in DER."""
    parsed = x509.load_der_x509_certificate(certificate)
    common = parsed.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    found = [parsed.subject.rfc4514_string(), *(str(attribute.value) for attribute in common)]
    try:
        alternative = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return found
    for name in alternative.get_values_for_type(x509.OtherName):
        if name.type_id == _PRINCIPAL_NAME:
            # DER UTF8String: one byte of tag, one of length for names below 128 bytes.
            found.append(name.value[2:].decode("utf-8", "replace"))
    return found
