# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logins to etcd, for all stores of a process: few, and none in vain.

etcd checks a password slowly on purpose (bcrypt), and goes on with that when who asked has gone. A member
with little processor time to spare would be kept busy by clients that give up and ask again, and none would
ever get a token. So one login is under way at most, to an endpoint; it goes on when nobody waits any more,
and its answer is for the next one who asks. Tokens are kept beyond the stores that they were got for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeAlias

from .etcd_requests import Post, Reply

# Seconds after which a login that was sent has failed.
PATIENCE = 10.0

# Carries a request out; its second argument is how long the answer may take, once connected.
Perform: TypeAlias = Callable[[Post, float], Reply]


class Logins:
    """The logins of a process with one user.

    Attributes:
        tokens: endpoint -> the token that it gave last.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        """Nobody has logged in yet."""
        self.tokens: dict[str, str] = {}
        self._patience = patience
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[Reply]] = {}

    def __call__(self, request: Post, perform: Perform) -> Reply:
        """The answer to a request for a token, to this one or to one that was made before.

        Args:
            request: its ``seconds`` are how long this caller waits, and how long it may take to connect.
            perform: called on a thread of its own.

        Raises:
            Unsent: it did not leave.
            OSError: no answer came.
        """
        with self._lock:
            login = self._under_way.get(request.endpoint)
            if login is None:
                login = self._under_way[request.endpoint] = Future()
                arguments = (login, request, perform)
                threading.Thread(target=self._run, args=arguments, name="login", daemon=True).start()
        reply = login.result(request.seconds)
        self._forget(request.endpoint, login)
        return reply

    def _run(self, login: Future[Reply], request: Post, perform: Perform) -> None:
        try:
            login.set_result(perform(request, self._patience))
        except Exception as error:  # whatever it is, those who wait are told
            self._forget(request.endpoint, login)
            login.set_exception(error)

    def _forget(self, endpoint: str, login: Future[Reply]) -> None:
        with self._lock:
            if self._under_way.get(endpoint) is login:
                del self._under_way[endpoint]
