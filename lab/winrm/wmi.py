# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single instances over WS-Management: Get, Put, Create, Delete and methods (DSP0226 7, DSP0227)."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from xml.etree.ElementTree import Element

from lab.cim.schema import CimClass, CimFailure, Member, Method, Provider, Repository, Values
from lab.winrm import faults, names
from lab.winrm.cimfaults import cim_fault
from lab.winrm.envelope import Request, Selector, local_name
from lab.winrm.faults import Fault
from lab.winrm.inputs import BadValue, Reader, parse_reference, parse_scalar, split_resource
from lab.winrm.values import Writer, class_uri, key_text, resource_created

_NAMESPACE_SELECTOR = "__cimnamespace"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Answer:
    """The body of an answer, its action and the prefixes it needs."""

    action: str
    body: str
    prefixes: str


class Wmi:
    """The five verbs on single instances of a repository."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self.writer = Writer(repository.embedded)

    async def get(self, request: Request) -> Answer:
        """``t:Get``: the instance."""
        provider = self.provider(request)
        values = await self._instance(provider, self._keys(provider.schema, request.selectors))
        return Answer(f"{names.GET}Response", self.writer.instance(provider.schema, values), "a x w p")

    async def put(self, request: Request) -> Answer:
        """``t:Put``: sets the properties that are given and answers with the instance."""
        provider = self.provider(request)
        schema = provider.schema
        keys = await self._own_keys(provider, self._keys(schema, request.selectors))
        values = self._object(request, schema)
        await _call(schema, provider.modify(keys, self._writable(schema, keys, values)))
        body = self.writer.instance(schema, await self._instance(provider, keys))
        return Answer(f"{names.PUT}Response", body, "a x w p")

    async def create(self, request: Request) -> Answer:
        """``t:Create``: makes an instance and answers with its endpoint reference."""
        provider = self.provider(request)
        if any(selector.name.casefold() != _NAMESPACE_SELECTOR for selector in request.selectors):
            raise Fault(faults.UNEXPECTED_SELECTORS, "Create takes no selectors.")
        keys = await _call(provider.schema, provider.create(self._object(request, provider.schema)))
        return Answer(f"{names.CREATE}Response", resource_created(provider.schema, keys), "a x w p")

    async def delete(self, request: Request) -> Answer:
        """``t:Delete``."""
        provider = self.provider(request)
        if request.body is not None:
            raise Fault(faults.INVALID_BODY, "Delete takes no body.")
        keys = await self._own_keys(provider, self._keys(provider.schema, request.selectors))
        await _call(provider.schema, provider.delete(keys))
        return Answer(f"{names.DELETE}Response", "", "a w p")

    async def invoke(self, request: Request, name: str) -> Answer:
        """Calls a method; without selectors it has to be a static one."""
        provider = self.provider(request)
        schema = provider.schema
        method = next((method for method in schema.methods if method.name == name), None)
        if method is None:
            raise Fault(faults.ACTION_NOT_SUPPORTED, f"Class {schema.name} has no method {name}.")
        keys = self._target(schema, method, request.selectors)
        if keys is not None:
            keys = await self._own_keys(provider, keys)
        result = await _call(
            schema, provider.invoke(method.name, keys, self._arguments(request, schema, method))
        )
        outputs = list(method.outputs)
        values = dict(result.out)
        if method.returns is not None and result.value is not None:
            outputs.append(Member("ReturnValue", method.returns))
            values["ReturnValue"] = result.value
        body = self.writer.output(schema, method.name, outputs, values)
        return Answer(f"{request.resource}/{name}Response", body, "a x w p")

    def provider(self, request: Request) -> Provider:
        """The provider that a request's resource URI names.

        Raises:
            Fault: no URI of a WMI class, or no such namespace or class.
        """
        try:
            namespace, class_name = split_resource(request.resource)
        except BadValue as error:
            raise Fault(faults.INVALID_RESOURCE_URI) from error
        try:
            provider = self._repository.provider(namespace, class_name)
        except CimFailure as failure:
            raise cim_fault(failure, namespace) from failure
        self._check_namespace(provider.schema, request.selectors)
        return provider

    def _check_namespace(self, schema: CimClass, selectors: tuple[Selector, ...]) -> None:
        for selector in selectors:
            named = selector.name.casefold() == _NAMESPACE_SELECTOR
            if named and str(selector.value).casefold() != schema.namespace.casefold():
                raise Fault(faults.UNEXPECTED_SELECTORS, f"{_NAMESPACE_SELECTOR} is not {schema.namespace}.")

    def _keys(self, schema: CimClass, selectors: tuple[Selector, ...]) -> dict[str, Any]:
        members = {member.name.casefold(): member for member in schema.keys}
        keys: dict[str, Any] = {}
        for selector in selectors:
            if selector.name.casefold() == _NAMESPACE_SELECTOR:
                continue
            member = members.get(selector.name.casefold())
            if member is None:
                raise Fault(faults.UNEXPECTED_SELECTORS, f"{selector.name} is no key of class {schema.name}.")
            keys[member.name] = _selector_value(member, selector)
        missing = [member.name for member in schema.keys if member.name not in keys]
        if missing:
            raise Fault(
                faults.INSUFFICIENT_SELECTORS, f"Keys of {schema.name} are missing: {', '.join(missing)}."
            )
        return keys

    async def _own_keys(self, provider: Provider, keys: Mapping[str, Any]) -> dict[str, Any]:
        """The keys as the instance itself spells them; clients may use another case."""
        values = await self._instance(provider, keys)
        return {member.name: values.get(member.name) for member in provider.schema.keys}

    async def _instance(self, provider: Provider, keys: Mapping[str, Any]) -> Values:
        schema = provider.schema
        for values in await _call(schema, provider.instances()):
            if all(_same_key(values.get(member.name), keys[member.name]) for member in schema.keys):
                return values
        failure = CimFailure(6, "Not found ", message_id="HRESULT 0x80041002", error_code=0x80041002)
        raise cim_fault(failure, schema.namespace, operation="GetObject", about=_object_path(schema, keys))

    def _object(self, request: Request, schema: CimClass) -> dict[str, Any]:
        body = request.body
        if body is None or local_name(body) != schema.name:
            raise Fault(faults.INVALID_REPRESENTATION, f"The body holds no {schema.name}.")
        _check_element_namespace(body, schema)
        return Reader(self._repository.embedded).members(schema, schema.members, body)

    def _writable(self, schema: CimClass, keys: Mapping[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        changed: dict[str, Any] = {}
        for member in schema.members:
            if member.name not in values:
                continue
            if member.key and not _same_key(values[member.name], keys[member.name]):
                raise Fault(faults.INVALID_VALUES, f"{member.name} is a key and cannot be changed.")
            if not member.key and not member.writable:
                raise cim_fault(
                    CimFailure(4, f"{member.name} is read-only ", message_id="HRESULT 0x80041008"),
                    schema.namespace,
                )
            if not member.key:
                changed[member.name] = values[member.name]
        return changed

    def _target(
        self, schema: CimClass, method: Method, selectors: tuple[Selector, ...]
    ) -> dict[str, Any] | None:
        given = [entry for entry in selectors if entry.name.casefold() != _NAMESPACE_SELECTOR]
        if method.static and not given:
            return None
        # A singleton (a class without keys) is named by its URI alone; a static method may be called on an
        # instance.
        keys = self._keys(schema, selectors)
        return None if method.static else keys

    def _arguments(self, request: Request, schema: CimClass, method: Method) -> dict[str, Any]:
        body = request.body
        if body is None:
            raise Fault(faults.INVALID_BODY, f"The body holds no {method.name}_INPUT.")
        if local_name(body) != f"{method.name}_INPUT":
            raise Fault(
                faults.SCHEMA_VALIDATION, f"The body holds {local_name(body)}, not {method.name}_INPUT."
            )
        _check_element_namespace(body, schema)
        reader = Reader(
            self._repository.embedded, unknown=faults.INVALID_PARAMETER_NAME, wrong=faults.PARAMETER_TYPE
        )
        given = reader.members(schema, method.inputs, body)
        return {member.name: given.get(member.name) for member in method.inputs}


async def _call(schema: CimClass, pending: Awaitable[_T]) -> _T:
    try:
        return await pending
    except CimFailure as failure:
        raise cim_fault(failure, schema.namespace) from failure


def _check_element_namespace(element: Element, schema: CimClass) -> None:
    namespace = element.tag[1:].rpartition("}")[0] if element.tag.startswith("{") else ""
    if namespace and namespace.casefold() != class_uri(schema).casefold():
        raise Fault(faults.INVALID_XML_NAMESPACE, f"{local_name(element)} is in {namespace}.")


def _selector_value(member: Member, selector: Selector) -> Any:
    try:
        if member.type == "reference":
            if isinstance(selector.value, str):
                raise BadValue("is no endpoint reference")
            holder = Element("holder")
            holder.append(selector.value)
            return parse_reference(holder)
        if not isinstance(selector.value, str):
            raise BadValue("is an endpoint reference where text is expected")
        return parse_scalar(member.type, selector.value)
    except BadValue as error:
        raise Fault(faults.SELECTOR_TYPE, f"Selector {selector.name} {error}.") from error


def _same_key(left: Any, right: Any) -> bool:
    # WMI compares the strings of keys without case.
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return bool(left == right)


def _object_path(schema: CimClass, keys: Mapping[str, Any]) -> str:
    parts = (
        f'{member.name}="{key_text(member, keys[member.name])}"'
        for member in schema.keys
        if _plain(keys, member)
    )
    return f"{schema.name}.{','.join(parts)}"


def _plain(keys: Mapping[str, Any], member: Member) -> bool:
    return isinstance(keys[member.name], (str, int))
