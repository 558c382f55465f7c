# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All classes of a node: who answers for a class, and which instances belong together."""

from __future__ import annotations

from collections.abc import Iterable

from .mof import all_classes
from .schema import CimClass, CimFailure, Provider, Ref, Values


class Providers:
    """The repository of a node.

    Args:
        providers: one for each class that can be asked.
    """

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._providers = {_key(p.schema.namespace, p.schema.name): p for p in providers}
        self._namespaces = {p.schema.namespace.casefold() for p in self._providers.values()}

    def provider(self, namespace: str, class_name: str) -> Provider:
        """The provider of a class, names compared without case.

        Raises:
            CimFailure: 3 invalid namespace, 5 invalid class.
        """
        if namespace.casefold() not in self._namespaces:
            raise CimFailure(3, f"Invalid namespace {namespace}", message_id="HRESULT 0x8004100e")
        try:
            return self._providers[_key(namespace, class_name)]
        except KeyError:
            raise CimFailure(5, f"Invalid class {class_name}", message_id="HRESULT 0x80041010") from None

    def subclasses(self, namespace: str, class_name: str) -> list[Provider]:
        """The providers of the class and of the classes below it."""
        wanted = class_name.casefold()
        found = [
            provider
            for provider in self._providers.values()
            if provider.schema.namespace.casefold() == namespace.casefold()
            and wanted in {name.casefold() for name in (provider.schema.name, *provider.schema.superclasses)}
        ]
        return found or [self.provider(namespace, class_name)]

    def embedded(self, namespace: str, class_name: str) -> CimClass:
        """The schema of a class that occurs embedded.

        Raises:
            CimFailure: 5 invalid class.
        """
        for found in all_classes().values():
            if _key(found.namespace, found.name) == _key(namespace, class_name):
                return found
        raise CimFailure(5, f"Invalid class {class_name}", message_id="HRESULT 0x80041010")

    async def associated(
        self, source: Ref, association_class: str | None, result_class: str | None
    ) -> list[tuple[CimClass, Values]]:
        """The instances that associations join with an object.

        Raises:
            CimFailure: 5 where a class named does not exist, 6 where the object does not.
        """
        associations = [
            provider
            for provider in self._providers.values()
            if any(member.type == "reference" for member in provider.schema.members)
            and provider.schema.namespace.casefold() == source.namespace.casefold()
        ]
        if association_class is not None:
            associations = [self.provider(source.namespace, association_class)]
        await self._get(source)
        found: list[tuple[CimClass, Values]] = []
        for association in associations:
            for link in await association.instances():
                found += await self._other_ends(link, source, result_class)
        return found

    async def _other_ends(
        self, link: Values, source: Ref, result_class: str | None
    ) -> list[tuple[CimClass, Values]]:
        ends = [value for value in link.values() if isinstance(value, Ref)]
        if not any(_same(end, source) for end in ends):
            return []
        others = [end for end in ends if not _same(end, source)]
        if result_class is not None:
            others = [end for end in others if end.class_name.casefold() == result_class.casefold()]
        return [await self._get(end) for end in others]

    async def _get(self, wanted: Ref) -> tuple[CimClass, Values]:
        provider = self.provider(wanted.namespace, wanted.class_name)
        for values in await provider.instances():
            if all(str(values.get(name)) == text for name, text in wanted.keys.items()):
                return provider.schema, values
        raise CimFailure(6, "Not found", message_id="HRESULT 0x80041002")


def _key(namespace: str, class_name: str) -> tuple[str, str]:
    return namespace.casefold(), class_name.casefold()


def _same(one: Ref, other: Ref) -> bool:
    return one.class_name.casefold() == other.class_name.casefold() and dict(one.keys) == dict(other.keys)
