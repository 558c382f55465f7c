# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What confirms that a node is off, by what was declared for it: a program, its controller, or a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from ..errors import StandbyError
from . import commands
from .bmc_access import password_in
from .redfish import Redfish
from .settings import Settings

COMMAND, REDFISH, MANUAL = "command", "redfish", "manual"
# Seconds in which a controller answers when it is only looked at.
_LOOK = 15.0


class Fence(Protocol):
    """The fence of one node.

    Attributes:
        provider: its name, as the settings have it.
    """

    provider: str

    def cut(self) -> str:
        """Have the node off; what was asked and what was read back, one sentence.

        Raises:
            StandbyError: it is not sure that the node is off.
        """

    def look(self) -> str:
        """Whether it would work, found out without any effect on the node; one sentence.

        Raises:
            StandbyError: it would not.
        """


def fence_of(settings: Settings, node: str, here: Callable[[str], Path]) -> Fence:
    """The fence of a node, as the settings have it.

    Args:
        settings: which declare it.
        node: which has one.
        here: where a Windows path is on this machine.
    """
    if node in settings.bmcs:
        return RedfishFence(settings, node, here)
    if node in settings.manual:
        return ManualFence(node)
    return CommandFence(settings, node, here)


def provider_of(settings: Settings, node: str) -> str:
    """The name of a node's provider, "" where it has none."""
    if node in settings.bmcs:
        return REDFISH
    if node in settings.manual:
        return MANUAL
    return COMMAND if node in settings.fences else ""


class CommandFence:
    """A program of the operator's. Its arguments are not told: one may be a password."""

    provider = COMMAND

    def __init__(self, settings: Settings, node: str, here: Callable[[str], Path]) -> None:
        self._node, self._here = node, here
        self._timeout = settings.fence_timeout
        self._program, *self._arguments = settings.fences[node]

    def cut(self) -> str:
        """See ``Fence``."""
        try:
            commands.run(
                [str(self._here(self._program)), *self._arguments], b"", self._timeout, spare=(self._node,)
            )
        except StandbyError as error:
            raise StandbyError(
                f"its fence {self._program}: {error.problem}", node=self._node, remedy=_by_hand(self._node)
            ) from error
        return f"{self._program} was run, and ended with 0"

    def look(self) -> str:
        """See ``Fence``; running it would switch the node off."""
        if not self._here(self._program).is_file():
            raise StandbyError(
                f"its fence {self._program} is not on this node", node=self._node, remedy="Put it there"
            )
        return f"{self._program} is there; it is not run to try it"


class RedfishFence:
    """The node's controller."""

    provider = REDFISH

    def __init__(self, settings: Settings, node: str, here: Callable[[str], Path]) -> None:
        self._node, self._here = node, here
        self._bmc, self._timeout = settings.bmcs[node], settings.fence_timeout
        if self._bmc.ca_file is not None:
            self._bmc = replace(self._bmc, ca_file=str(here(self._bmc.ca_file)))

    def cut(self) -> str:
        """See ``Fence``."""
        try:
            with self._service(self._timeout) as service:
                return service.force_off()
        except StandbyError as error:
            told = f"its fence: {error.problem}"
            raise StandbyError(
                told, node=self._node, remedy=f"{error.remedy}. {_by_hand(self._node)}"
            ) from error

    def look(self) -> str:
        """See ``Fence``."""
        try:
            with self._service(min(_LOOK, self._timeout)) as service:
                return service.look()
        except StandbyError as error:
            raise StandbyError(f"its fence: {error.problem}", node=self._node, remedy=error.remedy) from error

    def _service(self, seconds: float) -> Redfish:
        return Redfish(self._bmc, password_in(self._here(self._bmc.password_file)), seconds)


class ManualFence:
    """A person, who says that the node is off: ``confirm-off``. There is nothing to run."""

    provider = MANUAL

    def __init__(self, node: str) -> None:
        self._node = node

    def cut(self) -> str:
        """See ``Fence``."""
        remedy = f"Switch it off, then {said(self._node)}"
        raise StandbyError("a person confirms that it is off", node=self._node, remedy=remedy)

    def look(self) -> str:
        """See ``Fence``."""
        return f"a person confirms that it is off: {said(self._node)}"


def _by_hand(node: str) -> str:
    return f"Make sure that the node is off, then {said(node)}; mend the fence"


def said(node: str) -> str:
    """How a person says that a node is off."""
    return (
        f"say so by the playbook standby.iis.switchover with -e fence_confirmed={node}, or on any other "
        f"node: python standby.pyz confirm-off --home FOLDER {node} (docs/fencing.md)"
    )
