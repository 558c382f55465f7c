# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates of a node: those of its stores, and which one http.sys presents for each https binding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..errors import BadDocument
from ..node import Node
from . import twin_calls, twin_scripts
from .calls import Answer
from .certificate_store import CentralStore
from .failure import about

_STORES = ("MY", "WebHosting")
# Two calls of read_twin.ps1.
CALLS: tuple[Mapping[str, Any], ...] = (
    {"do": "certificates", "stores": _STORES},
    {"do": "bindings"},
)


@dataclass(frozen=True)
class StoredCertificate:
    """A certificate in a store of the machine.

    Attributes:
        store: such as ``MY``.
        thumbprint: upper-case hexadecimal.
        private_key: Windows has a private key that belongs to it.
        names: host names it is for.
        begins: start of its validity.
        ends: end of it.
    """

    store: str
    thumbprint: str
    private_key: bool
    names: tuple[str, ...]
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Bound:
    """The certificate that http.sys presents for a binding: thumbprint and store."""

    thumbprint: str
    store: str


@dataclass(frozen=True)
class CertificateReading:
    """The certificates of one node.

    Attributes:
        certificates: of its stores.
        bound: (site, binding information), both without case -> certificate.
        central: the central certificate store; None where nothing asked for it.
    """

    certificates: tuple[StoredCertificate, ...] = ()
    bound: Mapping[tuple[str, str], Bound] = field(default_factory=dict)
    central: CentralStore | None = None


def read_certificates(node: Node) -> CertificateReading:
    """Certificates alone.

    Raises:
        StandbyError: they cannot be read.
    """
    answers = twin_calls.ask(node, twin_scripts.TWIN, CALLS)
    with about(node, "certificates"):
        return from_answers(answers)


def from_answers(answers: Sequence[Answer]) -> CertificateReading:
    """What the answers to ``CALLS`` say.

    Raises:
        BadDocument: one of them is malformed.
    """
    stores, bindings = answers
    return CertificateReading(
        certificates=tuple(_certificate(one) for one in stores.get("certificates") or ()),
        bound=dict(_bound(one) for one in bindings.get("bindings") or ()),
    )


def _certificate(one: Mapping[str, Any]) -> StoredCertificate:
    try:
        return StoredCertificate(
            store=str(one["store"]),
            thumbprint=str(one["thumbprint"]).upper(),
            private_key=bool(one["key"]),
            names=tuple(str(name) for name in one["names"] or ()),
            begins=datetime.fromisoformat(str(one["begins"])).replace(tzinfo=UTC),
            ends=datetime.fromisoformat(str(one["ends"])).replace(tzinfo=UTC),
        )
    except (KeyError, ValueError) as error:
        raise BadDocument(f"answer of read_twin.ps1: expected a certificate, found {error}") from None


def _bound(one: Mapping[str, Any]) -> tuple[tuple[str, str], Bound]:
    key = (str(one["site"]).casefold(), str(one["information"]).casefold())
    return key, Bound(str(one["thumbprint"]).upper(), str(one.get("store") or "MY"))
