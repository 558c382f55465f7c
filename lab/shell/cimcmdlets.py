# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CIM cmdlets of PowerShell, as far as the fixed scripts use them, over the classes of a node.

Written from the reference of the module CimCmdlets and of Microsoft.Management.Infrastructure: an instance
made with ``-ClientOnly`` stands for the one with its keys; arguments are converted to the declared types; a
failure is a CimException with NativeErrorCode, StatusCode and an MSFT_WmiError as its error data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.cim.base import not_emulated
from lab.cim.schema import CimClass, CimFailure, Member, Method, Provider, Ref, Repository, Values
from lab.winrm import wql
from lab.winrm.values import key_text


@dataclass(frozen=True)
class Found:
    """An instance as Get-CimInstance gives it: its own class, and its values by member."""

    schema: CimClass
    values: Values


@dataclass(frozen=True)
class Key:
    """What ``New-CimInstance -ClientOnly`` makes of namespace, class and keys, which are typed."""

    namespace: str
    class_name: str
    keys: Mapping[str, Any]


class CimCmdlets:
    """The cmdlets.

    Args:
        repository: the classes of the node.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def get_class(self, namespace: str, name: str) -> CimClass:
        """Get-CimClass; classes that occur embedded alone are classes too."""
        try:
            return self._repository.provider(namespace, name).schema
        except CimFailure:
            return self._repository.embedded(namespace, name)

    async def enumerate(self, namespace: str, name: str) -> list[Found]:
        """``Get-CimInstance -Namespace -ClassName``: instances of subclasses too."""
        self._repository.provider(namespace, name)
        found: list[Found] = []
        for provider in self._repository.subclasses(namespace, name):
            for values in await provider.instances():
                found.append(Found(self._own_class(provider.schema, values), values))
        return found

    async def query(self, namespace: str, text: str) -> list[Found]:
        """``Get-CimInstance -Namespace -Query``."""
        try:
            query = wql.parse(text)
            schema = self._repository.provider(namespace, query.class_name).schema
            condition, columns = query.where(schema), query.select(schema)
        except wql.WqlError as error:
            raise CimFailure(15, "Invalid query", message_id="HRESULT 0x80041017") from error
        if columns is not None:
            raise not_emulated("Get-CimInstance with a query for some columns alone")
        return [one for one in await self.enumerate(namespace, schema.name) if condition(one.values)]

    async def get(self, key: Key) -> Found:
        """``Get-CimInstance -InputObject``."""
        provider, values = await self._existing(key)
        return Found(provider.schema, values)

    async def associated(self, key: Key, association: str | None, result: str | None) -> list[Found]:
        """``Get-CimAssociatedInstance -InputObject -Association -ResultClassName``."""
        provider, values = await self._existing(key)
        schema = provider.schema
        texts = {member.name: key_text(member, values[member.name]) for member in schema.keys}
        source = Ref(schema.namespace, schema.name, texts)
        pairs = await self._repository.associated(source, association, result)
        return [Found(schema, values) for schema, values in pairs]

    async def new(self, schema: CimClass, values: Values) -> Found:
        """``New-CimInstance -CimClass -Property``: the new instance with its keys."""
        provider = self._repository.provider(schema.namespace, schema.name)
        return Found(provider.schema, await provider.create(values))

    async def set(self, key: Key, values: Values) -> None:
        """``Set-CimInstance -InputObject -Property``."""
        provider, current = await self._existing(key)
        for member in provider.schema.members:
            if member.name not in values:
                continue
            if member.key:
                raise not_emulated("Set-CimInstance with a key: it would stand for another instance")
            if not member.writable:
                raise CimFailure(4, f"{member.name} is read-only ", message_id="HRESULT 0x80041008")
        await provider.modify(_keys(provider.schema, current), values)

    async def remove(self, key: Key) -> None:
        """``Remove-CimInstance -InputObject``."""
        provider, current = await self._existing(key)
        await provider.delete(_keys(provider.schema, current))

    async def invoke(
        self, schema: CimClass, method: Method, key: Key | None, arguments: Values
    ) -> dict[str, tuple[Member, Any]]:
        """``Invoke-CimMethod`` on a class or an instance: out-parameters and ReturnValue by name."""
        provider = self._repository.provider(schema.namespace, schema.name)
        keys = None
        if key is not None and not method.static:
            provider, current = await self._existing(key)
            keys = _keys(provider.schema, current)
        given = {member.name: arguments.get(member.name) for member in method.inputs}
        result = await provider.invoke(method.name, keys, given)
        found = {member.name: (member, result.out.get(member.name)) for member in method.outputs}
        if method.returns is not None and result.value is not None:
            found["ReturnValue"] = (Member("ReturnValue", method.returns), result.value)
        return found

    def _own_class(self, schema: CimClass, values: Values) -> CimClass:
        name = str(values.get("__class") or schema.name)
        return self._repository.provider(schema.namespace, name).schema

    async def _existing(self, key: Key) -> tuple[Provider, Values]:
        """The instance that a client-only one stands for: it has the keys of its class, in their types."""
        provider = self._repository.provider(key.namespace, key.class_name)
        given = {name.casefold(): value for name, value in key.keys.items()}
        if set(given) != {member.name.casefold() for member in provider.schema.keys}:
            raise CimFailure(4, "Invalid object path", message_id="HRESULT 0x8004103A")
        for values in await provider.instances():
            own = _keys(provider.schema, values)
            if all(_same(value, given[name.casefold()]) for name, value in own.items()):
                return provider, values
        raise CimFailure(6, "Not found ", message_id="HRESULT 0x80041002", error_code=0x80041002)


def member_of(members: Iterable[Member], name: str) -> Member | None:
    """A member by its name, which is compared without case."""
    return next((one for one in members if one.name.casefold() == name.casefold()), None)


def _keys(schema: CimClass, values: Values) -> dict[str, Any]:
    return {member.name: values.get(member.name) for member in schema.keys}


def _same(left: Any, right: Any) -> bool:
    """WMI compares the texts of keys without case, and a number is no text."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return type(left) is type(right) and bool(left == right)
