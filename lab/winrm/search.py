# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Enumerate request asks for, read from its body (DSP0226 8, DSP0227 6.1, 16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from lab.cim.schema import CimClass, CimFailure, Member, Repository, Values
from lab.winrm import faults, names, wql
from lab.winrm.cimfaults import cim_fault
from lab.winrm.envelope import Request, local_name, parse_selectors, tag
from lab.winrm.faults import Fault
from lab.winrm.inputs import BadValue, parse_reference, parse_scalar, split_resource
from lab.winrm.values import Writer, endpoint_reference

MODES = ("EnumerateObject", "EnumerateEPR", "EnumerateObjectAndEPR")
_BODY = {
    tag(names.WSMAN, "OptimizeEnumeration"),
    tag(names.WSMAN, "MaxElements"),
    tag(names.WSMAN, "EnumerationMode"),
    tag(names.WSMAN, "Filter"),
    tag(names.ENUMERATION, "Filter"),
}
_ASSOCIATION = {"Object", "AssociationClassName", "ResultClassName"}


@dataclass(frozen=True)
class Options:
    """How the items are to be delivered.

    Attributes:
        optimized: items may come with the EnumerateResponse.
        max_elements: most items in one answer; 1 where the client did not say (DSP0226 8.2.3, 8.7).
        mode: one of :data:`MODES`.
    """

    optimized: bool
    max_elements: int
    mode: str


def read_options(request: Request) -> Options:
    """The options of an Enumerate request.

    Raises:
        Fault: no Enumerate in the body, or an element of it that is not supported.
    """
    body = request.body
    if body is None or body.tag != tag(names.ENUMERATION, "Enumerate"):
        raise Fault(faults.INVALID_BODY, "The body holds no Enumerate.")
    unknown = next((child for child in body if child.tag not in _BODY), None)
    if unknown is not None:
        raise Fault(faults.UNSUPPORTED_FEATURE, f"Enumerate with {local_name(unknown)} is not supported.")
    mode = (body.findtext(tag(names.WSMAN, "EnumerationMode")) or MODES[0]).strip()
    if mode not in MODES:
        raise Fault(faults.UNSUPPORTED_FEATURE, f"EnumerationMode {mode} is not supported.")
    optimized = body.find(tag(names.WSMAN, "OptimizeEnumeration")) is not None
    return Options(optimized, positive(body, tag(names.WSMAN, "MaxElements")), mode)


def positive(parent: Element, name: str) -> int:
    """The number in a child element, 1 where there is none.

    Raises:
        Fault: not a positive number.
    """
    text = parent.findtext(name)
    if text is None:
        return 1
    if not text.strip().isdigit() or int(text) < 1:
        raise Fault(faults.SCHEMA_VALIDATION, f"{name.rpartition('}')[2]} '{text}' is no positive number.")
    return int(text)


@dataclass(frozen=True)
class Found:
    """An instance that matches, with its own class and the columns asked for (None for all)."""

    schema: CimClass
    values: Values
    columns: tuple[str, ...] | None = None

    def render(self, writer: Writer, mode: str) -> str:
        """The item as XML in an enumeration mode."""
        if mode == "EnumerateEPR":
            return endpoint_reference(self.schema, self.values)
        if self.columns is None:
            item = writer.instance(self.schema, self.values)
        else:
            item = writer.fragment(self.schema, self.columns, self.values)
        if mode == "EnumerateObject":
            return item
        return f"<w:Item>{item}{endpoint_reference(self.schema, self.values)}</w:Item>"


class Search:
    """Finds what an Enumerate request names in a repository."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def run(self, request: Request) -> list[Found]:
        """The instances that match.

        Raises:
            Fault: unknown resource or filter, or the provider refused.
        """
        try:
            namespace, class_name = split_resource(request.resource)
        except BadValue as error:
            raise Fault(faults.INVALID_RESOURCE_URI) from error
        if any(selector.name.casefold() != "__cimnamespace" for selector in request.selectors):
            raise Fault(faults.KEYS_IN_ENUMERATE)
        try:
            return await self._search(namespace, class_name, _filter(request))
        except CimFailure as failure:
            raise cim_fault(failure, namespace) from failure

    async def _search(self, namespace: str, class_name: str, filtering: Element | None) -> list[Found]:
        dialect = None if filtering is None else filtering.get("Dialect", "")
        star = class_name == "*"
        if filtering is None and not star:
            return await self._all(namespace, class_name)
        if filtering is not None and dialect == names.SELECTOR_DIALECT and not star:
            return await self._selected(namespace, class_name, filtering)
        if filtering is not None and dialect == names.WQL_DIALECT and star:
            return await self._queried(namespace, filtering.text or "")
        if filtering is not None and dialect == names.ASSOCIATION_DIALECT and star:
            return await self._associated(filtering)
        if filtering is None or dialect in (
            names.SELECTOR_DIALECT,
            names.WQL_DIALECT,
            names.ASSOCIATION_DIALECT,
        ):
            raise Fault(
                faults.INVALID_RESOURCE_URI, f"The class '{class_name}' does not go with this filter."
            )
        raise Fault(faults.FILTER_DIALECT, f"The filter dialect '{dialect}' is not supported.")

    async def _all(self, namespace: str, class_name: str) -> list[Found]:
        self._repository.provider(namespace, class_name)
        found: list[Found] = []
        for provider in self._repository.subclasses(namespace, class_name):
            for values in await provider.instances():
                found.append(Found(self._class_of(provider.schema, values), values))
        return found

    def _class_of(self, schema: CimClass, values: Values) -> CimClass:
        name = values.get("__class")
        if name is None or str(name).casefold() == schema.name.casefold():
            return schema
        return self._repository.provider(schema.namespace, str(name)).schema

    async def _selected(self, namespace: str, class_name: str, filtering: Element) -> list[Found]:
        schema = self._repository.provider(namespace, class_name).schema
        conditions = _conditions(schema, filtering)
        found = await self._all(namespace, class_name)
        return [item for item in found if all(condition(item.values) for condition in conditions)]

    async def _queried(self, namespace: str, text: str) -> list[Found]:
        try:
            query = wql.parse(text)
            schema = self._repository.provider(namespace, query.class_name).schema
            columns, condition = query.select(schema), query.where(schema)
        except wql.WqlError as error:
            raise Fault(faults.CANNOT_PROCESS_FILTER, f"WQL: {error}.") from error
        found = await self._all(namespace, schema.name)
        return [Found(item.schema, item.values, columns) for item in found if condition(item.values)]

    async def _associated(self, filtering: Element) -> list[Found]:
        wanted = filtering.find(tag(names.CIM_BINDING, "AssociatedInstances"))
        if wanted is None or any(local_name(child) not in _ASSOCIATION for child in wanted):
            raise Fault(
                faults.CANNOT_PROCESS_FILTER, "Only AssociatedInstances by object and classes is supported."
            )
        source = wanted.find(tag(names.CIM_BINDING, "Object"))
        if source is None:
            raise Fault(faults.CANNOT_PROCESS_FILTER, "AssociatedInstances holds no Object.")
        try:
            reference = parse_reference(source)
        except BadValue as error:
            raise Fault(faults.CANNOT_PROCESS_FILTER, f"Object {error}.") from error
        association, result = (
            wanted.findtext(tag(names.CIM_BINDING, name))
            for name in ("AssociationClassName", "ResultClassName")
        )
        pairs = await self._repository.associated(reference, association, result)
        return [Found(schema, values) for schema, values in pairs]


def _filter(request: Request) -> Element | None:
    body = request.body
    assert body is not None  # noqa: S101  read_options has refused a request without body
    found = [child for child in body if local_name(child) == "Filter"]
    if len(found) > 1:
        raise Fault(faults.CANNOT_PROCESS_FILTER, "There is more than one Filter.")
    return found[0] if found else None


def _conditions(schema: CimClass, filtering: Element) -> list[Callable[[Values], bool]]:
    selector_set = filtering.find(tag(names.WSMAN, "SelectorSet"))
    if selector_set is None:
        raise Fault(faults.CANNOT_PROCESS_FILTER, "The filter holds no SelectorSet.")
    members = {member.name.casefold(): member for member in schema.members}
    conditions = []
    for selector in parse_selectors(selector_set):
        member = members.get(selector.name.casefold())
        if member is None or member.array or not isinstance(selector.value, str):
            raise Fault(faults.CANNOT_PROCESS_FILTER, f"{schema.name} cannot be filtered by {selector.name}.")
        conditions.append(_equals(member, selector.value))
    return conditions


def _equals(member: Member, text: str) -> Callable[[Values], bool]:
    try:
        wanted = parse_scalar(member.type, text)
    except BadValue as error:
        raise Fault(faults.CANNOT_PROCESS_FILTER, f"{member.name}: {error}.") from error

    def condition(values: Values) -> bool:
        value = values.get(member.name)
        if isinstance(value, str):
            return value.casefold() == text.casefold()
        return bool(value == wanted) and value is not None

    return condition
