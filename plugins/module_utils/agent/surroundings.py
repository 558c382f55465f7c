# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an agent has beside its node and the witness: peers, fences, logs, notifications, and its status."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from ..errors import StandbyError
from ..ha.ownership.decision import Decision
from ..ha.ownership.explain import standing_of
from ..ha.ownership.snapshot import Snapshot
from ..ha.ownership.succession import Standing
from . import in_service
from .certificate_watch import CERTIFICATES, CertificateWatch, Told
from .copier import COPIES
from .fence_watch import FenceWatch
from .fences import Fences
from .home import Home
from .log import DecisionLog, Log, wall
from .lookout import Views
from .news import News, of_certificates
from .notifying import open_notifier
from .outbox import Outbox
from .peer_views import VIEWS, Look, PeerViews
from .peers.client import PeerError, ask
from .peers.keys import KeyFile
from .peers.listener import Handler, Listener
from .settings import Settings

PROMISE = "promise"
# Decisions and sentences that may wait for the disk.
_WAITING = 1000


class Surroundings:
    """One agent's.

    Args:
        home: of the agent.
        settings: of the agent.
        patience: seconds that a peer has to answer: ``Timers.store_timeout``.
        grant: decides on a promise, on the loop; given a peer, its incarnation, and what takes the answer.
        look: what this node sees of hierarchies, if asked by looking; given what takes the answer.
        tell: takes what a next process could go on from.
        works_by: what its status names of what it works by.
        certificates: looks at those of this node; None where nobody does.
        copies: answers for mirrors that agents copy.
    """

    _certificates: CertificateWatch | None = None
    _found = Told("")  # by the last look at certificates

    def __init__(
        self,
        home: Home,
        settings: Settings,
        patience: float,
        grant: Callable[[str, int, Callable[[bool], None]], None],
        look: Look,
        tell: Callable[[Standing | None], None],
        works_by: Mapping[str, Any],
        certificates: CertificateWatch | None = None,
        copies: Handler | None = None,
    ) -> None:
        self._certificates = certificates
        self._works_by = works_by
        self._standby: dict[str, str] = {}
        self._settings, self._patience, self._grant = settings, patience, grant
        self._keys = KeyFile(home.key_file)
        self._home = home
        self._log = Log(home.log_file, settings.node, wall)
        self._decisions = DecisionLog(home.decisions_file, wall)
        self._said: Outbox[tuple[str, str]] = Outbox(self._write, _WAITING, _silent, "log")
        self._made: Outbox[tuple[Snapshot, Decision]]
        self._made = Outbox(self._journal, _WAITING, self._problem, "decisions")
        # The newest is all that counts, and whoever reads it may hang.
        self._tell = tell
        self._left: Outbox[tuple[Standing | None, Callable[[], None]]]
        self._left = Outbox(self._pass_on, 1, self._problem, "standing")
        self._threads = ThreadPoolExecutor(2 * len(settings.addresses) + 4, "outside")
        self._fences = Fences(settings, home.here, self._problem, self.say)
        self._watch = FenceWatch(settings, home.here, self._problem, self.say)
        self._shown: Mapping[str, Any] = {}
        self._news = News()
        self._notifier = open_notifier(settings.notifications, home.here, self._problem)
        self._views = PeerViews(settings, self._keys, patience, look, self._problem)
        self._listener = Listener(
            settings.addresses[settings.node],
            settings.port,
            settings.node,
            self._keys,
            {
                PROMISE: self._promise,
                VIEWS: self._views.answer,
                **({} if certificates is None else {CERTIFICATES: certificates.answer}),
                **({} if copies is None else {COPIES: copies}),
                in_service.VERDICT: lambda _peer, payload: in_service.answer(self._shown, payload),
            },
            time.monotonic,
            problem=self._problem,
            known=[one for addresses in settings.addresses.values() for one in addresses],
        )

    def start(self) -> None:
        """Begin to answer peers."""
        self._listener.start()
        self._watch.start()
        if self._certificates is not None:
            self._certificates.begin(self._looked)

    def close(self, seconds: float = 2.0) -> None:
        """Answer nobody any more, and write down what waits."""
        self._listener.close()
        self._watch.close()
        if self._certificates is not None:
            self._certificates.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._views.close()
        self._notifier.close(seconds)
        self._made.close(seconds)
        self._said.close(seconds)
        self._decisions.close()
        self._log.close()

    # What the worker asks for

    def ask(self, peer: str, incarnation: int, done: Callable[[], None]) -> None:
        """Ask a peer for a promise, on a thread; ``done`` where it gives one."""
        self._threads.submit(self._ask, peer, incarnation, done)

    def views(self, peer: str, hierarchies: Sequence[str], now: bool, done: Callable[[Views], None]) -> None:
        """Ask a peer what it sees, on a thread."""
        self._views.ask(peer, hierarchies, now, done)

    def cut_power(self, node: str, done: Callable[[bool], None]) -> None:
        """Run the fence of a node, on a thread."""
        self._fences.run(node, done)

    def decided(self, snapshot: Snapshot, decision: Decision) -> None:
        """Have it written down and shown, and people told of what is news in it."""
        self._made.put((snapshot, decision))
        for event in self._news.of(snapshot, decision, wall()):
            self._notifier.tell(event)

    def standing(self, standing: Standing | None, told: Callable[[], None]) -> None:
        """Have it told to the supervisor; ``told`` after that, unless something newer was told instead."""
        self._left.put((standing, told))

    def standby(self, hierarchy: str, sentence: str) -> None:
        """Have it shown with the next decision."""
        self._standby = {**self._standby, hierarchy: sentence}

    def say(self, sentence: str) -> None:
        """Have it written to the log."""
        self._said.put(("info", sentence))

    # On threads

    def _looked(self, told: Told) -> None:
        """Certificates were looked at: what is news is told, and the next status shows it."""
        if told.problem:
            self._problem(f"The certificates were not looked at: {told.problem}")
            told = replace(told, notes=self._found.notes)
        for event in of_certificates(self._found.notes, told.notes, self._settings.node, wall()):
            self._said.put((event.severity.value, event.sentence))
            self._notifier.tell(event)
        self._found = told

    def _problem(self, sentence: str) -> None:
        self._said.put(("warning", sentence))

    def _write(self, item: tuple[str, str], lost: int) -> None:
        level, sentence = item
        more = {"dropped": lost} if lost else {}
        self._log.write(level, "agent", sentence, **more)

    def _pass_on(self, item: tuple[Standing | None, Callable[[], None]], _lost: int) -> None:
        standing, told = item
        self._tell(standing)
        told()

    def _journal(self, item: tuple[Snapshot, Decision], _lost: int) -> None:
        snapshot, decision = item
        self._decisions.decided(snapshot, decision)
        fences = self._fences.shown()
        for node, one in fences.items():
            one["looked"] = self._watch.shown(node)
        shown = {**self._works_by, **status(snapshot, decision, self._standby), "fences": fences}
        if self._certificates is not None:
            shown["certificates"] = self._found.document()
        if shown != self._shown:
            try:
                self._home.write(self._home.status_file, {"at": wall(), **shown})
            except OSError:  # a full disk: what stands there is not so any more
                self._home.forget_status()
                raise
            self._shown = shown

    def _ask(self, peer: str, incarnation: int, done: Callable[[], None]) -> None:
        try:
            answer = ask(
                self._settings.addresses.get(peer, ()),
                self._settings.port,
                node=self._settings.node,
                peer=peer,
                keys=self._keys,
                kind=PROMISE,
                payload={"incarnation": incarnation},
                timeout=self._patience,
            )
        except (PeerError, StandbyError) as error:
            self._problem(str(error))
            return
        if answer.get("granted") is True:
            done()

    def _promise(self, peer: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """A peer asks for a promise: the loop decides, in time or not at all."""
        incarnation = payload.get("incarnation")
        if not isinstance(incarnation, int):
            raise StandbyError("a promise is for an incarnation, which is a number")
        answered = threading.Event()
        granted: list[bool] = []

        def answer(yes: bool) -> None:
            granted.append(yes)
            answered.set()

        self._grant(peer, incarnation, answer)
        answered.wait(self._patience)
        return {"granted": granted == [True]}


def _silent(_sentence: str) -> None:
    """Where the log itself cannot be written, nobody is left to be told."""


def status(
    snapshot: Snapshot, decision: Decision, standby: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What ``status.json`` shows: this node's standing, and each of its hierarchies with the reason why.

    Args:
        snapshot: what was decided on.
        decision: what was decided.
        standby: how ready hierarchies are that are kept warm here, by name.
    """
    warm = standby or {}
    return {
        "node": snapshot.node,
        "standing": standing_of(snapshot),
        "incarnation": snapshot.own.incarnation,
        "witness": snapshot.outage or "reached",
        "hierarchies": {
            one.hierarchy: {
                "state": snapshot.local[one.hierarchy].state.value,
                "healthy": snapshot.local[one.hierarchy].healthy,
                "problem": snapshot.local[one.hierarchy].problem,
                "notice": snapshot.local[one.hierarchy].notice,
                "reason": one.reason.value,
                "sentence": one.sentence,
                **({"standby": warm[one.hierarchy]} if warm.get(one.hierarchy) else {}),
            }
            for one in decision.verdicts
            if one.hierarchy in snapshot.local
        },
    }
