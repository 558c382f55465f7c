# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificate stores of a machine: what is in a PFX, importing and removing, and the central store of IIS.

By the fixed script ``certificates.ps1``, whose input carries the PFX and its password: they stand in no
argument, no file and no log, neither here nor on the node. They come on a line of their own, which the script
gives to no cmdlet: PowerShell's module logging keeps what is bound to parameters of those.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..errors import BadDocument, StandbyError
from ..node import Node
from . import calls
from .calls import Answer
from .certificates_text import TEXT
from .sslcert import SslKey, SslKind, is_bound

# X509KeyStorageFlags: the key belongs to the machine; it stays once the process has ended, or it does not.
_IMPORTED, _LOOKED_AT = "MachineKeySet, PersistKeySet", "MachineKeySet"
# Bytes of a PFX: a chain and a key are a few thousand. In base64 it is one line of a script's input.
LARGEST_PFX = 96 * 1024

_WHAT = "certificates"
_GIVE = "Give a PFX with its password, and connect with an administrator"
_REMOVE = "Connect with an administrator and run again, or remove it from the store by hand"


@dataclass(frozen=True)
class Pfx:
    """A PFX as an operator holds it; neither part of it is ever shown.

    Attributes:
        data: the file.
        password: of it.
    """

    data: bytes = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True)
class HeldCertificate:
    """The certificate of a PFX that has the private key.

    Attributes:
        thumbprint: upper-case hexadecimal.
        names: host names it is for.
        begins: start of its validity.
        ends: end of it.
    """

    thumbprint: str
    names: tuple[str, ...]
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class CentralStore:
    """The central certificate store of IIS on a node.

    Attributes:
        enabled: the node uses it.
        location: folder, mostly of a share.
        files: names of the certificates there; None where the folder could not be listed.
        problem: why not, or why it cannot be known whether the node uses it. IIS reads the folder as a user
            of its own, who may have rights that we have not.
        ports: those of some that http.sys has a binding of the central store for.
    """

    enabled: bool = False
    location: str = ""
    files: tuple[str, ...] | None = None
    problem: str = ""
    ports: frozenset[int] = frozenset()


def look(node: Node, pfx: Pfx) -> HeldCertificate:
    """What is in a PFX, as Windows reads it; nothing of it stays on the node.

    Raises:
        StandbyError: it cannot be opened, or holds no certificate, or several, with a private key.
    """
    call = {"do": "look", "flags": _LOOKED_AT}
    answer = _ask(node, call, "the PFX cannot be opened", _GIVE, _carried(pfx))
    every = [one for one in answer.get("certificates") or () if one.get("key")]
    if len(every) != 1:
        raise StandbyError(
            f"the PFX holds {len(every)} certificates with a private key, expected one",
            node=node.name,
            remedy="Export the certificate of the site alone, with its private key and its chain",
        )
    return _held(every[0])


def import_pfx(node: Node, pfx: Pfx, store: str) -> None:
    """Import a PFX into a store of the machine; certificates of its chain go to the store of authorities.

    A root that is in it is left out: whom a machine trusts is no matter of a site.

    Raises:
        StandbyError: it cannot be imported.
    """
    call = {"do": "import", "flags": _IMPORTED, "store": store}
    _ask(node, call, "the certificate was not imported", _GIVE, _carried(pfx))


def remove_certificate(node: Node, thumbprint: str, store: str) -> None:
    """Remove a certificate with its private key; success too where it is not there.

    Raises:
        StandbyError: it cannot be removed.
    """
    call = {"do": "remove", "thumbprint": thumbprint, "store": store}
    _ask(node, call, f"the certificate {thumbprint} was not removed", _REMOVE)


def read_central(node: Node, ports: Iterable[int]) -> CentralStore:
    """The central certificate store, as far as this account can see it.

    Args:
        node: where.
        ports: that bindings of the central store are asked for.

    Raises:
        StandbyError: the node does not answer.
    """
    (answer,) = calls.ask(node, TEXT, [{"do": "central"}], _WHAT)
    files = answer.get("files")
    return CentralStore(
        enabled=bool(answer.get("enabled")),
        location=str(answer.get("location") or ""),
        files=None if files is None else tuple(str(one) for one in files),
        problem=str(answer.get("error") or "").rstrip("."),
        ports=frozenset(one for one in ports if is_bound(node, SslKey(SslKind.CENTRAL, str(one)))),
    )


def _carried(pfx: Pfx) -> str:
    return ":".join(base64.b64encode(one).decode("ascii") for one in (pfx.data, pfx.password.encode("utf-8")))


def _ask(node: Node, call: Mapping[str, str], failed: str, remedy: str, secret: str = "") -> Answer:
    (answer,) = calls.ask(node, TEXT, [call], _WHAT, (secret,))
    if "error" in answer:
        raise StandbyError(
            f"{failed}: {str(answer['error']).rstrip('.')}",
            node=node.name,
            remedy=remedy,
        )
    return answer


def _held(one: Mapping[str, Any]) -> HeldCertificate:
    try:
        return HeldCertificate(
            thumbprint=str(one["thumbprint"]).upper(),
            names=tuple(str(name) for name in one["names"] or ()),
            begins=datetime.fromisoformat(str(one["begins"])).replace(tzinfo=UTC),
            ends=datetime.fromisoformat(str(one["ends"])).replace(tzinfo=UTC),
        )
    except (KeyError, ValueError) as error:
        raise BadDocument(f"answer of certificates.ps1: expected a certificate, found {error}") from None
