# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A site compared with its twin, area by area."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from .areas import AREAS, Area
from .mending import section_mend
from .model import Difference, Drift, Found, Side, Subject
from .values import plain
from .verdicts import judge


def compare(here: Side, there: Side, subject: Subject, areas: Iterable[Area] = AREAS) -> Drift:
    """What differs between a site and its twin, and what that means.

    Args:
        here: the node with the original, which has the site.
        there: a backup.
        subject: which site, and what is known of it.
        areas: what is compared.
    """
    chosen = tuple(areas)
    if there.site(subject.site) is None:
        missing = judge(Found("site", here=plain("present")), subject.ignore)
        return Drift(subject.site, here.node, there.node, (missing,))
    found = [one for area in chosen for one in area.compare(here, there, subject)]
    return Drift(
        site=subject.site,
        here=here.node,
        there=there.node,
        differences=tuple(_judged(one, here, there, subject) for one in found if _comparable(one)),
        warnings=tuple(one for area in chosen if area.warn for one in area.warn(here, there, subject)),
        not_compared=(*_encrypted(found), *_omitted(chosen, here, there, subject)),
    )


def _judged(found: Found, here: Side, there: Side, subject: Subject) -> Difference:
    judged = judge(found, subject.ignore)
    if not judged.repairable or found.where is None:
        return judged
    return replace(judged, repairable=section_mend(here, there, *found.where) is not None)


def _comparable(found: Found) -> bool:
    """False for two secrets that each server encrypted for itself."""
    return (found.here.comparable and found.there.comparable) or not (found.here.text and found.there.text)


def _encrypted(found: Iterable[Found]) -> Iterator[str]:
    for one in found:
        if not _comparable(one):
            yield f"{one.path}: each server encrypts it with a key of its own"


def _omitted(areas: Iterable[Area], here: Side, there: Side, subject: Subject) -> Iterator[str]:
    for area in areas:
        if area.omitted is not None:
            yield from area.omitted(here, there, subject)
