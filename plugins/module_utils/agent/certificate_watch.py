# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates of this node's https sites: looked at when the agent begins, and once a day after that.

A look starts PowerShell once, on a thread of its own that nothing waits for. Agents tell each other which
certificates their nodes show, so that a renewal on one node alone is seen on the others. Whoever is asked and
has not looked lately looks anew, and is asked again soon.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from ..control.https_reading import read_https
from ..errors import StandbyError, foreseen
from ..ha.certificate_notes import Note, Shown, models, notes_of, protected_https, shown_by
from ..ha.check_times import CheckSettings
from ..ha.model import Hierarchy
from ..node import Node
from ..windows.iis import read_configuration
from ..windows.iis_config import IisConfiguration

CERTIFICATES = "certificates"
# Sites in one question: thumbprints of so many fit into a message.
_EACH = 50
# Seconds: a look that is younger needs no other; until a look after one that found something or heard no
# answer of a peer, or where a peer had to look anew. No more than so much of the interval.
_FRESH, _AGAIN, _SOON = 600.0, 3600.0, 60.0

# Asks a peer for its view of some sites; raises StandbyError where it gives none.
Ask: TypeAlias = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Told:
    """What a look found.

    Attributes:
        at: when, ISO 8601.
        notes: what somebody has to mend.
        problem: why they could not be looked at; "" where they could.
    """

    at: str
    notes: tuple[Note, ...] = ()
    problem: str = ""

    def document(self) -> dict[str, Any]:
        """As the status shows it."""
        return {"at": self.at, "notes": [one.sentence for one in self.notes], "problem": self.problem}


class CertificateWatch:
    """Looks at the certificates of one node.

    Args:
        name: of the node.
        node: it.
        hierarchies: that have it.
        settings: days and seconds.
        ask: asks peers.
        monotonic: seconds on a clock that never goes back.
        now: the time of day.
    """

    def __init__(
        self,
        name: str,
        node: Node,
        hierarchies: Iterable[Hierarchy],
        settings: CheckSettings,
        ask: Ask,
        monotonic: Callable[[], float],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._name, self._node, self._ask = name, node, ask
        self._hierarchies = tuple(hierarchies)
        self._models = models(self._hierarchies, name)
        self._days, self._interval = settings.certificate_days, settings.certificate_interval
        self._monotonic, self._now = monotonic, now
        self._wake, self._ended = threading.Event(), False
        # What was seen last, and when; changes in one assignment, since peers ask on other threads.
        self._seen: tuple[float, Shown] | None = None

    def begin(self, tell: Callable[[Told], None]) -> None:
        """Look, now and from time to time; ``tell`` is called after each look, on a thread.

        Nothing is done on a node without protected sites.
        """
        if any(one.sites for one in self._hierarchies):
            threading.Thread(target=self._run, args=(tell,), name="certificates", daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._ended = True
        self._wake.set()

    def answer(self, _peer: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """A peer asks which certificates some sites show here.

        Raises:
            StandbyError: the question is none.
        """
        names = payload.get("sites")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise StandbyError("certificates are of sites, which are a list of names")
        seen = self._seen
        if seen is None:
            return {"age": None, "sites": {}}
        age = self._monotonic() - seen[0]
        if age > self._fresh:
            self._wake.set()
        return {"age": age, "sites": {name: dict(seen[1][name]) for name in names[:_EACH] if name in seen[1]}}

    def look(self) -> tuple[Told, float]:
        """Look once; what was found, and seconds until the next look."""
        at = self._now()
        try:
            return self._look(at)
        except Exception as error:  # a look that breaks is told, and made again
            failure = error if isinstance(error, StandbyError) else foreseen(error, self._name)
            told = Told(at.isoformat(timespec="seconds"), problem=str(failure))
            return told, min(_AGAIN, self._interval)

    @property
    def _fresh(self) -> float:
        return min(_FRESH, self._interval / 2)

    def _look(self, at: datetime) -> tuple[Told, float]:
        iis: IisConfiguration = read_configuration(self._node)
        sites = protected_https(self._hierarchies, iis)
        stamp = at.isoformat(timespec="seconds")
        if not sites:
            self._seen = self._monotonic(), {}
            return Told(stamp), self._interval
        reading = read_https(self._node, [site for _hierarchy, site in sites])
        self._seen = self._monotonic(), shown_by(sites, reading)
        others, wait = self._others([site.name for _hierarchy, site in sites])
        notes = tuple(notes_of(sites, self._name, reading, others, at, self._days))
        return Told(stamp, notes), min(wait, _AGAIN) if notes else wait

    def _others(self, sites: Sequence[str]) -> tuple[dict[str, Shown], float]:
        """What peers show, and seconds until they are to be asked again."""
        found: dict[str, Shown] = {}
        wait = self._interval
        for peer, names in self._models.items():
            shown: dict[str, Mapping[str, str]] = {}
            asked = [name for name in names if name in sites]
            for first in range(0, len(asked), _EACH):
                try:
                    answer = self._ask(peer, {"sites": asked[first : first + _EACH]})
                except StandbyError:
                    wait = min(wait, _AGAIN)
                    break  # it is asked again; that it does not answer is told by what watches nodes
                age = answer.get("age")
                if not isinstance(age, (int, float)) or age > self._fresh:
                    wait = min(wait, _SOON, self._interval / 2)
                shown |= _heard(answer.get("sites"))
            found[peer] = shown
        return found, wait

    def _run(self, tell: Callable[[Told], None]) -> None:
        while not self._ended:
            told, wait = self.look()
            if self._ended:
                return
            tell(told)
            self._wake.wait(wait)
            self._wake.clear()


def _heard(document: object) -> dict[str, Mapping[str, str]]:
    """Thumbprints by site from an answer; what is none is left out."""
    sites = document.items() if isinstance(document, dict) else ()
    return {
        str(name): {str(binding): str(thumbprint) for binding, thumbprint in shown.items()}
        for name, shown in sites
        if isinstance(shown, dict)
    }
