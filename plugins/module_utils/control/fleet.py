# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All nodes of a cluster: sessions opened once, used by one thread at a time, and closed together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from types import TracebackType
from typing import TypeVar

from ..errors import StandbyError, Unreachable
from ..node import Node
from ..wsman.options import Connection
from ..wsman.session import connect

Found = TypeVar("Found")

# Windows allows a user 30 shells on a node (MaxShellsPerUser, Windows Server 2012 and later); well below it,
# since other tools of the operator share the quota.
SESSIONS_PER_NODE = 8
# Threads are made on demand; enough for every session of a five-node cluster.
THREADS = 40


class _Sessions:
    """The sessions to one node: idle ones, and a bound on how many there are."""

    def __init__(
        self,
        connection: Connection,
        open_session: Callable[[Connection], Node],
        discard: Callable[[Node], object],
    ) -> None:
        self.connection = connection
        self._open = open_session
        self._discard = discard
        self._idle: list[Node] = []
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(SESSIONS_PER_NODE)

    @contextmanager
    def lease(self) -> Iterator[Node]:
        """A node nobody else uses; a session whose link was lost is closed instead of kept."""
        with self._room:
            with self._lock:
                node = self._idle.pop() if self._idle else None
            if node is None:
                node = self._open(self.connection)
            try:
                yield node
            except Unreachable:
                # Not here: a node that hangs would hold up whoever has to act on its silence.
                self._discard(node)
                raise
            except BaseException:
                self._keep(node)
                raise
            self._keep(node)

    def _keep(self, node: Node) -> None:
        with self._lock:
            self._idle.append(node)

    def close(self) -> None:
        """Discard every idle session."""
        with self._lock:
            idle, self._idle = self._idle, []
        for node in idle:
            self._discard(node)


def _close(node: Node) -> None:
    # A node that went away deletes its own shells at their idle timeout; nothing is lost with the answer.
    with suppress(StandbyError):
        node.close()


class Fleet:
    """The nodes an operation drives, each by its inventory name.

    Attributes:
        names: inventory names, in the order given.
        pool: executor for work on several nodes at once. Work in it must not wait for other work in it.
    """

    def __init__(
        self, connections: Sequence[Connection], connect: Callable[[Connection], Node] = connect
    ) -> None:
        """Remember how to reach the nodes; nothing is opened yet.

        Args:
            connections: one a node, in the operator's order.
            connect: opens a session; each call must give a Node that shares nothing with others.

        Raises:
            StandbyError: two connections have the same name, or there is none.
        """
        self.names = tuple(connection.name for connection in connections)
        if not self.names:
            raise StandbyError("no node was given", remedy="Give one connection for each node of the cluster")
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise StandbyError(
                f"two connections are named {twice[0]}", node=twice[0], remedy="Give each node its own name"
            )
        self.pool: Executor = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="fleet")
        self._closing: list[Future[None]] = []
        self._sessions = {
            connection.name: _Sessions(connection, connect, self._discard) for connection in connections
        }

    def connection(self, name: str) -> Connection:
        """How the node is reached.

        Raises:
            StandbyError: no node has this name.
        """
        return self._of(name).connection

    def lease(self, name: str) -> AbstractContextManager[Node]:
        """A context manager of a Node that no other thread uses; waits where all sessions to it are in use.

        Raises:
            StandbyError: no node has this name, or no session could be opened.
        """
        return self._of(name).lease()

    def each(
        self, function: Callable[[Node], Found], names: Sequence[str] | None = None
    ) -> dict[str, Found | StandbyError]:
        """Call the function for every node (or those named) concurrently.

        Returns:
            By name, in the order asked, what the function returned or the StandbyError raised on the way.
        """

        def one(name: str) -> Found | StandbyError:
            try:
                with self.lease(name) as node:
                    return function(node)
            except StandbyError as error:
                return error

        running = {name: self.pool.submit(one, name) for name in (self.names if names is None else names)}
        return {name: future.result() for name, future in running.items()}

    def on_all(
        self, function: Callable[[Node], Found], names: Sequence[str] | None = None
    ) -> dict[str, Found]:
        """Call the function as ``each`` does, where every node has to answer.

        Raises:
            StandbyError: the first failure, in the order asked, once all have answered.
        """
        answers = self.each(function, names)
        for answer in answers.values():
            if isinstance(answer, StandbyError):
                raise answer
        return {name: answer for name, answer in answers.items() if not isinstance(answer, StandbyError)}

    def warm(self, name: str, count: int, touch: Callable[[Node], object]) -> None:
        """Have ``count`` sessions to a node open and authenticated: no handshake falls into an outage.

        Args:
            name: the node.
            count: sessions wanted; never more than SESSIONS_PER_NODE.
            touch: a cheap request that makes the session authenticate (and open its shell, where needed).

        Raises:
            StandbyError: a session could not be opened, or the request failed.
        """
        wanted = min(count, SESSIONS_PER_NODE)
        barrier = threading.Barrier(wanted)

        def one() -> None:
            try:
                with self.lease(name) as node:
                    touch(node)
                    # Hold the session until all are open: otherwise one would be leased again and again.
                    barrier.wait()
            except threading.BrokenBarrierError:
                return
            except BaseException:  # whatever it is, the others must not wait for this one
                barrier.abort()
                raise

        for future in [self.pool.submit(one) for _rest in range(wanted)]:
            future.result()

    def close(self) -> None:
        """Close all sessions, concurrently; the nodes' shells are deleted with them."""
        for sessions in self._sessions.values():
            sessions.close()
        for future in self._closing:
            future.result()
        self.pool.shutdown()

    def _discard(self, node: Node) -> None:
        self._closing.append(self.pool.submit(_close, node))

    def _of(self, name: str) -> _Sessions:
        if name not in self._sessions:
            raise StandbyError(
                f"no connection to node {name} was given",
                node=name,
                remedy=f"Run with all nodes of the cluster; given were {', '.join(self.names)}",
            )
        return self._sessions[name]

    def __enter__(self) -> Fleet:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
