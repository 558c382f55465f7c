# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shares of an SMB server: MSFT_SmbShare of ``root/Microsoft/Windows/SMB``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..errors import BadDocument, StandbyError
from ..node import ClassPath, Instance, Node, Reference, Value
from .failure import about

SMB_SHARE = ClassPath("root/Microsoft/Windows/SMB", "MSFT_SmbShare")

# CachingMode of a share of which clients keep nothing for work offline, FolderEnumerationMode of one that
# shows all of it; AccessRight of an entry, AccessControlType.
NO_CACHING = 0
_UNRESTRICTED = 1
CHANGE = 1
_ALLOW = 0
_ALLOWED = re.compile(r"\(A;[^;]*;[^;]*;[^;]*;[^;]*;([^;)]+)\)")


@dataclass(frozen=True)
class Entry:
    r"""Who may do what with a share.

    Attributes:
        account: such as ``EXAMPLE\server1$``.
        right: AccessRight: 0 full, 1 change, 2 read, 3 something else.
        allowed: it is granted, else denied.
    """

    account: str
    right: int
    allowed: bool


@dataclass(frozen=True)
class Share:
    """A share.

    Attributes:
        name: its name.
        path: the folder that is shared.
        caching: CachingMode.
        encrypted: its traffic is.
        sddl: its security descriptor.
        entries: of it, with names.
        reference: the instance.
    """

    name: str
    path: str
    caching: int
    encrypted: bool
    sddl: str
    entries: tuple[Entry, ...] = ()
    reference: Reference | None = field(default=None, compare=False, repr=False)

    @property
    def sids(self) -> tuple[str, ...]:
        """Whom its security descriptor lets in, as SIDs or letters of SDDL."""
        return tuple(sorted(set(_ALLOWED.findall(self.sddl))))


def read_share(node: Node, name: str) -> Share | None:
    """A share of the server itself, and not of a role of a failover cluster; None where there is none.

    Raises:
        BadDocument: an answer lacks what the schema has.
    """
    with about(node, _resource(name)):
        for item in node.cim.enumerate(SMB_SHARE):
            if item.text("Name").casefold() == name.casefold() and not item.flag("Scoped"):
                return _share(node, item)
    return None


def _share(node: Node, item: Instance) -> Share:
    if item.reference is None:
        raise BadDocument(f"{SMB_SHARE.name}: expected a reference")
    found = node.cim.invoke(item.reference, "GetAccessControlEntries").items("Output")
    entries = tuple(
        Entry(one.text("AccountName"), one.number("AccessRight"), one.number("AccessControlType") == _ALLOW)
        for one in found
        if isinstance(one, Instance)
    )
    return Share(
        item.text("Name"),
        item.text("Path"),
        item.number("CachingMode"),
        item.flag("EncryptData"),
        item.text("SecurityDescriptor"),
        entries,
        item.reference,
    )


def create_share(
    node: Node,
    name: str,
    path: str,
    accounts: Sequence[str],
    *,
    encrypt: bool,
    description: str,
    right: str = "ChangeAccess",
) -> None:
    """Share a folder with some accounts, and nobody else.

    Args:
        node: where.
        name: of the share.
        path: of the folder.
        accounts: who.
        encrypt: the traffic.
        description: for people.
        right: what they may do, by the parameter of CreateShare: ``ChangeAccess`` or ``ReadAccess``.

    Raises:
        StandbyError: Windows refused: no such folder or account, for instance.
    """
    with about(node, _resource(name), "Check that folder and accounts exist as they are written"):
        arguments: dict[str, Value] = {
            "Name": name,
            "Path": path,
            "Description": description,
            "CachingMode": NO_CACHING,
            "FolderEnumerationMode": _UNRESTRICTED,
            "EncryptData": encrypt,
            right: list(accounts),
        }
        node.cim.invoke(SMB_SHARE, "CreateShare", arguments)


def write_settings(node: Node, share: Share, *, encrypt: bool) -> None:
    """Have no caching, and encryption as asked for; read back.

    Raises:
        StandbyError: Windows refused, or shows something else afterwards.
    """
    with about(node, _resource(share.name), "Set it there with Set-SmbShare"):
        node.cim.modify(_reference(share), {"CachingMode": NO_CACHING, "EncryptData": encrypt})
        found = read_share(node, share.name)
        if found is None or (found.caching, found.encrypted) != (NO_CACHING, encrypt):
            raise StandbyError("its settings are not so after they were set")


def grant(node: Node, share: Share, accounts: Iterable[str]) -> None:
    """Let accounts change what is in a share.

    Raises:
        StandbyError: Windows refused: no such account, for instance.
    """
    with about(node, _resource(share.name), "Check that the accounts exist as they are written"):
        arguments: dict[str, Value] = {"AccountName": list(accounts), "AccessRight": CHANGE}
        node.cim.invoke(_reference(share), "GrantAccess", arguments)


def revoke(node: Node, share: Share, accounts: Iterable[str]) -> None:
    """Take what was granted to accounts.

    Raises:
        StandbyError: Windows refused.
    """
    with about(node, _resource(share.name)):
        node.cim.invoke(_reference(share), "RevokeAccess", {"AccountName": list(accounts)})


def delete_share(node: Node, share: Share) -> None:
    """Share a folder no more; the folder stays.

    Raises:
        StandbyError: Windows refused.
    """
    with about(node, _resource(share.name), "Remove it there with Remove-SmbShare"):
        node.cim.delete(_reference(share))


def _reference(share: Share) -> Reference:
    if share.reference is None:
        raise BadDocument(f"{SMB_SHARE.name}: expected a reference")
    return share.reference


def _resource(name: str) -> str:
    return f"share {name}"
