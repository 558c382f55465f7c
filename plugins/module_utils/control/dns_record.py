# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A record as it should be on every one of its servers: asked, updated where needed, and asked again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from ..errors import StandbyError, foreseen
from ..ha.dns import Told, needs_update
from ..ha.model import Dns
from ..node import Clock
from . import dns_client
from .dns_client import Exchange, Key
from .dns_tcp import exchange as over_tcp

# Seconds for one exchange, and for the other servers to have an update from the one that took it. Choices: a
# connection whose first packet is lost twice is there within 3 s (RFC 6298 2.1, 5.5), and a playbook, which
# does not look again, waits for longer than agents do (agent/names.py), which look again by themselves.
TIMEOUT, SPREADING = 4.0, 10.0
_PAUSE = 0.5

Keys = Mapping[str, Key]


@dataclass(frozen=True)
class Done:
    """What became of a record.

    Attributes:
        updated: a server took an update.
        told: what each server says of it now.
    """

    updated: bool
    told: tuple[Told, ...]


def ask_all(record: Dns, *, exchange: Exchange = over_tcp) -> tuple[Told, ...]:
    """What every server says of a record, all asked at once."""
    return _each(lambda server: _asked(record, server, exchange), record.servers)


def ensure(
    record: Dns,
    value: str | None,
    keys: Keys,
    clock: Clock,
    *,
    exchange: Exchange = over_tcp,
    allowed: Callable[[], bool] = lambda: True,
    spreading: float = SPREADING,
) -> Done:
    """Have every server answer with a value. Servers that are silent hold up nothing, and are told.

    Args:
        record: which.
        value: the address; None for no record.
        keys: by name.
        clock: for waiting.
        exchange: sends a message.
        allowed: asked right before each update; where it says no, nothing is sent any more.
        spreading: seconds that servers may take to have it from the one that took the update.

    Raises:
        StandbyError: the key is not known.
    """
    update = _Update(record, value, key_of(record, keys), exchange)
    told = ask_all(record, exchange=exchange)
    if not update.due(told):
        return Done(False, told)
    if not update.by_one(told, allowed):
        return Done(False, update.noted(ask_all(record, exchange=exchange)))
    told = update.spread(clock, spreading)
    if allowed():
        told = update.by_each(told)
    return Done(True, update.noted(told))


def key_of(record: Dns, keys: Keys) -> Key | None:
    """The key of a record; None where it needs none.

    Raises:
        StandbyError: it needs one that is not known.
    """
    if not record.key:
        return None
    found = keys.get(record.key)
    if found is None:
        raise StandbyError(
            f"the secret of its TSIG key {record.key} is not known here",
            resource=record.id,
            remedy=f"Give dns_keys with the key {record.key}; agents get it by the role monitor",
        )
    return found


@dataclass(frozen=True)
class _Update:
    """What a record is to say, on its way to its servers.

    Attributes:
        refused: why, by server that did not take it.
    """

    record: Dns
    value: str | None
    key: Key | None
    exchange: Exchange
    refused: dict[str, str] = field(default_factory=dict)

    def due(self, told: Sequence[Told]) -> bool:
        """Whether a server says otherwise."""
        if self.value is None:
            return any(one.values for one in told)
        return needs_update(self.record, self.value, told)

    def by_one(self, told: Sequence[Told], allowed: Callable[[], bool]) -> bool:
        """Have the first that answers and takes it tell the others; whether there is one."""
        for server in [one.server for one in told if one.values is not None]:
            if not allowed():
                return False
            if self._sent(server):
                return True
        return False

    def spread(self, clock: Clock, seconds: float) -> tuple[Told, ...]:
        """What all say once they have it from the one, or the time is over."""
        end = clock.monotonic() + seconds
        told = ask_all(self.record, exchange=self.exchange)
        while self.due(told) and clock.monotonic() < end:
            clock.sleep(_PAUSE)
            told = ask_all(self.record, exchange=self.exchange)
        return told

    def by_each(self, told: Sequence[Told]) -> tuple[Told, ...]:
        """Servers that are each a primary of their own have nothing from one another."""
        for one in told:
            if one.server not in self.refused and self.due((one,)):
                self._sent(one.server)
        return ask_all(self.record, exchange=self.exchange)

    def noted(self, told: Sequence[Told]) -> tuple[Told, ...]:
        """With the refusal of each server that says otherwise."""
        return tuple(
            replace(one, problem=self.refused.get(one.server, "")) if self.due((one,)) else one
            for one in told
        )

    def _sent(self, server: str) -> bool:
        try:
            dns_client.update(self.record, self.value, server, self.key, self.exchange, TIMEOUT)
        except StandbyError as error:
            self.refused[server] = str(error).rstrip(".")
            return False
        return True


def _asked(record: Dns, server: str, exchange: Exchange) -> Told:
    try:
        values, ttl = dns_client.ask(record, server, exchange, TIMEOUT)
    except Exception as error:
        return Told(server, problem=foreseen(error, None, record.id).problem.rstrip("."))
    return Told(server, values, ttl)


def _each(work: Callable[[str], Told], servers: Sequence[str]) -> tuple[Told, ...]:
    with ThreadPoolExecutor(max(1, len(servers)), "dns") as pool:
        return tuple(pool.map(work, servers))
