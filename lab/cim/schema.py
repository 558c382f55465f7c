# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CIM as the lab's WinRM server sees it: classes with typed members, and providers that answer for them.

The server (``lab/winrm``) turns WS-Management into calls of a Provider and typed values back into XML;
providers (``lab/cim``) know nothing of XML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Member:
    """A property or a method parameter.

    Attributes:
        name: spelled as in the schema; WS-Management element names are case-sensitive.
        type: ``boolean``, ``sint8`` .. ``uint64``, ``real32``, ``real64``, ``char16``, ``string``,
            ``datetime`` (point in time), ``interval`` (a datetime that holds a duration), ``reference``, or
            the class name of an embedded instance.
        array: True for ``type[]``.
        key: part of the instance's selector set.
        writable: may be given to Put.
    """

    name: str
    type: str
    array: bool = False
    key: bool = False
    writable: bool = False


@dataclass(frozen=True)
class Method:
    """A method; ``returns`` is the type of ReturnValue, None for void methods (empty ``_OUTPUT``)."""

    name: str
    inputs: tuple[Member, ...] = ()
    outputs: tuple[Member, ...] = ()
    static: bool = False
    returns: str | None = "uint32"


@dataclass(frozen=True)
class CimClass:
    """A class of the schema; members hold inherited ones too, in schema order.

    Attributes:
        namespace: with slashes, such as ``root/StandardCimv2``; compared without case.
        embedded: True for classes that occur only inside others and cannot be enumerated.
    """

    namespace: str
    name: str
    members: tuple[Member, ...]
    methods: tuple[Method, ...] = ()
    superclasses: tuple[str, ...] = ()
    embedded: bool = False

    @property
    def keys(self) -> tuple[Member, ...]:
        """The key members, in schema order."""
        return tuple(member for member in self.members if member.key)


@dataclass(frozen=True)
class Ref:
    """A value of type reference: an instance by class and keys."""

    namespace: str
    class_name: str
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Embedded:
    """A value that is an embedded instance."""

    class_name: str
    values: Mapping[str, Any]


# Property name -> Python value: None, bool, int, float, str, datetime, timedelta, Ref, Embedded, or a list of
# these.
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What a method gave back: ReturnValue (None for void) and the out-parameters by name."""

    value: int | None = 0
    out: Values = field(default_factory=dict)


class CimFailure(Exception):
    """A provider's refusal; the server answers it with an MSFT_WmiError fault.

    Attributes:
        status: CIM status code of DSP0200 (4 invalid parameter, 5 invalid class, 6 not found, ...).
        message: text as Windows gives it.
        message_id: such as ``HRESULT 0x80041002``.
        error_code: provider error code, 0 where unknown.
    """

    def __init__(self, status: int, message: str, *, message_id: str = "", error_code: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.message_id = message_id
        self.error_code = error_code


class NotEmulated(CimFailure):
    """Windows may well do this, the lab does not: CIM 7, and the request is recorded as unknown."""

    def __init__(self, what: str) -> None:
        super().__init__(7, f"The lab does not emulate {what}.")


class Provider(Protocol):
    """Answers for one class. Unsupported verbs raise CimFailure with status 7 (not supported)."""

    schema: CimClass

    async def instances(self) -> list[Values]:
        """Every instance, all members present (None for null). May hold ``__class`` for a subclass's name."""

    async def create(self, values: Values) -> Values:
        """Make an instance and return its keys."""

    async def modify(self, keys: Values, values: Values) -> None:
        """Set the values given on the instance with these keys."""

    async def delete(self, keys: Values) -> None:
        """Remove the instance with these keys; CimFailure 6 where there is none."""

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """Call a method; keys is None for a static call. Arguments are typed, None where not given."""


class Repository(Protocol):
    """All providers of a node."""

    def provider(self, namespace: str, class_name: str) -> Provider:
        """The provider (names compared without case).

        Raises:
            CimFailure: 3 invalid namespace, 5 invalid class.
        """

    def subclasses(self, namespace: str, class_name: str) -> list[Provider]:
        """The providers of the class itself and of its subclasses."""

    def embedded(self, namespace: str, class_name: str) -> CimClass:
        """The schema of a class that occurs embedded."""

    async def associated(
        self, source: Ref, association_class: str | None, result_class: str | None
    ) -> list[tuple[CimClass, Values]]:
        """Instances associated with an object (DSP0227 AssociatedInstances)."""
