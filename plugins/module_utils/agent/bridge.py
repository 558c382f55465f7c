# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CIM of the agent's own node: the six verbs over one long-lived child process that runs ``cim_bridge.ps1``.

One line is under way at a time; threads wait for one another, each within its own bound. A child that hangs,
dies or talks nonsense is killed, and the next call starts another. A call that only reads is repeated once on
a fresh child; of a change without an answer it is unknown whether it was made, and the error says so. What
Windows does for a child that was killed may go on without it. A new child is first asked nothing, so that no
call pays for the start of PowerShell; what a function gives of a call is made when its line is sent.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

from ..errors import BadDocument, CimError, OutcomeUnknown, StandbyError, Unreachable
from ..node import Association, ClassPath, Given, Instance, Reference, Value
from ..windows.iis_command import WINDOWS
from ..windows.storage import NAMESPACE as STORAGE
from ..windows.storage_replica import ADMIN_TASKS
from ..wsman.cim import check_return
from ..wsman.faults import is_missing
from . import bridge_wire as wire
from .bridge_child import Child, ChildLost, ChildProcess
from .bridge_values import JSON
from .bridge_wire import Call

# Seconds for a line. Storage calls take as long as a disk.
TIMEOUT = 20.0
# Seconds that a new child may take to its first answer: PowerShell starts and loads .NET, at boot beside
# everything else.
GREETING = 30.0
TIMEOUTS: Mapping[str, float] = MappingProxyType({STORAGE: 60.0, ADMIN_TASKS.namespace: 60.0})

_POWER_SHELL = r"System32\WindowsPowerShell\v1.0\powershell.exe"
# about_PowerShell_exe: no profile is read, no question asked, and the policy is that of this process alone
# (about_Execution_Policies: Bypass; a policy set by Group Policy goes before it).
_FLAGS = ("-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File")

_REMEDY = "Run the script by hand on the node, and look whether a Group Policy forbids scripts"
_UNKNOWN = "Read the state back before doing it again; the next call starts a new process"


def command(script: str, windows: str = WINDOWS) -> list[str]:
    r"""The child as argv.

    Args:
        script: Windows path of ``cim_bridge.ps1``; in a folder that only administrators can write to.
        windows: the Windows directory.
    """
    return [f"{windows}\\{_POWER_SHELL}", *_FLAGS, script]


class Bridge:
    """CIM of this machine; implements ``Cim``. Used from any number of threads."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        node: str | None = None,
        timeout: float = TIMEOUT,
        timeouts: Mapping[str, float] = TIMEOUTS,
        greeting: float = GREETING,
        start: Callable[[Sequence[str]], Child] = ChildProcess,
    ) -> None:
        """Nothing is started before the first call.

        Args:
            argv: the child; see ``command``.
            node: inventory name for messages.
            timeout: seconds for a line, and for waiting until those of other threads have ended.
            timeouts: other seconds, by the namespace of the call.
            greeting: seconds that a new child may take until it answers at all.
            start: starts the child; raises ChildLost.
        """
        self._argv = list(argv)
        self._node = node
        self._timeout = timeout
        self._timeouts = {name.casefold(): seconds for name, seconds in timeouts.items()}
        self._greeting = greeting
        self._start = start
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._child: Child | None = None
        self._closed = False

    def enumerate(
        self,
        target: ClassPath,
        *,
        where: Mapping[str, str] | None = None,
        query: str | None = None,
        associated: Association | None = None,
    ) -> list[Instance]:
        """All instances, or those of one filter; see node.Cim.

        ``where`` is compared here: its values have no types, and WQL needs them. Text is compared without
        case, as WMI does.
        """
        with self._named():
            if len([one for one in (where, query, associated) if one is not None]) > 1:
                raise StandbyError(f"enumerate {target.name} takes one of where, query and associated")
            found = self._read(wire.find(target, query=query, associated=associated), wire.items)
            return [one for one in found if _matches(one, where or {})]

    def get(self, reference: Reference) -> Instance | None:
        """The instance, None where it does not exist."""
        with self._named():
            try:
                found = self._read(wire.get(reference), wire.items)
            except CimError as error:
                if is_missing(error):
                    return None
                raise
            return found[0] if found else None

    def create(self, target: ClassPath, properties: Mapping[str, Value]) -> Reference:
        """A new instance; see node.Cim."""
        with self._named():
            return wire.created(self._change(wire.create(target, properties)))

    def modify(self, reference: Reference, properties: Mapping[str, Value]) -> None:
        """Change the properties given; see node.Cim."""
        with self._named():
            self._change(wire.modify(reference, properties))

    def modify_each(self, changes: Sequence[tuple[Reference, Given]]) -> list[StandbyError | None]:
        """All in one line; see node.Cim."""
        if not changes:
            return []
        try:
            with self._named():
                calls = [wire.modify(reference, properties) for reference, properties in changes]
                answers = self._send(calls, change=True)
        except StandbyError as failure:
            return [failure] * len(changes)
        told = [wire.failure(answer, call.operation) for call, answer in zip(calls, answers, strict=True)]
        for one in told:
            if one is not None:
                one.node = self._node
        return told

    def delete(self, reference: Reference) -> bool:
        """Remove the instance; False where it was already gone."""
        with self._named():
            try:
                self._change(wire.delete(reference))
            except CimError as error:
                if is_missing(error):
                    return False
                raise
            return True

    def invoke(
        self,
        target: Reference | ClassPath,
        method: str,
        arguments: Given | None = None,
        *,
        codes: Mapping[int, str] | None = None,
    ) -> Instance:
        """Call a method and check its ReturnValue; see node.Cim."""
        with self._named():
            call = wire.invoke(target, method, arguments)
            result = wire.output(self._change(call), method)
            check_return(result, call.operation, codes or {})
            return result

    def ftp_states(self, sites: Sequence[str]) -> list[str | StandbyError]:
        """The run states of FTP sites, each a name or a number; of one that cannot be read, why.

        Raises:
            Unreachable: the child does not answer.
        """
        if not sites:
            return []
        with self._named():
            calls = [wire.ftp_state(site) for site in sites]
            answers = self._send(calls, change=False)
            failures = [wire.failure(one, call.operation) for call, one in zip(calls, answers, strict=True)]
            return [failed or wire.state(one) for failed, one in zip(failures, answers, strict=True)]

    def close(self) -> None:
        """End the child, also under a call of another thread; later calls fail."""
        self._closed = True
        child = self._child
        if child is not None:
            child.stop()

    # One line

    def _read(self, call: Call, read: Callable[[JSON], list[Instance]]) -> list[Instance]:
        return read(self._checked(call, self._send([call], change=False)))

    def _change(self, call: Call) -> JSON:
        return self._checked(call, self._send([call], change=True))

    @staticmethod
    def _checked(call: Call, answers: list[JSON]) -> JSON:
        failure = wire.failure(answers[0], call.operation)
        if failure is not None:
            raise failure
        return answers[0]

    def _send(self, calls: Sequence[Call], *, change: bool) -> list[JSON]:
        """The answers to some calls.

        Raises:
            OutcomeUnknown: a change was sent and has no answer.
            Unreachable: a reading has none, at the second attempt either, or a change was not sent.
            StandbyError: what makes the call last thing refuses.
        """
        operation = calls[0].operation
        seconds = max(self._timeouts.get(call.namespace.casefold(), self._timeout) for call in calls)
        if not self._lock.acquire(timeout=seconds):
            raise Unreachable(f"{operation}: earlier calls to Windows did not end within {seconds:g} s")
        try:
            return self._attempt(calls, seconds, 1 if change else 2)
        except ChildLost as lost:
            if change and lost.sent:
                problem = (
                    f"{self._argv[0]} {lost.why} during {operation}; whether it was carried out is unknown"
                )
                raise OutcomeUnknown(problem, remedy=_UNKNOWN) from lost
            raise Unreachable(f"{operation}: {self._argv[0]} {lost.why}", remedy=_REMEDY) from lost
        finally:
            self._lock.release()

    def _attempt(self, calls: Sequence[Call], seconds: float, attempts: int) -> list[JSON]:
        while True:
            try:
                return self._exchange(calls, seconds)
            except ChildLost as lost:
                attempts -= 1
                if not attempts or not lost.sent or self._closed:
                    raise

    def _exchange(self, calls: Sequence[Call], seconds: float) -> list[JSON]:
        """Send a line to a child that is fit for it; one that fails is ended."""
        child = self._fit_child()
        return self._talk(child, calls, seconds, sent=True)

    def _talk(self, child: Child, calls: Sequence[Call], seconds: float, *, sent: bool) -> list[JSON]:
        number = next(self._numbers)
        line = wire.request_line(number, calls)
        try:
            return wire.read_answers(child.exchange(line, seconds), number, len(calls))
        except (ChildLost, BadDocument) as failure:
            said = self._end(child)
            why = failure.why if isinstance(failure, ChildLost) else f"talked nonsense ({failure.problem})"
            raise ChildLost(f"{why}{said}", sent=sent) from failure

    def _fit_child(self) -> Child:
        if self._closed:
            raise ChildLost("has been ended", sent=False)
        if self._child is not None and not self._child.fit():
            self._end(self._child)
        if self._child is None:
            self._child = self._start(self._argv)
            self._talk(self._child, (), self._greeting, sent=False)
        if self._closed:
            raise ChildLost(f"has been ended{self._end(self._child)}", sent=False)
        return self._child

    def _end(self, child: Child) -> str:
        self._child = None
        said = child.stop()
        return f" and said: {said}" if said else ""

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except StandbyError as error:
            error.node = error.node or self._node
            raise


def _matches(instance: Instance, where: Mapping[str, str]) -> bool:
    return all(_text(instance.get(name)).casefold() == text.casefold() for name, text in where.items())


def _text(value: Value) -> str:
    """A value as a selector has it (DSP0226 5.4.2.2)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
