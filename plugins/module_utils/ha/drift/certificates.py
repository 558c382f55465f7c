# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates of https bindings: presented by http.sys, in the store of each node, with their keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ...windows.certificate_reading import Bound, StoredCertificate
from ...windows.iis_config import Binding
from ..bindings import binding_key
from ..https import Finding, Flaw, bound_of, judge, own_https, stored
from .model import Found, Side, Subject
from .values import ABSENT, Value, plain

_YES, _NO = plain("yes"), plain("no")
_DATE = "%Y-%m-%d"
# What keeps a binding from being served from the central store; its files alone are no matter of the node.
_FROM_STORE = {Flaw.CENTRAL_OFF: "central_store", Flaw.CENTRAL_UNBOUND: "central_binding"}
# Flaws of a backup's certificate that are differences.
_DIFFERENT = {Flaw.UNBOUND, Flaw.MISSING, Flaw.NO_KEY, Flaw.EARLY, Flaw.EXPIRED, *_FROM_STORE}


def certificates(here: Side, there: Side, subject: Subject) -> Iterator[Found]:
    """What a client would see differently, or not at all, on the backup."""
    for binding in own_https(here.site(subject.site)):
        name = f"certificates/{binding_key(binding)}"
        one, other = _bound(here, subject.site, binding), _bound(there, subject.site, binding)
        if one is None:
            continue
        if other is None or other.thumbprint != one.thumbprint:
            yield Found(
                f"{name}/thumbprint", plain(one.thumbprint), plain(other.thumbprint) if other else ABSENT
            )
        yield from _kept(name, here, there, one, other or one, subject)
    yield from _central(here, there, subject)


def _kept(name: str, here: Side, there: Side, one: Bound, other: Bound, subject: Subject) -> Iterator[Found]:
    """The certificates themselves, in the stores of the nodes."""
    ours, theirs = stored(here.reading, one), stored(there.reading, other)
    if theirs is None:
        yield Found(f"{name}/certificate", plain(one.thumbprint) if ours else ABSENT)
        return
    if not theirs.private_key:
        yield Found(f"{name}/private_key", _YES if ours is None or ours.private_key else _NO, _NO)
    if subject.now is not None and theirs.begins > subject.now:
        yield Found(f"{name}/begins", _date(ours.begins if ours else None), _date(theirs.begins))
    if subject.now is not None and theirs.ends <= subject.now:
        yield Found(f"{name}/expires", _date(ours.ends if ours else None), _date(theirs.ends))
    lacking = sorted(set(_names(ours)) - set(_names(theirs))) if ours is not None else []
    if lacking:
        yield Found(f"{name}/names", plain(", ".join(_names(ours))), plain(", ".join(_names(theirs))))


def _central(here: Side, there: Side, subject: Subject) -> Iterator[Found]:
    """Bindings that the backup cannot serve from the central store, of which it shows no certificate."""
    ours = {one.binding: one.flaw for one in _judged(here, subject)}
    for one in _judged(there, subject):
        if one.flaw in _FROM_STORE:
            known = _NO if ours.get(one.binding) in _FROM_STORE else _YES
            yield Found(f"certificates/{one.binding}/{_FROM_STORE[one.flaw]}", known, _NO)


def flaws(here: Side, there: Side, subject: Subject) -> Iterator[str]:
    """A warning for everything that is the matter with a certificate, on any of the nodes."""
    every = [one.sentence for side in (here, there) for one in _judged(side, subject)]
    yield from dict.fromkeys(every)


def other_flaws(here: Side, there: Side, subject: Subject) -> Iterator[str]:
    """As ``flaws``, without what ``certificates`` finds of the backup, which is a difference."""
    names = {one.path.rpartition("/")[0] for one in certificates(here, there, subject)}
    found = {
        one.sentence
        for one in _judged(there, subject)
        if one.flaw in _DIFFERENT and f"certificates/{one.binding}" in names
    }
    yield from (one for one in flaws(here, there, subject) if one not in found)


def _judged(side: Side, subject: Subject) -> Iterator[Finding]:
    site = side.site(subject.site)
    return judge(site, side.node, side.reading, subject.now, subject.certificate_days)


def _bound(side: Side, site: str, binding: Binding) -> Bound | None:
    return bound_of(side.reading, site, binding)


def _names(one: StoredCertificate | None) -> tuple[str, ...]:
    return tuple(sorted({name.casefold() for name in one.names})) if one is not None else ()


def _date(one: datetime | None) -> Value:
    return ABSENT if one is None else plain(one.strftime(_DATE))
