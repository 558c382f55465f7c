# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
r"""A folder on an SMB server as witness: the folder, the share above it, and who may use them.

The share is for one cluster of nodes: whom it lets in is whom the folder is for. So names of accounts are
left to Windows, which knows their SIDs: the folder is given to those that stand in the share's descriptor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from ..errors import StandbyError
from ..node import Node
from ..windows import acl, smb_share
from ..windows.environment import read_machine
from ..windows.files import Files, Found
from ..windows.smb_share import CHANGE, NO_CACHING, Share
from .outcome import Outcome

_DESCRIPTION = "standby.iis: witness of a cluster of IIS nodes"
_FOLDER = re.compile(r"[A-Za-z]:(?:\\[^\\/:*?\"<>|]+)+")
_NAME = re.compile(r"[^\\/:*?\"<>|]{1,80}")
_ACCOUNT = re.compile(r"[^\\/]+\\[^\\/]+")


@dataclass(frozen=True)
class ShareRequest:
    r"""What is asked for.

    Attributes:
        share: its name.
        path: the folder that is shared, such as ``D:\witness\web``.
        folder: the witness, a folder in it.
        accounts: that may use it, and nobody else; such as ``EXAMPLE\server1$``.
        encrypt: the traffic of the share.
    """

    share: str
    path: str
    folder: str
    accounts: tuple[str, ...] = ()
    encrypt: bool = True

    @property
    def whole(self) -> str:
        """The witness on its server."""
        return f"{self.path}\\{self.folder}"

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            StandbyError: an option is malformed.
        """
        for name, text, form, like in (
            ("path", self.path, _FOLDER, r"D:\witness\web"),
            ("share", self.share, _NAME, "witness-web$"),
            ("folder", self.folder, _NAME, "web"),
            *(("accounts", one, _ACCOUNT, r"EXAMPLE\server1$") for one in self.accounts),
        ):
            if not form.fullmatch(text) or text.strip(" .") != text:
                raise StandbyError(f"{name} cannot be {text!r}", remedy=f"Write it as {like}")


class Act(str, Enum):
    """Kinds of steps, in the order in which they are taken."""

    FOLDER = "folder"
    SHARE = "share"
    SETTINGS = "settings"
    REVOKE = "revoke"
    GRANT = "grant"
    RIGHTS = "rights"


@dataclass(frozen=True)
class Step:
    """One thing to do.

    Attributes:
        act: its kind.
        sentence: for people.
        accounts: that it concerns.
    """

    act: Act
    sentence: str
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True)
class There:
    """What the server has.

    Attributes:
        share: None where there is none of that name.
        whole: the witness.
    """

    share: Share | None = None
    whole: Found = field(default_factory=Found)


def steps(asked: ShareRequest, there: There) -> tuple[Step, ...]:
    """What is to be done, in order; nothing where all is as it is to be.

    Raises:
        StandbyError: the name is taken by another share, or somebody is denied what is granted.
    """
    found: list[Step] = []
    if there.whole.sddl is None:
        found.append(Step(Act.FOLDER, f"make {asked.whole}"))
    share = there.share
    if share is None:
        to = ", ".join(asked.accounts)
        found.append(Step(Act.SHARE, f"share {asked.path} as {asked.share} with {to}", asked.accounts))
    else:
        found += _of_share(asked, share)
    differs = share is None or any(step.act in (Act.REVOKE, Act.GRANT) for step in found)
    if differs or share is None or not acl.is_for(there.whole.sddl or "", share.sids):
        found.append(Step(Act.RIGHTS, f"let them alone, Administrators and SYSTEM use {asked.whole}"))
    return tuple(found)


def _require_own(asked: ShareRequest, share: Share) -> None:
    if share.path.rstrip("\\").casefold() != asked.path.casefold():
        raise StandbyError(
            f"it is there, and shares {share.path}",
            resource=f"share {share.name}",
            remedy="Give that path, or another name",
        )


def _of_share(asked: ShareRequest, share: Share) -> list[Step]:
    _require_own(asked, share)
    if denied := [one.account for one in share.entries if not one.allowed]:
        raise StandbyError(
            f"it is denied to {', '.join(denied)}",
            resource=f"share {share.name}",
            remedy="End that with Unblock-SmbShareAccess, and run again",
        )
    found = []
    if (share.caching, share.encrypted) != (NO_CACHING, asked.encrypt):
        encrypted = "encrypted" if asked.encrypt else "not encrypted"
        found.append(Step(Act.SETTINGS, f"have {share.name} without caching, {encrypted}"))
    wanted = {one.casefold() for one in asked.accounts}
    right = {one.account.casefold() for one in share.entries if one.right == CHANGE}
    others = [
        one.account
        for one in share.entries
        if one.account.casefold() not in wanted or one.right != CHANGE  # granted anew below
    ]
    missing = [one for one in asked.accounts if one.casefold() not in right]
    if others:
        told = f"take {share.name} from {', '.join(others)}"
        found.append(Step(Act.REVOKE, told, tuple(others)))
    if missing:
        told = f"let {', '.join(missing)} change what is in {share.name}"
        found.append(Step(Act.GRANT, told, tuple(missing)))
    return found


def refuse_own(asked: ShareRequest, computer: str) -> None:
    """Refuse a server that is one of those that use it.

    Raises:
        StandbyError: it is.
    """
    for account in asked.accounts:
        if account.partition("\\")[2].casefold() == f"{computer}$".casefold():
            raise StandbyError(
                f"{account} is the account of the server itself: a node that fails would take it along",
                resource=f"share {asked.share}",
                remedy="Put the witness on a server that is none of the nodes",
            )


class Server:
    """The SMB server.

    Args:
        node: it.
        script: text of ``receive_file.ps1``.
        asked: what is asked for.
    """

    def __init__(self, node: Node, script: str, asked: ShareRequest) -> None:
        self._node, self._files, self._asked = node, Files(node, script), asked

    def look(self) -> There:
        """What it has.

        Raises:
            StandbyError: it cannot be read, or a folder is a link, which may lead elsewhere at any time.
        """
        whole = self._asked.whole
        found = self._files.look([self._asked.path, whole])
        for path, one in found.items():
            if one.link or one.sha256 is not None:
                raise StandbyError(
                    f"it is {'a link' if one.link else 'a file'}",
                    node=self._node.name,
                    resource=f"folder {path}",
                    remedy="Give a folder that is none, and that nothing copies elsewhere",
                )
        return There(smb_share.read_share(self._node, self._asked.share), found[whole])

    def take(self, step: Step) -> None:
        """Take a step."""
        asked, node = self._asked, self._node
        share = None if step.act in (Act.FOLDER, Act.SHARE) else self._share()
        if step.act is Act.FOLDER:
            self._files.make_folder(asked.whole)
        elif share is None:
            smb_share.create_share(
                node, asked.share, asked.path, asked.accounts, encrypt=asked.encrypt, description=_DESCRIPTION
            )
        elif step.act is Act.SETTINGS:
            smb_share.write_settings(node, share, encrypt=asked.encrypt)
        elif step.act is Act.REVOKE:
            smb_share.revoke(node, share, step.accounts)
        elif step.act is Act.GRANT:
            smb_share.grant(node, share, step.accounts)
        else:
            acl.make_for(node, asked.whole, _sids(share))

    def remove(self, there: There) -> None:
        """Share it no more, and delete the witness; the folder above it stays."""
        if there.share is not None:
            smb_share.delete_share(self._node, there.share)
        self._files.remove([self._asked.whole])

    def _share(self) -> Share:
        share = smb_share.read_share(self._node, self._asked.share)
        if share is None:
            raise StandbyError("it has gone", resource=f"share {self._asked.share}", remedy="Run again")
        return share


def _sids(share: Share) -> tuple[str, ...]:
    for one in share.sids:
        if not one.startswith("S-1-"):
            raise StandbyError(
                f"it is for {one}, which is no single account",
                resource=f"share {share.name}",
                remedy="Name the accounts of the nodes' computers, or one user",
            )
    return share.sids


def ensure_share(node: Node, script: str, asked: ShareRequest, *, check: bool) -> Outcome:
    """Have a witness on an SMB server.

    Args:
        node: the server.
        script: text of ``receive_file.ps1``.
        asked: what is asked for.
        check: only say what would be done.

    Returns:
        With ``steps``: sentences in order; ``witness``: its path for agents.

    Raises:
        StandbyError: it cannot be, or is not so afterwards.
    """
    asked.check()
    if not asked.accounts:
        raise StandbyError("no account is named", remedy=r"Name those of the nodes, such as EXAMPLE\server1$")
    name = read_machine(node).computer_name
    refuse_own(asked, name)
    server = Server(node, script, asked)
    todo = steps(asked, server.look())
    if not check:
        for step in todo:
            server.take(step)
        if todo and (left := steps(asked, server.look())):
            raise StandbyError(
                f"after all that there is still to do: {left[0].sentence}",
                node=node.name,
                resource=f"share {asked.share}",
                remedy="Look at them on that server; accounts are to be written as Windows shows them",
            )
    return _outcome(name, asked, [step.sentence for step in todo], check=check)


def remove_share(node: Node, script: str, asked: ShareRequest, *, check: bool) -> Outcome:
    """Have no such witness; arguments, result and failures as of ``ensure_share``."""
    asked.check()
    server = Server(node, script, asked)
    there = server.look()
    todo = []
    if there.share is not None:
        _require_own(asked, there.share)
        todo.append(f"share {asked.share} no more")
    if there.whole.sddl is not None:
        todo.append(f"delete {asked.whole}")
    if todo and not check:
        server.remove(there)
    return _outcome(read_machine(node).computer_name, asked, todo, check=check)


def _outcome(server: str, asked: ShareRequest, told: list[str], *, check: bool) -> Outcome:
    done = "would be" if check else "were"
    witness = f"\\\\{server}\\{asked.share}\\{asked.folder}"
    return Outcome(
        bool(told),
        f"{len(told)} steps {done} taken" if told else "the witness is as asked for",
        {"todo": told},
        {"todo": []},
        {"steps": told, "witness": witness},
    )
