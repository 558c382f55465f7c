# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When checks run and how many count: derived from the timing preset, and checked against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from .ownership.timing import BadTimers, Timers

# Consecutive results until a check counts as failed, and as well again. State is read from Windows itself and
# seldom errs; an answer over HTTP may be late for many a reason.
_QUICK = (2, 1)
_DEEP = (3, 2)
# A quick check may take so long whatever the preset, seconds: it starts appcmd (docs/assumptions.md).
_READ = 2.0
# Intervals of the preset between two looks at what is not in service here: of a standby at the owner's sites,
# and at itself.
_IDLE = 5.0


@dataclass(frozen=True, slots=True)
class CheckTimes:
    """How one check runs.

    Attributes:
        interval: seconds between the starts of two checks.
        timeout: seconds that one may take.
        fall: consecutive failures after which it counts as failed.
        rise: consecutive successes after which it counts as well again.
    """

    interval: float
    timeout: float
    fall: int
    rise: int

    @property
    def patience(self) -> float:
        """Without an answer for so long it counts as failed once more, seconds."""
        return self.interval + self.timeout

    @property
    def detection(self) -> float:
        """From a fault until the check counts as failed, at most, seconds.

        The fault comes right after a good answer, and every check takes its whole timeout. A check that does
        not end in time is missed once in ``patience``.
        """
        return self.fall * self.patience


@dataclass(frozen=True)
class CheckSettings:
    """What operators may set of checks.

    Attributes:
        quick: fields of CheckTimes for the quick check.
        deep: fields of CheckTimes for deep checks, whose timeout is their own.
        votes: site -> how many of its deep checks must be well; all of them where it is not named.
        certificate_days: with fewer left, a certificate of an https binding is told of.
        certificate_interval: seconds between two looks at certificates.
    """

    quick: Mapping[str, float] = field(default_factory=dict)
    deep: Mapping[str, float] = field(default_factory=dict)
    votes: Mapping[str, int] = field(default_factory=dict)
    certificate_days: float = 30.0
    certificate_interval: float = 86400.0


def quick_times(timers: Timers, /, **overrides: float) -> CheckTimes:
    """Times of the quick check: once an interval of the preset, each may take two intervals, or two seconds.

    Raises:
        BadTimers: they do not fit the preset.
    """
    fall, rise = _QUICK
    return _made(
        timers,
        "quick check",
        CheckTimes(timers.interval, max(2 * timers.interval, _READ), fall, rise),
        overrides,
    )


def deep_times(timers: Timers, timeout: float, /, **overrides: float) -> CheckTimes:
    """Times of a deep check: once in two intervals of the preset.

    Args:
        timers: of the preset.
        timeout: of the check itself, seconds.
        **overrides: the other fields of CheckTimes.

    Raises:
        BadTimers: they do not fit the preset.
    """
    fall, rise = _DEEP
    times = CheckTimes(2 * timers.interval, timeout, fall, rise)
    return _made(timers, "deep check", times, overrides, own=("timeout",))


def defined_times(timers: Timers, timeout: float, /, **overrides: float) -> tuple[CheckTimes, str]:
    """Times of a deep check that is defined already, and why its timeout does not fit the preset, or "".

    Such a check is made all the same: an agent that refused it would protect nothing.

    Raises:
        BadTimers: the settings do not fit the preset, whatever the timeout.
    """
    fitting = deep_times(timers, timers.interval, **overrides)
    times = replace(fitting, timeout=timeout)
    try:
        check_times(timers, "deep check", times)
    except BadTimers as unfit:
        return times, unfit.problem
    return times, ""


def idle_interval(timers: Timers) -> float:
    """Seconds between two looks at a hierarchy that is not in service here."""
    return _IDLE * timers.interval


def _made(
    timers: Timers, what: str, times: CheckTimes, overrides: dict[str, float], own: tuple[str, ...] = ()
) -> CheckTimes:
    """The times with what is set otherwise; those of the check's own cannot be."""
    known = [one.name for one in fields(CheckTimes) if one.name not in own]
    if unknown := sorted(set(overrides) - set(known)):
        raise BadTimers(
            f"{what}: there is no setting {', '.join(unknown)}", remedy=f"There are {', '.join(known)}"
        )
    wanted = replace(times, **overrides)  # type: ignore[arg-type]
    check_times(timers, what, wanted)
    return wanted


def check_times(timers: Timers, what: str, times: CheckTimes) -> None:
    """Refuse times with which a check says nothing, or too late.

    Args:
        timers: of the preset.
        what: the check, for messages.
        times: of it.

    Raises:
        BadTimers: a value out of range, or the inequality that does not hold with both of its sides.
    """
    for name in ("interval", "timeout"):
        if not 0 < getattr(times, name) < float("inf"):
            raise BadTimers(f"{what}: {name} is {getattr(times, name)} s and has to be positive and finite")
    for name in ("fall", "rise"):
        if not getattr(times, name) >= 1 or int(getattr(times, name)) != getattr(times, name):
            raise BadTimers(
                f"{what}: {name} is {getattr(times, name)} and has to be a whole number from 1 on"
            )
    rounds = timers.recovery_attempts * (times.detection + timers.stop + timers.start)
    if rounds > timers.recovery_period + 1e-9:
        raise BadTimers(
            f"{what}: recovery_attempts x (fall x (interval + timeout) + stop + start) is {rounds:g} s and "
            f"must not exceed recovery_period, {timers.recovery_period:g} s",
            remedy="It lets repeated failures be counted in one period; check more often, take a shorter "
            "timeout or a smaller fall, or a longer recovery_period",
        )
