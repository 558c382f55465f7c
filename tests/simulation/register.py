# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store that is as bad as a store may be: late, lossy, stale, out of reach, in one direction or both.

It keeps one register a key, changed by compare-and-swap and by nothing else. Requests to it and its answers
are delayed, lost or late by the links of the world; what it lists may be as old as ``lag``, and may go back
behind what was listed before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tests.simulation.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Stored:
    """A value under a version."""

    version: int
    value: str | None


@dataclass(slots=True)
class Register:
    """The records, and when they became what they are.

    Attributes:
        lag: how old what is listed may be, seconds.
        watchers: called with key, old and new value after every change.
    """

    timeline: Timeline
    lag: float = 0.0
    watchers: list[Callable[[str, str | None, str | None], None]] = field(default_factory=list)
    _now: dict[str, Stored] = field(default_factory=dict)
    _old: dict[str, list[tuple[float, Stored]]] = field(default_factory=dict)
    _version: int = 0

    def listed(self, age: Callable[[], float]) -> Mapping[str, Stored]:
        """What a client is shown: each key as it was ``age()`` seconds ago, at most ``lag``."""
        if not self.lag:
            return dict(self._now)
        return {key: self._aged(key, stored, age()) for key, stored in self._now.items()}

    def _aged(self, key: str, stored: Stored, age: float) -> Stored:
        then = self.timeline.now - min(age, self.lag)
        for until, former in reversed(self._old.get(key, ())):
            if until <= then:
                break
            stored = former
        return stored

    def get(self, key: str) -> Stored | None:
        """The record as it is."""
        return self._now.get(key)

    def put(self, key: str, version: int, value: str | None) -> int | None:
        """Compare and swap; the new version, or None where another version is there."""
        known = self._now.get(key)
        if (known.version if known is not None else 0) != version:
            return None
        return self.force(key, value)

    def force(self, key: str, value: str | None) -> int:
        """Write whatever is there: what no client of the product does."""
        known = self._now.get(key)
        self._version += 1
        self._now[key] = Stored(self._version, value)
        if known is not None and self.lag:
            former = self._old.setdefault(key, [])
            former.append((self.timeline.now, known))
            del former[:-40]
        self.changed(key, known.value if known is not None else None, value)
        return self._version

    def changed(self, key: str, old: str | None, new: str | None) -> None:
        """Tell watchers of a change."""
        for watch in self.watchers:
            watch(key, old, new)

    @property
    def version(self) -> int:
        """Of the newest change."""
        return self._version

    def keys(self) -> Iterable[str]:
        """All keys."""
        return self._now.keys()

    def vanish(self, key: str) -> None:
        """A record is deleted by a foreign hand."""
        self._now.pop(key, None)
