# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long a certificate is valid: as much of DER (ITU-T X.690) as it takes to get there.

The standard library takes certificates apart only where it verified them; a check that verifies nothing wants
to know the end of their validity all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

_SEQUENCE, _INTEGER, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0x02, 0x17, 0x18
_VERSION = 0xA0  # [0] EXPLICIT, left out by certificates of version 1


@dataclass(frozen=True, slots=True)
class Validity:
    """The Validity of a certificate (RFC 5280 4.1.2.5), both ends included."""

    begins: datetime
    ends: datetime

    def days_left(self, now: datetime) -> float:
        """Days until its end, negative once that has passed."""
        return (self.ends - now).total_seconds() / 86400


def read_validity(der: bytes) -> Validity:
    """The validity of a certificate (RFC 5280 4.1).

    Args:
        der: the certificate, as a server presents it.

    Raises:
        ValueError: it is no certificate.
    """
    certificate = _Der(_Der(der).take(_SEQUENCE)).take(_SEQUENCE)
    fields = _Der(certificate)
    if fields.tag == _VERSION:
        fields.take(_VERSION)
    for tag in (_INTEGER, _SEQUENCE, _SEQUENCE):  # serialNumber, signature, issuer
        fields.take(tag)
    validity = _Der(fields.take(_SEQUENCE))
    return Validity(_time(validity), _time(validity))


class _Der:
    """Elements that stand one after the other."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    @property
    def tag(self) -> int:
        """The tag of the next element.

        Raises:
            ValueError: there is none.
        """
        return self._bytes(self._at, 1)[0]

    def take(self, tag: int) -> bytes:
        """The content of the next element.

        Raises:
            ValueError: it has another tag, or is cut off.
        """
        if self.tag != tag:
            raise ValueError(f"tag 0x{self.tag:02x} at byte {self._at}, where 0x{tag:02x} was expected")
        start, length = self._length(self._at + 1)
        content = self._bytes(start, length)
        self._at = start + length
        return content

    def _length(self, at: int) -> tuple[int, int]:
        """Where the content begins, and its length (X.690 8.1.3); DER has no indefinite one."""
        first = self._bytes(at, 1)[0]
        if first < 0x80:
            return at + 1, first
        size = first & 0x7F
        if not 1 <= size <= 4:
            raise ValueError(f"a length of {size} bytes at byte {at}")
        return at + 1 + size, int.from_bytes(self._bytes(at + 1, size), "big")

    def _bytes(self, at: int, length: int) -> bytes:
        found = self._content[at : at + length]
        if len(found) != length:
            raise ValueError(f"it ends before byte {at + length}")
        return found


def _time(fields: _Der) -> datetime:
    """UTCTime as YYMMDDHHMMSSZ, of 1950 to 2049, or GeneralizedTime as YYYYMMDDHHMMSSZ (RFC 5280 4.1.2.5)."""
    if fields.tag == _UTC_TIME:
        text = _digits(fields.take(_UTC_TIME), 12)
        text = ("19" if text >= "50" else "20") + text
    else:
        text = _digits(fields.take(_GENERALIZED_TIME), 14)
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _digits(content: bytes, count: int) -> str:
    digits = content[:-1].decode("ascii", "replace")
    if content[-1:] != b"Z" or len(digits) != count or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"the time {content!r}")
    return digits
