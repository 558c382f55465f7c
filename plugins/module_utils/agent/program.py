# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The worker of an agent as a process: from its settings to its end."""

from __future__ import annotations

import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from ..control.store import read_node
from ..errors import StandbyError
from ..ha.definition import digest
from ..ha.disturbance import looked_after
from ..ha.model import Cluster, Hierarchy
from ..ha.ownership.succession import Standing
from ..ha.ownership.timing import Timers
from ..node import Node
from . import supervisor
from .certificate_watch import CERTIFICATES, CertificateWatch
from .copier import COPIES
from .declared import membership
from .dns_keys import read_keys
from .home import Home, wait_for
from .lookout import Views
from .machine import machine_of
from .opening import open_witness
from .peers import client
from .peers.keys import KeyFile
from .peers.told import Told
from .place import Place
from .settings import Settings, timers_of
from .surroundings import Surroundings
from .worker import Worker
from .works_by import works_by

OpenNode = Callable[[str, str, float], Node]

_STDIN = 0
# Seconds for the other end of a mirror to look through its volume.
_COPIES_TIMEOUT = 60.0
# A CIM call of checks and moves may take so many store timeouts, a renewal of addresses one; but no less than
# Windows takes when it is busy, seconds: a call that is given up costs a new PowerShell.
_CALL, _SHORTEST_CALL, _SHORTEST_RENEWAL = 2.0, 5.0, 2.0


def work(home: Home, open_node: OpenNode, program: str = "") -> int:
    """Work in a home, from where the standing on standard input tells; until it has left.

    Args:
        home: of the agent.
        open_node: opens this machine, given the node's name, the folder of the agent, and seconds after which
            a CIM call has no answer.
        program: digest of the archive that the supervisor runs.

    Raises:
        StandbyError: settings or definition cannot be read, or make no sense.
    """
    standing = supervisor.standing_in(sys.stdin.buffer.readline())
    # The supervisor holds the other end: without it another one may begin, and two workers never work.
    threading.Thread(target=_end_with_supervisor, daemon=True).start()
    settings = home.settings()
    place = _place(home, settings, open_node, standing)
    made: list[Worker] = []

    def grant(peer: str, incarnation: int, answer: Callable[[bool], None]) -> None:
        made[0].loop.post(lambda: answer(made[0].engine.grant(peer, incarnation)))

    def look(hierarchies: Sequence[str], now: bool, answer: Callable[[Views], None]) -> None:
        made[0].loop.post(lambda: made[0].views(hierarchies, now, answer))

    named = works_by(settings, program, place.definition)
    certificates = _certificates(home, settings, place)
    patience = place.timers.store_timeout

    def copies(peer: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        return made[0].copier.answer(peer, payload)

    outside = Surroundings(home, settings, patience, grant, look, _tell, named, certificates, copies)
    made.append(Worker(place, outside, _asker(home, settings, COPIES, _COPIES_TIMEOUT)))
    outside.start()
    say = Told(outside.say, time.monotonic).tell
    threading.Thread(target=_watch, args=(home, made[0], say), daemon=True).start()
    try:
        made[0].run(standing)
    finally:
        outside.close()
    with suppress(OSError):  # else the next supervisor removes it
        home.leave_file.unlink(missing_ok=True)
    return supervisor.LEFT


def _watch(home: Home, worker: Worker, say: Callable[[str], None]) -> None:
    """Leave when somebody asks for it. The file stays until that is done, for a worker that takes over."""
    wait_for(home.leave_file, say)
    worker.loop.post(worker.leave)


def _certificates(home: Home, settings: Settings, place: Place) -> CertificateWatch:
    """What looks at the certificates of this node, and asks the other agents for theirs."""
    ask = _asker(home, settings, CERTIFICATES, 2 * place.timers.store_timeout + 1.0)
    hierarchies = place.hierarchies.values()
    return CertificateWatch(place.name, place.node, hierarchies, settings.checks, ask, time.monotonic)


def _asker(
    home: Home, settings: Settings, kind: str, timeout: float
) -> Callable[[str, Mapping[str, Any]], Mapping[str, Any]]:
    """What asks other agents questions of one kind."""
    keys = KeyFile(home.key_file)

    def ask(peer: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        addresses, port = settings.addresses.get(peer, ()), settings.port
        return client.ask(
            addresses,
            port,
            node=settings.node,
            peer=peer,
            keys=keys,
            kind=kind,
            payload=payload,
            timeout=timeout,
        )

    return ask


def call_seconds(timers: Timers) -> float:
    """Seconds that a CIM call of checks and moves may take."""
    return max(_CALL * timers.store_timeout, _SHORTEST_CALL)


def renewal_seconds(timers: Timers) -> float:
    """Seconds that a renewal of addresses may take."""
    return max(timers.store_timeout, _SHORTEST_RENEWAL)


def definition(node: Node) -> Cluster:
    """The cluster as it is defined on this node.

    Raises:
        StandbyError: it cannot be read, or there is none.
    """
    cluster = read_node(node)
    if cluster is None:
        raise StandbyError(
            "the node has no definition of a cluster", node=node.name, remedy="Run the configure playbook"
        )
    return cluster


def own_hierarchies(cluster: Cluster, node: str) -> list[Hierarchy]:
    """Those that have a node."""
    return [one for one in looked_after(cluster) if node in one.nodes]


def _place(home: Home, settings: Settings, open_node: OpenNode, standing: Standing | None) -> Place:
    timers = timers_of(settings)
    node = open_node(settings.node, home.name, call_seconds(timers))
    cluster = definition(node)
    return Place(
        settings.node,
        standing.instance if standing is not None else secrets.token_hex(16),
        machine_of(node, home),
        node,
        open_node(settings.node, home.name, renewal_seconds(timers)),
        {one.name: one for one in own_hierarchies(cluster, settings.node)},
        membership(cluster, settings.options),
        timers,
        open_witness(home, settings),
        settings.checks,
        digest(cluster),
        partial(read_keys, home, settings),
    )


def _tell(standing: Standing | None) -> None:
    """To the supervisor; where that is gone, ``_end_with_supervisor`` ends this process."""
    try:
        sys.stdout.buffer.write(supervisor.line(standing))
        sys.stdout.buffer.flush()
    except OSError:
        return


def _end_with_supervisor() -> None:
    """Not through ``sys.stdin``, whose lock Python wants when it ends."""
    try:
        while os.read(_STDIN, 1024):
            continue
    finally:
        os._exit(1)
