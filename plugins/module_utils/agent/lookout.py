# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What this node tells another one that asks for its view from outside, and the form of that on the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from ..ha.views import View
from .peers import wire
from .probes import Probes
from .rounds import Caller

Views: TypeAlias = Mapping[str, View]
# Characters of a sentence in an answer, tried one after the other; and views that are left out at once.
_SENTENCES, _AT_ONCE = (1000, 200, 50, 0), 20


def look(
    probes: Probes,
    caller: Caller,
    hierarchies: Sequence[str],
    patience: float,
    answer: Callable[[Views], None],
) -> None:
    """Look at hierarchies now; what is seen by then, or was seen last, is answered once, in time.

    Args:
        probes: this node's eyes.
        caller: on whose thread this happens.
        hierarchies: that this node knows.
        patience: seconds until it is answered at the latest; a look that takes longer is told the next time.
        answer: takes the views.
    """
    waiting, answered = set(hierarchies), [False]

    def tell() -> None:
        if not answered[0]:
            answered[0] = True
            answer({name: probes.outside(name) for name in hierarchies})

    def seen(name: str, _view: View) -> None:
        waiting.discard(name)
        if not waiting:
            tell()

    caller.after(patience, tell)
    for name in hierarchies:
        probes.look_outside(name, partial(seen, name))


def told(views: Views) -> dict[str, object]:
    """Views as an answer, which is cut to what an answer may have: sentences first, then the last views."""
    for longest in _SENTENCES:
        answer = _told(views, longest)
        if _fits(answer):
            return answer
    fewer = dict(views)
    while fewer and not _fits(answer := _told(fewer, 0)):
        for name in list(fewer)[-_AT_ONCE:]:
            del fewer[name]
    return answer


def _told(views: Views, longest: int) -> dict[str, object]:
    return {
        "views": {
            name: {
                "healthy": one.healthy,
                "sentence": one.sentence[:longest],
                "age": one.age if one.age < float("inf") else None,
                "look": one.look,
            }
            for name, one in views.items()
        }
    }


def _fits(answer: Mapping[str, object]) -> bool:
    return len(wire.write_answer(wire.Answer(answer))) <= wire.LARGEST_BODY


def heard(answer: Mapping[str, object]) -> Views:
    """Views from an answer; what is none is left out."""
    views = answer.get("views")
    return {
        str(name): view
        for name, document in (views.items() if isinstance(views, dict) else ())
        if (view := _view(document)) is not None
    }


def _view(document: object) -> View | None:
    if not isinstance(document, dict):
        return None
    healthy, age, number = (document.get(name) for name in ("healthy", "age", "look"))
    if not isinstance(number, int) or not (healthy is None or isinstance(healthy, bool)):
        return None
    if not isinstance(age, (int, float)) or not 0 <= age < float("inf"):
        return None
    return View(healthy, str(document.get("sentence", "")), float(age), look=number)
