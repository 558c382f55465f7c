# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environment variables, named without regard to case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping


class Environment(MutableMapping[str, str]):
    """A mapping whose keys are compared without case and keep the spelling they were first set with."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, tuple[str, str]] = {}
        self.update(values or {})

    def __getitem__(self, name: str) -> str:
        return self._values[name.upper()][1]

    def __setitem__(self, name: str, value: str) -> None:
        known = self._values.get(name.upper())
        self._values[name.upper()] = (known[0] if known else name, value)

    def __delitem__(self, name: str) -> None:
        del self._values[name.upper()]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _rest in self._values.values())

    def __len__(self) -> int:
        return len(self._values)

    def copy(self) -> Environment:
        """An independent copy."""
        return Environment(self)
