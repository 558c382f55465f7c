# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What providers share: a refusal for every verb that a class does not have, and failures by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .mof import load
from .schema import CimFailure, NotEmulated, Result, Values


def win32_failure(status: int, message: str, code: int) -> CimFailure:
    """A failure that carries a Win32 error as the networking providers show it."""
    return CimFailure(status, message, message_id=f"Windows System Error {code}", error_code=code)


def invalid_parameter(message: str) -> CimFailure:
    """CIM 4 with ERROR_INVALID_PARAMETER."""
    return win32_failure(4, message, 87)


def not_found(message: str = "Element not found.") -> CimFailure:
    """CIM 6 with ERROR_NOT_FOUND."""
    return win32_failure(6, message, 1168)


def not_emulated(what: str) -> CimFailure:
    """CIM 7: Windows may well do this, the lab does not."""
    return NotEmulated(what)


class ClassProvider:
    """A provider for the class of that name that refuses every verb; subclasses override what it has."""

    def __init__(self, class_name: str) -> None:
        self.schema = load(class_name)

    async def instances(self) -> list[Values]:
        """No instances: the class has static methods only."""
        return []

    async def create(self, values: Values) -> Values:
        """Refuse."""
        raise not_emulated(f"Create of {self.schema.name} with {', '.join(values)}")

    async def modify(self, keys: Values, values: Values) -> None:
        """Refuse."""
        raise not_emulated(f"Put of {self.schema.name} {dict(keys)} with {', '.join(values)}")

    async def delete(self, keys: Values) -> None:
        """Refuse."""
        raise not_emulated(f"Delete of {self.schema.name} {dict(keys)}")

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:  # noqa: ARG002
        """Refuse; 17 is METHOD_NOT_FOUND of DSP0200."""
        raise CimFailure(
            17, f"The lab's {self.schema.name} has no method {method} with {', '.join(arguments)}."
        )

    def complete(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """All members of the class in schema order, null where not given.

        Raises:
            KeyError: a value is for no member: a fault of the provider.
        """
        if unknown := set(values) - {member.name for member in self.schema.members}:
            raise KeyError(f"{self.schema.name} has no members {unknown}")
        return {member.name: values.get(member.name) for member in self.schema.members}

    def key_values(self, values: Values) -> dict[str, Any]:
        """The keys among an instance's values."""
        return {member.name: values[member.name] for member in self.schema.keys}

    def writable(self, current: Values, values: Values) -> dict[str, Any]:
        """The values that change something.

        Raises:
            CimFailure: 4 where a member that cannot be written would change.
        """
        changed = {name: value for name, value in values.items() if current.get(name) != value}
        fixed = {member.name for member in self.schema.members if not member.writable}
        if refused := sorted(fixed & set(changed)):
            raise invalid_parameter(f"{self.schema.name}: {', '.join(refused)} cannot be written")
        return changed


def require_instance(method: str, keys: Values | None) -> Values:
    """The keys of an instance method's target.

    Raises:
        CimFailure: 4 where it was called on the class.
    """
    if keys is None:
        raise CimFailure(4, f"Method {method} is not static: it needs the selectors of an instance.")
    return keys
