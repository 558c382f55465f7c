# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Timers: one preset derives all of them, every inequality between them is checked, recovery is predicted.

All times are seconds. Clocks of two machines are never compared; each timer runs on the monotonic clock of
the node that waits, and clocks are believed to run at the same rate within ``CLOCK_ERROR``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from types import MappingProxyType

from ...errors import StandbyError

# By how much the rate of a clock may be off, as a fraction. Crystals are a hundred times better; NTP slews by
# 0.0005 at most. A clock that is worse than this breaks the lease.
CLOCK_ERROR = 0.01
# Windows counts the lifetime of an address in whole seconds (MIB_UNICASTIPADDRESS_ROW, ValidLifetime).
LIFETIME_UNIT = 1.0
# Seconds for which a directory as witness may show a listing, or the absence of a name, that is over: what
# the caches of the SMB client have as defaults, above which nobody may set them (DirectoryCacheLifetime,
# FileInfoCacheLifetime and FileNotFoundCacheLifetime of MSFT_SmbClientConfiguration). An etcd shows nothing
# old.
LISTING_AGE = 10.0


class BadTimers(StandbyError):
    """A preset that does not exist, or timers that break an inequality; the problem names both sides."""


@lru_cache(maxsize=8)
def _digest(t: Timers) -> str:
    return hashlib.sha256(repr(t).encode("ascii")).hexdigest()[:16]


@dataclass(frozen=True)
class Timers:
    """Every timer of a cluster; the same on all its nodes.

    Attributes:
        interval: between two renewals of a node's record, and between two reads of the store.
        ttl: a record unchanged for so long counts as lost.
        margin: so long before others may count it as lost a node begins to stop what it has in service.
        tick: the agent looks at its clock at least so often.
        store_timeout: a store operation without an answer by then has failed.
        jump: by so much wall clock and monotonic clock may drift apart during a lease; more is a jump.
        stop: taking everything out of service, at most.
        removal: of this the addresses alone, where they go first, at most.
        start: bringing a hierarchy into service, at most.
        patience: so long a candidate waits for each one of higher priority.
        handover: so long others wait for the named successor of a released hierarchy.
        recovery_attempts: local recoveries within ``recovery_period`` before a hierarchy is given away.
        recovery_period: see there.
        hold_after: unplanned moves without a stable time between them after which a hierarchy is held.
        hold_off: for so long it is held, and so long a node counts as unfit after local recovery failed.
        stability: in service for so long is stable; a higher-priority node must be back for so long.
    """

    interval: float
    ttl: float
    margin: float
    tick: float
    store_timeout: float
    jump: float
    stop: float
    removal: float
    start: float
    patience: float
    handover: float
    recovery_attempts: int
    recovery_period: float
    hold_after: int
    hold_off: float
    stability: float

    @property
    def digest(self) -> str:
        """Text that other timers do not have."""
        return _digest(self)

    @property
    def drift(self) -> float:
        """What two clocks may differ by over one ttl, seconds."""
        return self.ttl * (1 - (1 - CLOCK_ERROR) / (1 + CLOCK_ERROR))

    @property
    def guard(self) -> float:
        """An address ends this long before others may count its node as lost, seconds."""
        return self.drift + self.jump

    @property
    def lease(self) -> float:
        """A node may serve for so long after the start of its last confirmed renewal, seconds."""
        return self.ttl - self.margin

    @property
    def damaged(self) -> float:
        """So long a record must be seen damaged before anybody but its owner writes over it, seconds.

        By then every owner has told in its own record what it owns, and that is seen however old a listing
        is.
        """
        return self.ttl + self.interval + LISTING_AGE

    @property
    def doubt(self) -> float:
        """After its clocks jumped a node waits so long for a confirmed renewal, and serves on, seconds."""
        return self.interval / 2

    @property
    def grace(self) -> float:
        """A node that could not read the store gives others so long to renew before it fences, seconds."""
        return self.interval + 2 * self.store_timeout + self.tick

    @property
    def stuck(self) -> float:
        """A stop that takes so long does not end: the node gives up its standing for it, seconds."""
        return 3 * self.stop

    @property
    def exposure(self) -> float:
        """A machine that was suspended with its clocks may serve beside a new owner for so long, seconds.

        Its agent looks within a tick, doubts, sees the end of that within another, and removes addresses.
        """
        return self.tick + self.doubt + self.tick + self.removal


PRESETS: Mapping[str, Timers] = MappingProxyType(
    {
        # One fast network, a witness that answers in milliseconds.
        "fast": Timers(
            interval=0.5,
            ttl=3.25,
            margin=1.5,
            tick=0.125,
            store_timeout=0.5,
            jump=0.2,
            stop=1.0,
            removal=0.5,
            start=10.0,
            patience=1.25,
            handover=1.5,
            recovery_attempts=2,
            recovery_period=120.0,
            hold_after=3,
            hold_off=300.0,
            stability=120.0,
        ),
        # Servers and witness in one site; the default.
        "lan": Timers(
            interval=1.0,
            ttl=7.75,
            margin=2.75,
            tick=0.25,
            store_timeout=1.0,
            jump=0.25,
            stop=2.0,
            removal=0.5,
            start=30.0,
            patience=2.5,
            handover=3.0,
            recovery_attempts=2,
            recovery_period=300.0,
            hold_after=3,
            hold_off=600.0,
            stability=300.0,
        ),
        # Sites apart, a witness behind a wide-area link.
        "wan": Timers(
            interval=3.0,
            ttl=24.0,
            margin=6.5,
            tick=0.5,
            store_timeout=3.0,
            jump=0.5,
            stop=5.0,
            removal=1.0,
            start=60.0,
            patience=7.0,
            handover=8.0,
            recovery_attempts=2,
            recovery_period=600.0,
            hold_after=3,
            hold_off=1200.0,
            stability=600.0,
        ),
    }
)


def timers(preset: str = "lan", **overrides: float) -> Timers:
    """The timers of a preset, with some of them set otherwise; all are checked again.

    Raises:
        BadTimers: no such preset or timer, or an inequality does not hold.
    """
    if preset not in PRESETS:
        raise BadTimers(f"there is no preset {preset!r}", remedy=f"Choose one of {', '.join(PRESETS)}")
    known = [field.name for field in fields(Timers)]
    if unknown := sorted(set(overrides) - set(known)):
        raise BadTimers(f"there is no timer {', '.join(unknown)}", remedy=f"There are {', '.join(known)}")
    wanted = replace(PRESETS[preset], **overrides)  # type: ignore[arg-type]
    check(wanted)
    return wanted


def check(t: Timers) -> None:
    """Refuse timers with which the cluster would not be safe, or would not recover.

    Raises:
        BadTimers: the first inequality that does not hold, with both of its sides.
    """
    for field in fields(t):
        if not getattr(t, field.name) > 0:
            raise BadTimers(
                f"{field.name} is {getattr(t, field.name)} and has to be positive",
                remedy=f"Give {field.name} a positive number, or leave it out and take the preset's",
            )
    for rule in _rules(t):
        if rule.small > rule.large + 1e-9:
            raise BadTimers(
                f"{rule.less} is {rule.small:g} s and must not exceed {rule.more}, {rule.large:g} s",
                remedy=f"It {rule.why}; change one of them, or take a preset as it is",
            )


def lifetime(t: Timers, until: float, now: float) -> int:
    """What an address may live from now on: whole seconds, 0 where it must not be added.

    It ends ``guard`` before others may count the node as lost, so that Windows itself drops it in time
    whatever has become of the agent. To be computed last thing before the call that adds or renews the
    address.

    Args:
        t: timers that have been checked.
        until: own monotonic clock until which the node may serve (``Own.until``).
        now: own monotonic clock.
    """
    rest = until + t.margin - t.guard - now
    return int(rest) if rest > 0 else 0


@dataclass(frozen=True)
class _Rule:
    """An inequality: ``small`` must not exceed ``large``, seconds; ``less`` and ``more`` name both sides."""

    less: str
    small: float
    more: str
    large: float
    why: str


def _rules(t: Timers) -> tuple[_Rule, ...]:
    return (
        _Rule(
            "stop + tick + drift + jump",
            t.stop + t.tick + t.drift + t.jump,
            "margin",
            t.margin,
            "lets a node stop before others may count it as lost",
        ),
        _Rule(
            "interval + 2 store_timeout + tick",
            t.interval + 2 * t.store_timeout + t.tick,
            "ttl - margin",
            t.lease,
            "lets one renewal be lost without a stop",
        ),
        _Rule("removal", t.removal, "stop", t.stop, "is a part of it"),
        _Rule("2 tick", 2 * t.tick, "interval", t.interval, "makes the deadline seen in time"),
        _Rule(
            "guard + address unit",
            t.guard + LIFETIME_UNIT,
            "margin",
            t.margin,
            "lets addresses live until the lease's end and no longer",
        ),
        _Rule(
            "interval + store_timeout + tick",
            t.interval + t.store_timeout + t.tick,
            "patience",
            t.patience,
            "lets a better candidate's claim be seen",
        ),
        _Rule(
            "interval + store_timeout + tick",
            t.interval + t.store_timeout + t.tick,
            "handover",
            t.handover,
            "lets the successor see that it is one",
        ),
        _Rule("ttl", t.ttl, "stability", t.stability, "keeps a node that comes and goes from getting back"),
        _Rule(
            "ttl + start",
            t.ttl + t.start,
            "hold_off",
            t.hold_off,
            "makes a hold longer than the move it holds up",
        ),
        _Rule(
            "recovery_attempts x (stop + start)",
            t.recovery_attempts * (t.stop + t.start),
            "recovery_period",
            t.recovery_period,
            "lets all attempts fall into one period",
        ),
        _Rule("recovery_period", t.recovery_period, "hold_off", t.hold_off, "keeps a failed node unfit"),
    )


NODE_LOST = "node lost or cut off"
RECOVERED = "site failed, recovered locally"


@dataclass(frozen=True)
class Prediction:
    """Seconds from a fault until the hierarchy is in service again, with starting it."""

    fault: str
    best: float
    typical: float
    worst: float


def predict(t: Timers, *, nodes: int = 2, lag: float = 0.0, start: float = 1.0) -> tuple[Prediction, ...]:
    """How long recovery takes, per kind of fault.

    Args:
        t: timers that have been checked.
        nodes: of the hierarchy: each one of higher priority that is up and does not take it costs
            ``patience``.
        lag: how old what the store shows may be, seconds: 0 for etcd, ``LISTING_AGE`` for an SMB share with
            the defaults of the Windows client.
        start: what bringing the hierarchy into service usually takes, seconds.
    """
    write = t.store_timeout + t.interval  # a write that is lost and made again
    lost = t.ttl * (1 + CLOCK_ERROR) + t.interval + t.tick + lag
    take = 2 * write + t.patience * (nodes - 2)
    return (
        Prediction(
            NODE_LOST, t.ttl - 2 * t.interval + start, t.ttl + t.interval / 2 + start, lost + take + t.start
        ),
        Prediction(RECOVERED, start, start + t.tick, t.stop + t.start),
        Prediction(
            "site failed, given away",
            start,
            t.interval + start,
            t.stop + write + t.handover + lag + t.interval + take + t.start,
        ),
        Prediction(
            "planned move",
            start,
            t.interval + start,
            t.stop + write + lag + t.interval + t.tick + write + t.start,
        ),
        Prediction(
            "witness back after an outage",
            t.interval + start,
            t.interval + t.stop + start,
            t.stop + write + t.interval + lag + t.start,
        ),
        Prediction(
            "agent restarted",
            t.interval + start,
            t.stop / 2 + t.interval + start,
            bound(t, nodes=nodes, lag=lag),
        ),
        Prediction(
            "power back after a cut of everything",
            t.interval + start,
            t.ttl + 2 * t.interval + start,
            bound(t, nodes=nodes, lag=lag),
        ),
    )


def bound(t: Timers, *, nodes: int, lag: float = 0.0) -> float:
    """Seconds within which a hierarchy is in service again once a healthy node reaches the store (I2).

    The longest way there: that node first stops what is left of an earlier life and joins anew; the owner is
    watched for a whole ttl and fenced; every better candidate is waited for; and each write is lost once.
    """
    write = t.store_timeout + t.interval + t.tick + lag
    watched = t.ttl * (1 + CLOCK_ERROR) + t.interval + t.tick + lag
    waited = max(t.handover, t.patience * (nodes - 1)) + t.tick
    return t.stop + 2 * write + watched + 2 * write + waited + 2 * write + t.start
