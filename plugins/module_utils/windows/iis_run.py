# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""appcmd run on a node: found wherever Windows is, tried again on failures that pass."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import StandbyError
from ..node import Clock, Completed, Node
from . import iis_command as command
from . import program
from .environment import read_machine
from .failure import about

# Pauses in seconds before a command is tried again on a passing failure; 5.75 s in all, since WAS was seen to
# need some seconds after a change (IIS.ServiceMonitor#4).
PAUSES = (0.25, 0.5, 1.0, 2.0, 2.0)

_INVALID_DATA = 13  # 8007000d
# IIS reads applicationHost.config anew for every command; it keeps earlier ones by its configuration history.
_DAMAGED = (
    "IIS cannot read its applicationHost.config: correct the line that `appcmd list site` names on the node, "
    r"or restore an earlier file from C:\inetpub\history"
)
_REMEDIES = {
    5: "Connect with an account that is in the node's Administrators group",
    _INVALID_DATA: "The document comes from a newer IIS: bring the nodes to one version of Windows Server",
    command.ALREADY_EXISTS: "Run again: what is there now is compared anew",
    command.NOT_FOUND: "Check the name, letter for letter, with the site_info module",
    4312: "A site without http binding cannot be started or stopped this way; otherwise check W3SVC and WAS",
}


class IisMissing(StandbyError):
    """appcmd does not exist on the node."""


class IisError(StandbyError):
    """appcmd refused a command.

    Attributes:
        code: its exit code, the Win32 part of the HRESULT.
        hresult: eight hex digits, or None where it named none.
    """

    def __init__(
        self,
        problem: str,
        code: int,
        hresult: str | None,
        *,
        node: str,
        resource: str,
        remedy: str | None = None,
    ) -> None:
        super().__init__(problem, node=node, resource=resource, remedy=remedy)
        self.code = code
        self.hresult = hresult


@dataclass(frozen=True)
class Answer(Completed):
    r"""What appcmd answered.

    Attributes:
        windows: the Windows directory whose appcmd it was, such as ``C:\Windows``.
    """

    windows: str


def checked(
    node: Node,
    arguments: Sequence[str],
    resource: str,
    clock: Clock,
    *,
    accepted: Sequence[int] = (0,),
    stdin: bytes = b"",
) -> Answer:
    """Run appcmd.

    Raises:
        IisError: its exit code is not accepted; IisMissing.
    """
    answer = run(node, arguments, resource, clock, stdin)
    if command.exit_code(answer) not in accepted:
        raise refused(node, arguments, resource, answer)
    return answer


def run(
    node: Node, arguments: Sequence[str], resource: str, clock: Clock = time, stdin: bytes = b""
) -> Answer:
    """Run appcmd, whatever its exit code; failures that pass are tried again, a bounded number of times.

    Raises:
        IisMissing: IIS is not installed.
    """
    answer = _run_once(node, arguments, resource, stdin)
    for pause in PAUSES:
        if command.exit_code(answer) not in command.TRANSIENT:
            break
        clock.sleep(pause)
        answer = _run_once(node, arguments, resource, stdin)
    return answer


def refused(node: Node, arguments: Sequence[str], resource: str, answer: Completed) -> IisError:
    """What failed, by codes alone: the output may be in any language, and may quote what was imported."""
    code, hresult = command.exit_code(answer), command.hresult(answer)
    said = f"appcmd {arguments[0]} {arguments[1]} ended with exit code {code}"
    return IisError(
        f"{said} (hresult {hresult})" if hresult else said,
        code,
        hresult,
        node=node.name,
        resource=resource,
        remedy=_remedy(arguments[0], code),
    )


def missing(node: Node, resource: str) -> IisError:
    """What appcmd lists nothing for."""
    remedy = _REMEDIES[command.NOT_FOUND]
    return IisError(
        "does not exist", command.NOT_FOUND, None, node=node.name, resource=resource, remedy=remedy
    )


def _run_once(node: Node, arguments: Sequence[str], resource: str, stdin: bytes) -> Answer:
    with about(node, resource):
        answer = _start(node, arguments, command.WINDOWS, stdin)
        if answer is None:
            windows = read_machine(node).windows_directory
            if windows.casefold() != command.WINDOWS.casefold():
                answer = _start(node, arguments, windows, stdin)
    if answer is None:
        raise IisMissing(
            "IIS is not installed: appcmd.exe was not found",
            node=node.name,
            resource=resource,
            remedy="Install the Windows features Web-Server and Web-Scripting-Tools on the node",
        )
    return answer


def _start(node: Node, arguments: Sequence[str], windows: str, stdin: bytes) -> Answer | None:
    """None where there is no such program."""
    answer = program.start(node, command.appcmd(*arguments, windows=windows), stdin)
    if answer is None or command.program_missing(answer):
        return None
    return Answer(answer.code, answer.stdout, answer.stderr, windows)


def _remedy(verb: str, code: int) -> str:
    if verb == "list" and code == _INVALID_DATA:
        return _DAMAGED
    return _REMEDIES.get(code, "Check that the services W3SVC and WAS run on the node, then run again")
