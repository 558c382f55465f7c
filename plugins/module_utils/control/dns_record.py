# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A record as it should be on every one of its servers: asked, updated where needed, and asked again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

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
    key = key_of(record, keys)
    told = ask_all(record, exchange=exchange)
    if not _due(record, value, told):
        return Done(False, told)
    refused: dict[str, str] = {}
    updated = False
    for server in [one.server for one in told if one.values is not None]:
        if updated or not allowed():
            break
        updated = _updated(record, value, server, key, exchange, refused)
    end = clock.monotonic() + spreading
    told = ask_all(record, exchange=exchange)
    while updated and _due(record, value, told) and clock.monotonic() < end:
        clock.sleep(_PAUSE)
        told = ask_all(record, exchange=exchange)
    # Servers that are each a primary of their own have nothing from one another.
    if updated and allowed():
        for one in told:
            if one.server not in refused and _due(record, value, (one,)):
                _updated(record, value, one.server, key, exchange, refused)
        told = ask_all(record, exchange=exchange)
    wrong = {one.server for one in told if _due(record, value, (one,))}
    noted = (
        replace(one, problem=refused.get(one.server, "")) if one.server in wrong else one for one in told
    )
    return Done(updated, tuple(noted))


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


def _due(record: Dns, value: str | None, told: Sequence[Told]) -> bool:
    if value is None:
        return any(one.values for one in told)
    return needs_update(record, value, told)


def _updated(
    record: Dns,
    value: str | None,
    server: str,
    key: Key | None,
    exchange: Exchange,
    refused: dict[str, str],
) -> bool:
    try:
        dns_client.update(record, value, server, key, exchange, TIMEOUT)
    except StandbyError as error:
        refused[server] = str(error).rstrip(".")
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
