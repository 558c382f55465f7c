# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The smallest store that can be right: one compare-and-swap register per key.

A store is a ``StoreProtocol``. Its operations are generators: they yield requests (small frozen dataclasses),
and are sent the answers or have an OSError thrown into them. So they run over a real disk and network, and
over simulated ones that delay, lose and reorder.

What holds for every store, whatever the timing:

- Of all puts of a key on one version, one at most succeeds. A put that reports Conflict has changed nothing.
- A put whose outcome cannot be told ends in a StoreOutage with ``uncertain``; it may take effect later, but
  never over a version other than the one it expected.
- A get may be as old as the caches between here and the store (``timing.LISTING_AGE``), and does not go back
  behind what the same protocol object has given before, unless the record has been gone for longer than that.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from ...errors import StandbyError

T = TypeVar("T")

# Each store has request types of its own; whoever performs them knows what answers each of them.
Request: TypeAlias = Any
Answer: TypeAlias = Any
Operation: TypeAlias = Generator[Request, Answer, T]
Perform: TypeAlias = Callable[[Request], Answer]


@dataclass(frozen=True, slots=True)
class Versioned:
    """A value and the version it has.

    Attributes:
        version: rises with every put of the key and is never used twice.
        value: None where something is there under that version that cannot be read: torn, foreign, newer.
    """

    version: int
    value: str | None


class Conflict(StandbyError):
    """A put expected another version than the one that is there; nothing was changed.

    Attributes:
        found: a version that is there, None where the key does not exist or its version could not be told.
    """

    def __init__(self, key: str, expected: int, found: int | None) -> None:
        self.found = found
        there = "it does not exist" if found is None else f"it has version {found}"
        super().__init__(
            f"somebody else changed the record: version {expected} was expected, {there}", resource=key
        )


class StoreOutage(StandbyError):
    """The store did not do what was asked, for whatever reason.

    Attributes:
        uncertain: a put may have taken effect, or may still do so.
        permanent: waiting does not help; somebody has to change something.
    """

    def __init__(
        self,
        problem: str,
        *,
        resource: str | None = None,
        remedy: str | None = None,
        uncertain: bool = False,
        permanent: bool = False,
    ) -> None:
        super().__init__(problem, resource=resource, remedy=remedy)
        self.uncertain = uncertain
        self.permanent = permanent

    @property
    def told(self) -> str:
        """The problem as a part of a sentence, and where waiting does not help what to do about it."""
        if not self.permanent or not self.remedy:
            return self.problem
        return f"{self.problem}; this does not pass by itself: {self.remedy[0].lower()}{self.remedy[1:]}"


class StoreProtocol(Protocol):
    """The operations of a store, without I/O.

    Keys are slash-separated and hold any characters, up to 200 of them; their case matters. Values are text.
    """

    def get(self, key: str) -> Operation[Versioned | None]:
        """The newest version, None where the key does not exist.

        Raises:
            StoreOutage: it cannot be told.
        """

    def put(self, key: str, version: int, value: str) -> Operation[int]:
        """Replace one version by a new one; version 0 creates the key.

        Returns:
            The new version.

        Raises:
            Conflict: another version is there.
            StoreOutage: it was not done, or cannot be told (``uncertain``).
        """

    def list(self, prefix: str) -> Operation[dict[str, Versioned]]:
        """The newest version of every key that begins with the prefix.

        Raises:
            StoreOutage: it cannot be told.
        """


class Store:
    """A store that blocks: the operations of a protocol over real I/O."""

    def __init__(self, protocol: StoreProtocol, perform: Perform) -> None:
        """Take the protocol and what carries out its requests, raising OSError where that fails."""
        self._protocol = protocol
        self._perform = perform

    def get(self, key: str) -> Versioned | None:
        """The newest version; see StoreProtocol."""
        return drive(self._protocol.get(key), self._perform)

    def put(self, key: str, version: int, value: str) -> int:
        """Replace one version by a new one; see StoreProtocol."""
        return drive(self._protocol.put(key, version, value), self._perform)

    def list(self, prefix: str) -> dict[str, Versioned]:
        """The newest version of every key with the prefix; see StoreProtocol."""
        return drive(self._protocol.list(prefix), self._perform)


def drive(operation: Operation[T], perform: Perform) -> T:
    """Run an operation to its end, each request by ``perform``."""
    try:
        request = next(operation)
        while True:
            try:
                answer = perform(request)
            except OSError as error:
                request = operation.throw(error)
            else:
                request = operation.send(answer)
    except StopIteration as done:
        return cast(T, done.value)
