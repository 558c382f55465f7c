# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the other nodes have seen of a hierarchy since it came into service here, folded into one view.

What holds:

- A look counts once, and only where it began after the hierarchy had come into service, on the owner's clock.
- Who reaches it is believed: it is not reached only where nobody who has looked lately reaches it.
- That is ``sure`` only after ``FALL`` such looks in a row of everybody who looks, and only where one of them
  had reached it before: who never could, as by the rules of a firewall, tells nothing of what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .views import View

# Looks in a row that do not reach it, as many as a deep check has to fail.
FALL = 3

_NOBODY = View(None, "nobody outside has looked lately")


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one node has seen.

    Attributes:
        view: its last look.
        begun: when that began at the earliest, own monotonic clock.
        bad: looks in a row that did not reach it.
        reached: it has reached it once.
    """

    view: View
    begun: float
    bad: int
    reached: bool


class Outlook:
    """The others' views of one hierarchy.

    Args:
        freshness: an older look is none, seconds.
        now: own monotonic clock.
    """

    def __init__(self, freshness: float, now: float) -> None:
        self._freshness = freshness
        self._since = now
        self._seen: Mapping[str, _Seen] = {}

    def restarted(self, now: float) -> None:
        """It has come into service: what was seen before counts no more."""
        self._since, self._seen = now, {}

    def heard(self, node: str, view: View, asked: float) -> bool:
        """Take in what a node tells; False where that is no look that counts.

        Args:
            node: who looked.
            view: what it saw, with its age when it told.
            asked: when it was asked, own monotonic clock: the look began no earlier than its age before that.
        """
        begun, before = asked - view.age, self._seen.get(node)
        if view.healthy is None or begun < self._since:
            return False
        if before is not None and before.view.look == view.look:
            return False
        bad = 0 if view.healthy else (before.bad if before is not None else 0) + 1
        reached = view.healthy or (before is not None and before.reached)
        self._seen = {**self._seen, node: _Seen(view, begun, bad, reached)}
        return True

    def view(self, now: float) -> View:
        """What all of them together see, with the age of the look that says so."""
        fresh = {name: one for name, one in self._seen.items() if now - one.begun <= self._freshness}
        reaching = [one for one in fresh.values() if one.view.healthy]
        if reaching:
            newest = max(one.begun for one in reaching)
            return View(True, reaching[0].view.sentence, now - newest)
        if not fresh:
            return _NOBODY
        node, newest_seen = max(fresh.items(), key=lambda item: item[1].begun)
        sure = all(one.bad >= FALL for one in fresh.values()) and any(one.reached for one in fresh.values())
        return View(False, f"{node}: {newest_seen.view.sentence}", now - newest_seen.begun, sure)
