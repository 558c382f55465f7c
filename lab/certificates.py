# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's certificate authority, and what it signs: certificates of servers, of sites and of clients."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from lab.machine.files import write_atomically

# szOID_NT_PRINCIPAL_NAME: the user name by which WinRM maps a client certificate to an account.
_PRINCIPAL_NAME = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, as PEM files."""

    certificate: Path
    key: Path

    @classmethod
    def at(cls, folder: Path, name: str) -> Pair:
        """``name.pem`` and ``name.key`` in a folder."""
        return cls(folder / f"{name}.pem", folder / f"{name}.key")


class Authority:
    """A certificate authority that lives in a folder."""

    def __init__(self, folder: Path, name: str = "Lab CA") -> None:
        self.pair = Pair.at(folder, "ca")
        if not self.pair.certificate.exists():
            self._make(name)
        self._certificate = x509.load_pem_x509_certificate(self.pair.certificate.read_bytes())
        key = serialization.load_pem_private_key(self.pair.key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - this class made it
        self._key = key

    def issue_server(self, pair: Pair, name: str, alternatives: Iterable[str], *, days: int = 825) -> None:
        """A certificate for a server.

        Args:
            pair: the files to write.
            name: common name.
            alternatives: host names and addresses it is for.
            days: validity; negative for a certificate that has expired.
        """
        names = [_general_name(text) for text in dict.fromkeys(alternatives)]
        self._issue(pair, name, names, ExtendedKeyUsageOID.SERVER_AUTH, days)

    def issue_client(self, pair: Pair, user: str, *, days: int = 825) -> None:
        """A certificate for a user, with the principal name ``user@localhost``."""
        principal = f"{user}@localhost".encode()
        other = x509.OtherName(_PRINCIPAL_NAME, _utf8_string(principal))
        self._issue(pair, user, [other], ExtendedKeyUsageOID.CLIENT_AUTH, days)

    def _make(self, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _subject(name)
        builder = _builder(subject, subject, key, 3650)
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(usage, critical=True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        _write(self.pair, builder.add_extension(identifier, critical=False).sign(key, hashes.SHA256()), key)

    def _issue(
        self, pair: Pair, name: str, names: list[x509.GeneralName], usage: ObjectIdentifier, days: int
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_subject(name), self._certificate.subject, key, days)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        _write(pair, builder.add_extension(issuer, critical=False).sign(self._key, hashes.SHA256()), key)


def names_in_bindings(configuration: str) -> list[str]:
    """Addresses and host names that the bindings of an applicationHost.config name."""
    found: dict[str, None] = {}
    for information in re.findall(r'bindingInformation="([^"]*)"', configuration):
        address, _rest, rest = information.rpartition(":")[0].rpartition(":")
        host = information.rpartition(":")[2]
        found |= dict.fromkeys(text for text in (address.strip("[]"), host) if _is_name(text) and rest)
    return list(found)


def _is_name(text: str) -> bool:
    return bool(
        re.fullmatch(r"[0-9A-Fa-f:.]*[:.][0-9A-Fa-f:.]*|(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", text)
    )


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _utf8_string(content: bytes) -> bytes:
    """DER, short form: up to 127 bytes."""
    return b"\x0c" + bytes([len(content)]) + content


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    start = now + min(days - 1, -1) * _DAY
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    return builder.not_valid_before(start).not_valid_after(now + days * _DAY)


def _write(pair: Pair, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_atomically(pair.key, private.decode(), 0o600)
    write_atomically(pair.certificate, certificate.public_bytes(pem).decode())
