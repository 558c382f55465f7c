# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Message encryption over HTTP ([MS-WSMV] 2.2.9.1): the multipart body that carries a sealed message."""

from __future__ import annotations

import struct
from typing import Protocol

PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
BOUNDARY = "Encrypted Boundary"
CONTENT_TYPE = f'multipart/encrypted;protocol="{PROTOCOL}";boundary="{BOUNDARY}"'
SOAP_TYPE = "application/soap+xml;charset=UTF-8"

_MARK = f"--{BOUNDARY}".encode()
_OCTETS = b"\tContent-Type: application/octet-stream\r\n"


class BadEnvelope(Exception):
    """The multipart body is malformed or cannot be decrypted."""


class Sealer(Protocol):
    """The security context of a connection."""

    def wrap_winrm(self, data: bytes) -> tuple[bytes, bytes, int]:
        """Signature, sealed message, padding."""

    def unwrap_winrm(self, header: bytes, data: bytes) -> bytes:
        """The message of a signature and sealed data."""


def is_encrypted(content_type: str) -> bool:
    """True for a body that :func:`decrypt` reads."""
    return content_type.lower().startswith("multipart/encrypted")


def encrypt(context: Sealer, message: bytes) -> bytes:
    """Seal a message into a multipart body."""
    signature, sealed, padding = context.wrap_winrm(message)
    head = (
        f"\r\n\tContent-Type: {PROTOCOL}\r\n"
        f"\tOriginalContent: type={SOAP_TYPE};Length={len(message) + padding}\r\n"
    ).encode()
    return b"".join(
        [
            _MARK,
            head,
            _MARK,
            b"\r\n",
            _OCTETS,
            struct.pack("<i", len(signature)),
            signature,
            sealed,
            _MARK,
            b"--\r\n",
        ]
    )


def decrypt(context: Sealer, body: bytes) -> bytes:
    """The message inside a multipart body.

    Raises:
        BadEnvelope: malformed, of another protocol, changed on the way, or of another length than it says.
    """
    head, found, rest = body.partition(_OCTETS)
    trailer = _MARK + b"--\r\n"
    if not found or not rest.endswith(trailer) or PROTOCOL.lower().encode() not in head.lower():
        raise BadEnvelope(f"the body is no multipart message of {PROTOCOL}")
    data = rest[: -len(trailer)]
    try:
        (length,) = struct.unpack("<i", data[:4])
        expected = int(head.rpartition(b"Length=")[2].split(b"\r\n")[0])
        message = context.unwrap_winrm(data[4 : 4 + length], data[4 + length :])
    except Exception as error:
        raise BadEnvelope(f"the message cannot be decrypted: {error}") from error
    if len(message) != expected:
        raise BadEnvelope(f"the message has {len(message)} bytes and says {expected}")
    return message
