# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agent as a program: the supervisor, and the worker that it keeps at work."""

from __future__ import annotations

import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Sequence

from ..control.store import read_node
from ..errors import StandbyError
from ..ha.definition import digest
from ..ha.disturbance import looked_after
from ..ha.model import Cluster, Hierarchy
from ..ha.ownership.succession import Standing
from ..ha.ownership.timing import Timers
from ..node import Node
from . import supervisor
from .declared import membership
from .home import Home
from .inbox import Inbox, Serve
from .lookout import Views
from .settings import EtcdSettings, Settings, timers_of
from .store.interface import Store
from .store.opening import open_directory, open_etcd
from .surroundings import Surroundings
from .worker import Place, Worker

OpenNode = Callable[[str, str, float], Node]

_STDIN = 0
# A worker that has said nothing for this part of a lease hangs: the next one has the rest to go on.
_SILENT = 0.5
# A CIM call of checks and moves may take so many store timeouts, a renewal of addresses one; but no less than
# Windows takes when it is busy, seconds: a call that is given up costs a new PowerShell.
_CALL, _SHORTEST_CALL, _SHORTEST_RENEWAL = 2.0, 5.0, 2.0
# Seconds between two looks whether the agent is asked to leave.
_GLANCE = 0.2


def supervise(home: Home, command: list[str], serve: Serve) -> int:
    """Keep a worker at work in a home, until it has left or is relieved, and serve requests; the exit code.

    An agent that is relieved leaves what it has in service, and its standing to the next one: that has the
    rest of the lease to begin.

    Args:
        home: of the agent.
        command: program and arguments of the worker.
        serve: does what is asked in the home's inbox; on threads.

    Raises:
        StandbyError: another agent works there, or its settings cannot be.
    """
    settings = home.settings()
    home.log_file.parent.mkdir(exist_ok=True)
    with home.alone():
        home.leave_file.unlink(missing_ok=True)  # meant for an agent that is no more
        inbox = Inbox(home.requests_folder, serve, _told)
        inbox.start()
        patience = _SILENT * timers_of(settings).lease
        home.relieve_file.unlink(missing_ok=True)
        keeper = supervisor.Supervisor(command, patience, _told, last=home.take_standing())
        threading.Thread(target=_watch_relief, args=(home, keeper), daemon=True).start()
        try:
            code = keeper.run()
        finally:
            inbox.close()
        if keeper.ended:
            home.standing_file.write_bytes(keeper.last)
            return 0
        return code


def _watch_relief(home: Home, keeper: supervisor.Supervisor) -> None:
    """End the worker when somebody asks for relief."""
    while not home.relieve_file.exists():
        time.sleep(_GLANCE)
    keeper.end()


def _told(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def work(home: Home, open_node: OpenNode) -> int:
    """Work in a home, from where the standing on standard input tells; until it has left.

    Args:
        home: of the agent.
        open_node: opens this machine, given the node's name, the folder of the agent, and seconds after which
            a CIM call has no answer.

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

    outside = Surroundings(home, settings, place.timers.store_timeout, grant, look, _tell, place.definition)
    made.append(Worker(place, outside))
    outside.start()
    threading.Thread(target=_watch, args=(home, made[0]), daemon=True).start()
    try:
        made[0].run(standing)
    finally:
        outside.close()
    home.leave_file.unlink(missing_ok=True)
    return supervisor.LEFT


def _watch(home: Home, worker: Worker) -> None:
    """Leave when somebody asks for it. The file stays until that is done, for a worker that takes over."""
    while not home.leave_file.exists():
        time.sleep(_GLANCE)
    worker.loop.post(worker.leave)


def open_witness(home: Home, settings: Settings) -> Callable[[], Store]:
    """What opens the witness anew.

    Raises:
        StandbyError: a file that the settings name cannot be read.
    """
    if settings.directory is not None:
        path = str(home.here(settings.directory))
        return lambda: open_directory(path)
    etcd = settings.etcd
    if etcd is None:
        raise StandbyError("the agent's settings name no witness")
    credentials = _credentials(home, etcd)
    ca_file, certificate_file, key_file = (
        None if name is None else str(home.here(name))
        for name in (etcd.ca_file, etcd.certificate_file, etcd.key_file)
    )
    certificate = (certificate_file, key_file) if certificate_file is not None else None
    return lambda: open_etcd(
        etcd.endpoints,
        settings.cluster,
        prefix=etcd.prefix,
        credentials=credentials,
        ca_file=ca_file,
        certificate=certificate,
        seconds=timers_of(settings).store_timeout,
    )


def _credentials(home: Home, etcd: EtcdSettings) -> tuple[str, str] | None:
    if etcd.user is None:
        return None
    try:
        password = home.here(etcd.password_file or "").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise StandbyError(
            f"the password of the witness's user {etcd.user} cannot be read ({error})",
            remedy="Run the monitor role again, which writes that file",
        ) from error
    return etcd.user, password


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
        home.machine(),
        node,
        open_node(settings.node, home.name, renewal_seconds(timers)),
        {one.name: one for one in own_hierarchies(cluster, settings.node)},
        membership(cluster, settings.options),
        timers,
        open_witness(home, settings),
        settings.checks,
        digest(cluster),
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
    while os.read(_STDIN, 1024):
        continue
    os._exit(1)
