# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The six verbs over any exchange of messages."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar
from xml.etree.ElementTree import Element

from ..errors import BadDocument, CimError, MethodError, StandbyError
from ..node import Association, ClassPath, Given, Instance, Reference, Value, given
from . import answer, envelope
from .envelope import Frame, Request
from .faults import is_missing
from .link import Exchange, LinkLost, unknown_outcome

_T = TypeVar("_T")

# Pulls in a row without a single item before the node is taken to be out of order.
_EMPTY_PULLS = 100


def fresh_id() -> str:
    """A new message id."""
    return f"uuid:{uuid.uuid4()}"


class WsmanCim:
    """CIM of one node.

    Calls that only read are repeated once when the link was lost under them. The others are not: whether they
    were carried out is unknown then, and the error says so.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        node: str | None = None,
        operation_timeout: int = 20,
        new_id: Callable[[], str] = fresh_id,
    ) -> None:
        """Take a function that sends a message and returns the answer, faults included.

        Args:
            exchange: raises StandbyError where there is no answer, LinkLost where it may have been lost.
            node: inventory name for messages.
            operation_timeout: seconds the node may take for one operation.
            new_id: makes message ids.
        """
        self._exchange = exchange
        self._node = node
        self._operation_timeout = operation_timeout
        self._new_id = new_id

    def enumerate(
        self,
        target: ClassPath,
        *,
        where: Mapping[str, str] | None = None,
        query: str | None = None,
        associated: Association | None = None,
    ) -> list[Instance]:
        """All instances, or those of one filter, every Pull to the end; see node.Cim."""

        def read() -> list[Instance]:
            first = envelope.enumerate_(
                self._frame(), target, where=where, query=query, associated=associated
            )
            return self._read_all(first, target.name)

        with self._named():
            return _twice(read)

    def get(self, reference: Reference) -> Instance | None:
        """The instance, None where it does not exist."""

        def read() -> Instance | None:
            request = envelope.get(self._frame(), reference)
            try:
                return answer.instance(self._ask(request), reference, request.operation)
            except CimError as error:
                if is_missing(error):
                    return None
                raise

        with self._named():
            return _twice(read)

    def create(self, target: ClassPath, properties: Mapping[str, Value]) -> Reference:
        """A new instance; see node.Cim."""
        with self._named():
            request = envelope.create(self._frame(), target, properties)
            return answer.created(self._do(request), request.operation)

    def modify(self, reference: Reference, properties: Mapping[str, Value]) -> None:
        """Change the properties given; see node.Cim."""
        with self._named():
            self._do(envelope.modify(self._frame(), reference, properties))

    def modify_each(self, changes: Sequence[tuple[Reference, Given]]) -> list[StandbyError | None]:
        """One after the other: WS-Management has no request for several instances; see node.Cim."""
        return [self._failure_of(reference, properties) for reference, properties in changes]

    def _failure_of(self, reference: Reference, properties: Given) -> StandbyError | None:
        try:
            self.modify(reference, given(properties))
        except StandbyError as failure:
            return failure
        return None

    def delete(self, reference: Reference) -> bool:
        """Remove the instance; False where it was already gone."""
        with self._named():
            try:
                self._do(envelope.delete(self._frame(), reference))
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
            request = envelope.invoke(self._frame(), target, method, given(arguments))
            result = answer.output(self._do(request), method)
            check_return(result, request.operation, codes or {})
            return result

    def _read_all(self, first: Request, name: str) -> list[Instance]:
        page = answer.page(self._ask(first), first.operation, name)
        items, empty = list(page.items), 0
        while page.context is not None:
            request = envelope.pull(self._frame(), first, page.context)
            page = answer.page(self._ask(request), first.operation, name)
            items += page.items
            empty = 0 if page.items else empty + 1
            if empty == _EMPTY_PULLS:
                raise BadDocument(f"{first.operation}: {_EMPTY_PULLS} answers without an item or an end")
        return items

    def _frame(self) -> Frame:
        return Frame(self._new_id(), self._operation_timeout)

    def _ask(self, request: Request) -> Element:
        return answer.body(self._exchange(request.text), request)

    def _do(self, request: Request) -> Element:
        """Ask for something that must not happen twice."""
        try:
            return self._ask(request)
        except LinkLost as lost:
            raise unknown_outcome(lost, request.operation) from lost

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except StandbyError as error:
            error.node = error.node or self._node
            raise


def _twice(read: Callable[[], _T]) -> _T:
    """Repeat once what only reads, over the new link that follows a lost one."""
    try:
        return read()
    except LinkLost:
        return read()


def check_return(result: Instance, operation: str, codes: Mapping[int, str]) -> None:
    """Raise where a ReturnValue is there and is not 0; a void method has none.

    Args:
        result: the out-parameters.
        operation: what was called, for the message.
        codes: texts of the class's own return codes.

    Raises:
        MethodError: with the text of the code.
    """
    if result.get("ReturnValue") in (None, ""):
        return
    code = result.number("ReturnValue")
    if code != 0:
        meaning = codes.get(code) or _told(result) or "no text is known for this code"
        raise MethodError(f"{operation} returned {code}: {meaning}", code)


def _told(result: Instance) -> str:
    """The message of an embedded MSFT_StorageExtendedStatus, where the method gives one."""
    status = result.get("ExtendedStatus")
    return status.text("Message") if isinstance(status, Instance) else ""
