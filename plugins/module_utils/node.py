# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The boundary to Windows: a node is ``cim`` (six verbs) and ``shell`` (run argv). All else stands on it.

WS-Management from the controller implements it (``wsman/``), and the bridge on the node itself
(``agent/bridge.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, Union

from .errors import BadDocument, StandbyError

# A CIM value as a transport delivers it. WS-Management has no types on the wire, so numbers and booleans may
# arrive as text; read them through the accessors of Instance.
Scalar = Union[None, bool, int, float, str, datetime, timedelta, "Reference", "Instance"]
Value = Union[Scalar, "list[Scalar]"]
# Properties or arguments. A function gives them last thing before the call is sent, however long that had to
# wait, and raises StandbyError where it must not be sent any more.
Given = Union[Mapping[str, Value], Callable[[], Mapping[str, Value]]]  # noqa: UP007 - as above


def given(values: Given | None) -> Mapping[str, Value]:
    """The values now; none where nothing was given.

    Raises:
        StandbyError: the function says that nothing is to be sent.
    """
    if values is None:
        return {}
    return values() if callable(values) else values


@dataclass(frozen=True)
class Reference:
    """An endpoint reference, kept opaque: sent back as it came from an answer, never built from parts.

    Attributes:
        resource_uri: that of the instance's own class, which may be a subclass of the one asked for.
        selectors: (name, value) pairs in the order received; a value is text or another Reference.
    """

    resource_uri: str
    selectors: tuple[tuple[str, str | Reference], ...] = ()


@dataclass(frozen=True)
class ClassPath:
    """A CIM class as the target of enumerate, create or a static method."""

    namespace: str
    name: str


@dataclass(frozen=True)
class Instance:
    """One CIM instance (or embedded instance, or out-parameters of a method).

    Attributes:
        class_name: the instance's own class.
        properties: name -> value as delivered. Absent and null are alike: None.
        reference: where to send get, modify, delete and instance methods; None for embedded instances.
    """

    class_name: str
    properties: Mapping[str, Value] = field(default_factory=dict)
    reference: Reference | None = None

    def get(self, name: str) -> Value:
        """The raw value, None where null or absent."""
        return self.properties.get(name)

    def items(self, name: str) -> list[Scalar]:
        """An array property: one element and none look like a scalar and nothing on the wire."""
        value = self.properties.get(name)
        if value is None:
            return []
        return list(value) if isinstance(value, list) else [value]

    def text(self, name: str) -> str:
        """A string property; null is the empty string."""
        value = self.properties.get(name)
        return "" if value is None else str(value)

    def number(self, name: str, default: int | None = None) -> int:
        """An integer property.

        Raises:
            BadDocument: the value is null without a default, or is not an integer.
        """
        value: Any = self.properties.get(name)
        if value is None and default is not None:
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise BadDocument(f"{self.class_name}.{name}: expected an integer, found {value!r}") from None

    def flag(self, name: str) -> bool:
        """A boolean property; null is False.

        Raises:
            BadDocument: the value is neither ``true`` nor ``false``.
        """
        value = self.properties.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
        raise BadDocument(f"{self.class_name}.{name}: expected true or false, found {value!r}")


@dataclass(frozen=True)
class Association:
    """Filter for instances associated with one object (DSP0227 associationFilter)."""

    source: Reference
    association_class: str | None = None
    result_class: str | None = None


@dataclass(frozen=True)
class Completed:
    """A finished command: exit code and raw output."""

    code: int
    stdout: bytes
    stderr: bytes


class Cim(Protocol):
    """Six verbs over namespace, class and keys.

    Every verb raises Unreachable, AccessDenied or CimError (StandbyError all).
    """

    def enumerate(
        self,
        target: ClassPath,
        *,
        where: Mapping[str, str] | None = None,
        query: str | None = None,
        associated: Association | None = None,
    ) -> list[Instance]:
        """All instances of the class, or those that match one filter.

        Args:
            target: the class; for associations the namespace counts.
            where: exact property values (a selector filter).
            query: WQL.
            associated: instances associated with one object.
        """

    def get(self, reference: Reference) -> Instance | None:
        """The instance, None where it does not exist."""

    def create(self, target: ClassPath, properties: Mapping[str, Value]) -> Reference:
        """A new instance, by WS-Transfer Create or its equal."""

    def modify(self, reference: Reference, properties: Mapping[str, Value]) -> None:
        """Change the properties given; read back, since partial Put is not confirmed for every provider."""

    def modify_each(self, changes: Sequence[tuple[Reference, Given]]) -> list[StandbyError | None]:
        """Several ``modify``, in their order and each for itself: one that fails does not stop the next.

        Returns:
            For each change its failure, None where it was made.
        """

    def delete(self, reference: Reference) -> bool:
        """Remove the instance; False where it was already gone."""

    def invoke(
        self,
        target: Reference | ClassPath,
        method: str,
        arguments: Given | None = None,
        *,
        codes: Mapping[int, str] | None = None,
    ) -> Instance:
        """Call a static (ClassPath) or instance (Reference) method and return its out-parameters.

        A missing ReturnValue is legal (void methods).

        Raises:
            MethodError: ReturnValue is not 0; its text comes from ``codes``, the class's own table.
        """


class Shell(Protocol):
    """Commands on the node."""

    def run(
        self,
        argv: Sequence[str],
        stdin: bytes = b"",
        *,
        on_output: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Run a program with its arguments exactly as given; no shell ever interprets them.

        Args:
            argv: program path and arguments, any characters but NUL.
            stdin: what the program reads before end of file.
            on_output: called with each piece of standard output as it arrives.

        Raises:
            Unreachable, AccessDenied, CimError: it could not be run; a non-zero exit code is no error.
        """


@dataclass
class Node:
    """One Windows server: its inventory name and the two ways to it.

    Attributes:
        name: inventory name.
        cim: classes of Windows.
        shell: programs.
        close: ends the session.
        ftp_states: run states of FTP sites by a PowerShell that stays, for who looks often; None where one is
            started for each look.
    """

    name: str
    cim: Cim
    shell: Shell
    close: Callable[[], None] = lambda: None
    ftp_states: Callable[[Sequence[str]], list[str | StandbyError]] | None = None


class Clock(Protocol):
    """Time as everything here takes it: injected, monotonic, seconds."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""

    def sleep(self, seconds: float) -> None:
        """Wait that long."""
