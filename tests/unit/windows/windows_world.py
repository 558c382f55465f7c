# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows as small as the drivers need it: instances in a list, methods as functions, lost answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import (
    Association,
    ClassPath,
    Completed,
    Given,
    Instance,
    Reference,
    Value,
    given,
)

Method = Callable[[Reference | None, Mapping[str, Value]], Instance]


class Windows:
    """The six verbs over a list of instances. ``calls`` records what changes something."""

    def __init__(self) -> None:
        self.instances: list[Instance] = []
        self.methods: dict[str, Method] = {}
        self.calls: list[tuple[str, Any]] = []
        self.after_change: list[Exception | None] = []
        self._next = 0

    def add(self, class_name: str, **properties: Value) -> Instance:
        self._next += 1
        reference = Reference(f"uri/{class_name}", (("Id", str(self._next)),))
        instance = Instance(class_name, dict(properties), reference)
        self.instances.append(instance)
        return instance

    def at(self, reference: Reference) -> Instance:
        return next(item for item in self.instances if item.reference == reference)

    def enumerate(
        self,
        target: ClassPath,
        *,
        where: Mapping[str, str] | None = None,
        query: str | None = None,
        associated: Association | None = None,
    ) -> list[Instance]:
        assert associated is None
        self.last_query = query
        return [
            item
            for item in self.instances
            if item.class_name == target.name
            and all(item.text(key) == text for key, text in (where or {}).items())
        ]

    def get(self, reference: Reference) -> Instance | None:
        return next((item for item in self.instances if item.reference == reference), None)

    def create(self, target: ClassPath, properties: Mapping[str, Value]) -> Reference:
        raise AssertionError("no driver creates by WS-Transfer")

    def modify(self, reference: Reference, properties: Mapping[str, Value]) -> None:
        self.calls.append(("modify", dict(properties)))
        self.at(reference).properties.update(properties)  # type: ignore[attr-defined]
        self._answer()

    def modify_each(self, changes: Sequence[tuple[Reference, Given]]) -> list[StandbyError | None]:
        failures: list[StandbyError | None] = []
        for reference, properties in changes:
            try:
                self.modify(reference, given(properties))
                failures.append(None)
            except StandbyError as failure:
                failures.append(failure)
        return failures

    def delete(self, reference: Reference) -> bool:
        self.calls.append(("delete", reference))
        gone = self.get(reference)
        if gone is not None:
            self.instances.remove(gone)
        self._answer()
        return gone is not None

    def invoke(
        self,
        target: Reference | ClassPath,
        method: str,
        arguments: Given | None = None,
        *,
        codes: Mapping[int, str] | None = None,
    ) -> Instance:
        arguments = given(arguments)
        self.calls.append((method, dict(arguments)))
        answer = self.methods[method](target if isinstance(target, Reference) else None, arguments)
        self._answer()
        return answer

    def _answer(self) -> None:
        """The change is made; its answer may get lost."""
        failure = self.after_change.pop(0) if self.after_change else None
        if failure is not None:
            raise failure


class NoShell:
    def run(
        self,
        argv: Sequence[str],
        stdin: bytes = b"",
        *,
        on_output: Callable[[bytes], None] | None = None,
    ) -> Completed:
        raise AssertionError("this driver runs no command")


class Clock:
    """Time that passes only by sleeping; ``at(seconds, act)`` does something when it has come so far."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []
        self._due: list[tuple[float, Callable[[], object]]] = []

    def monotonic(self) -> float:
        return self.now

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        self._due.append((seconds, act))

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.pauses.append(seconds)
        self.now += seconds
        for due in [entry for entry in self._due if entry[0] <= self.now]:
            self._due.remove(due)
            due[1]()
