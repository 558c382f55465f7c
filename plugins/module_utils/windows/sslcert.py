# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""TLS bindings of http.sys: ``netsh http add|update|delete|show sslcert``.

Syntax: windowsserverdocs, windows-commands/netsh-http. What it writes is in the language of the system, and
is read for a known thumbprint alone; which certificate a binding of a site has is read through IIS
(``certificate_reading.read_certificates``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..errors import StandbyError
from ..node import Completed, Node
from . import program
from .failure import about

_NETSH = r"System32\netsh.exe"
# Windows 10 version 1703: the first with HttpUpdateServiceConfiguration, by which `update` changes a binding.
_FIRST_WITH_UPDATE = 15063
# The application that IIS itself names in its bindings.
IIS = "{4dc3e181-e14b-4a21-b022-59fc669b0914}"


class SslKind(StrEnum):
    """What a binding is chosen by."""

    ADDRESS = "ipport"
    NAME = "hostnameport"
    CENTRAL = "ccs"


@dataclass(frozen=True)
class SslKey:
    """Which binding: address and port, host name and port, or the port of the central store.

    Attributes:
        kind: what it is chosen by.
        value: as netsh takes it, such as ``10.0.0.50:443``, ``[fe80::1]:443``, ``www.example.com:443``.
    """

    kind: SslKind
    value: str

    def __str__(self) -> str:
        return f"{self.kind}={self.value}"


class Change(StrEnum):
    """What becomes of a binding that is to have another certificate."""

    MADE = "make"
    UPDATED = "replace"
    MADE_ANEW = "delete and make again"


def replacing(version: str) -> Change:
    """How a binding that is there is changed; Windows Server 2016 and earlier have no ``update``.

    Args:
        version: of Windows, such as ``10.0.14393``; "" where it is not known.
    """
    build = version.rpartition(".")[2]
    old = build.isdigit() and int(build) < _FIRST_WITH_UPDATE
    return Change.MADE_ANEW if old else Change.UPDATED


def bind(node: Node, key: SslKey, thumbprint: str, store: str, change: Change = Change.MADE) -> None:
    """Have http.sys present a certificate.

    Args:
        node: where.
        key: for which connections.
        thumbprint: of the certificate, which is there with its private key.
        store: it is in.
        change: what becomes of the binding. ``UPDATED`` changes it in one step and keeps its other settings;
            with ``MADE_ANEW`` there is none for a moment, and it gets the settings of a new one.

    Raises:
        StandbyError: http.sys does not take it.
    """
    if change is Change.MADE_ANEW:
        unbind(node, key)
    verb = "update" if change is Change.UPDATED else "add"
    certificate = (f"certhash={thumbprint.lower()}", f"appid={IIS}", f"certstorename={store}")
    ended = _run(node, (verb, "sslcert", str(key), *certificate))
    if ended.code:
        raise StandbyError(
            f"http.sys does not take the certificate {thumbprint} for {key.value}: {_said(ended)}",
            node=node.name,
            resource=f"http.sys binding {key}",
            remedy=f"Look at `netsh http show sslcert {key}`, and whether the certificate is in the store "
            f"{store} with its private key",
        )


def unbind(node: Node, key: SslKey) -> bool:
    """Delete a binding; False where there is none.

    Raises:
        StandbyError: it is there and cannot be deleted.
    """
    if not is_bound(node, key):
        return False
    ended = _run(node, ("delete", "sslcert", str(key)))
    if ended.code:
        raise StandbyError(
            f"the binding of http.sys for {key.value} cannot be deleted: {_said(ended)}",
            node=node.name,
            resource=f"http.sys binding {key}",
            remedy=f"Run `netsh http delete sslcert {key}` on the node",
        )
    return True


def shows(node: Node, key: SslKey, thumbprint: str) -> bool:
    """True where http.sys has a binding with that certificate; its digits are the same in every language."""
    ended = _run(node, ("show", "sslcert", str(key)))
    return ended.code == 0 and thumbprint.casefold().encode("ascii") in ended.stdout.lower()


def is_bound(node: Node, key: SslKey) -> bool:
    """True where http.sys has a binding: netsh ends with 0 where it shows one."""
    return _run(node, ("show", "sslcert", str(key))).code == 0


def _run(node: Node, arguments: Sequence[str]) -> Completed:
    with about(node, "http.sys bindings"):
        return program.run(node, _NETSH, ("http", *arguments))


def _said(ended: Completed) -> str:
    """What netsh wrote, in whatever language, in one line."""
    words = (ended.stdout + b" " + ended.stderr).decode("utf-8", "replace").split()
    return " ".join(words)[:300].rstrip(".") or f"netsh ended with exit code {ended.code}"
