# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The etcd store: a version is a ``mod_revision``, a put a transaction that compares it.

Revisions rise over the whole of etcd and are never used twice. The value tells the put that wrote it and the
version that it replaced. So a transaction may be sent again, also to another member: one of them at most
finds the version it compares with, and the other ones find the writer of this put. Where answers were lost,
and what is found instead was put on the very version that this put expected, this put was not done; where
more has happened since, it cannot be told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from . import etcd_failures, etcd_wire
from .etcd_failures import Failure
from .etcd_identity import Identity
from .etcd_requests import Post, Unsent
from .etcd_wire import Stored
from .interface import Conflict, Operation, Versioned

T = TypeVar("T")
Failures: TypeAlias = list[Failure]
Found: TypeAlias = list[Stored]


def prefix_of(cluster: str) -> str:
    """Where the keys of a cluster lie in etcd, where nothing else is said."""
    return f"/standby.iis/{cluster.replace('%', '%25').replace('/', '%2F')}/"


# The share of a put's time for the transaction; the rest is for reading back one whose answer is lost.
_TO_WRITE = 2 / 3

# Reads an answer; raises one of etcd_wire.MALFORMED.
Parse: TypeAlias = Callable[[dict[str, Any]], T]


class _Failed(Exception):
    """No endpoint answered."""

    def __init__(self, failures: list[Failure]) -> None:
        self.failures = failures
        self.uncertain = any(one.uncertain for one in failures)


class Etcd:
    """The protocol of the etcd store (``interface.StoreProtocol``); its requests are ``etcd_requests.Post``.

    It is for one thread at a time.
    """

    def __init__(
        self,
        endpoints: Sequence[str],
        prefix: str,
        writer: str,
        monotonic: Callable[[], float],
        *,
        credentials: tuple[str, str] | None = None,
        tokens: MutableMapping[str, str] | None = None,
        identity: Identity | None = None,
        seconds: float,
    ) -> None:
        """Take what differs between clusters and processes; nothing is sent yet.

        Args:
            endpoints: client URLs of the members, without a path.
            prefix: of all keys, see ``prefix_of``.
            writer: text that no other process ever uses, on whatever node.
            monotonic: a clock in seconds that never goes back.
            credentials: user and password, where etcd has authentication enabled.
            tokens: endpoint -> token that it gave, shared with other stores of the same user.
            identity: of the cluster that counts, shared with other stores of the same witness; where it is
                not given, the first answer counts, and no endpoint is asked for that alone.
            seconds: that one operation may take, a put with reading back a lost answer included.
        """
        self._endpoints = list(endpoints)
        self._prefix = prefix
        self._writer = writer
        self._now = monotonic
        self._credentials = credentials
        self._seconds = seconds
        self._tokens = {} if tokens is None else tokens
        # The etcd cluster that answered first, until one counts: answers of another one are refused.
        self._first = ""
        self._identity = identity
        self._puts = 0

    def get(self, key: str) -> Operation[Versioned | None]:
        """The newest version; see StoreProtocol."""
        try:
            stored = yield from self._read(key, self._now() + self._seconds)
        except _Failed as failed:
            raise etcd_failures.outage(failed.failures, key, uncertain=False) from failed
        return None if stored is None else Versioned(stored.revision, stored.value)

    def list(self, prefix: str) -> Operation[dict[str, Versioned]]:
        """The newest version of every key with the prefix; see StoreProtocol."""
        try:
            stored = yield from self._pages(self._key(prefix), self._now() + self._seconds)
        except _Failed as failed:
            raise etcd_failures.outage(failed.failures, prefix, uncertain=False) from failed
        own = len(self._key(""))
        return {
            name: Versioned(one.revision, one.value)
            for one in stored
            if (name := etcd_wire.text(one.key[own:])) is not None
        }

    def put(self, key: str, version: int, value: str) -> Operation[int]:
        """Replace one version by a new one; see StoreProtocol."""
        self._puts += 1
        writer = f"{self._writer}-{self._puts}"
        started = self._now()
        swap = etcd_wire.swap(self._key(key), version, etcd_wire.wrap(writer, version, value))
        try:
            answer, failures = yield from self._ask(
                etcd_wire.TXN, swap, etcd_wire.swapped, started + self._seconds * _TO_WRITE
            )
            if isinstance(answer, int):
                return answer
            found = answer
        except _Failed as failed:
            failures = failed.failures
            if not failed.uncertain:
                raise etcd_failures.outage(failures, key, uncertain=False) from failed
            found = yield from self._read_back(key, failures, started + self._seconds)
        return self._settled(key, version, writer, found, failures)

    def _read_back(self, key: str, failures: Failures, deadline: float) -> Operation[Stored | None]:
        try:
            return (yield from self._read(key, deadline))
        except _Failed as failed:
            raise etcd_failures.outage([*failures, *failed.failures], key, uncertain=True) from failed

    def _settled(
        self, key: str, version: int, writer: str, found: Stored | None, failures: Sequence[Failure]
    ) -> int:
        """What became of a put, by what is there; failures are those that came before.

        Raises:
            Conflict: it was not done.
            StoreOutage: it cannot be told.
        """
        if found is not None and found.writer == writer:
            return found.revision
        uncertain = any(one.uncertain for one in failures)
        if not uncertain or (found is not None and found.over == version):
            raise Conflict(key, version, found.revision if found else None)
        raise etcd_failures.outage(failures, key, uncertain=True)

    def _read(self, key: str, deadline: float) -> Operation[Stored | None]:
        found, _failures = yield from self._ask(
            etcd_wire.RANGE, etcd_wire.one(self._key(key)), etcd_wire.found, deadline
        )
        return found[0] if found else None

    def _pages(self, first: bytes, deadline: float) -> Operation[Found]:
        end = etcd_wire.after_prefix(first)
        stored: Found = []
        while True:
            found, _failures = yield from self._ask(
                etcd_wire.RANGE, etcd_wire.page(first, end), etcd_wire.found, deadline
            )
            stored += found
            if len(found) < etcd_wire.PAGE:
                return stored
            first = found[-1].key + b"\0"

    def _key(self, key: str) -> bytes:
        return etcd_wire.data(self._prefix + key)

    # --- one answer from any of the endpoints

    def _ask(
        self, path: str, document: dict[str, Any], parse: Parse[T], deadline: float
    ) -> Operation[tuple[T, Failures]]:
        """Ask the endpoints in turn, beginning with the one that answered last; a single one twice.

        Returns:
            The answer, and what failed before it.

        Raises:
            _Failed: none answered.
        """
        body = json.dumps(document).encode()
        turns = self._endpoints * (1 if len(self._endpoints) > 1 else 2)
        failures: Failures = []
        for turn, endpoint in enumerate(turns):
            share = (deadline - self._now()) / (len(turns) - turn)
            answer = yield from self._ask_one(endpoint, path, body, parse, self._now() + share)
            if not isinstance(answer, _Failed):
                self._endpoints.sort(key=endpoint.__ne__)
                if strangers := (yield from self._strangers(endpoint, deadline)):
                    raise _Failed(strangers)
                return answer, failures
            failures += answer.failures
        raise _Failed(failures)

    def _strangers(self, answered: str, deadline: float) -> Operation[Failures]:
        """Endpoints of another cluster than that of one that answered; each is asked for that once.

        Where there are some, none of them counts: somebody has to say which are meant.
        """
        if self._identity is None or not (unasked := self._identity.unasked(self._endpoints)):
            return []
        body = json.dumps(etcd_wire.one(self._key(""))).encode()
        belonging, failures = [answered], []
        others = [one for one in unasked if one != answered]
        for turn, endpoint in enumerate(others):
            share = (deadline - self._now()) / (len(others) - turn)
            answer = yield from self._ask_one(
                endpoint, etcd_wire.RANGE, body, etcd_wire.found, self._now() + share
            )
            if isinstance(answer, _Failed):
                failures += [one for one in answer.failures if one.stranger]
            else:
                belonging.append(endpoint)
        if not failures:
            self._identity.learn(self._first, belonging, unasked)
        return failures

    def _ask_one(
        self, endpoint: str, path: str, body: bytes, parse: Parse[T], deadline: float
    ) -> Operation[T | _Failed]:
        """Ask one endpoint, once more with a new token where it may not know the one it was given."""
        failures: Failures = []
        for _attempt in range(2):
            had = self._tokens.get(endpoint)
            token = yield from self._token(endpoint, deadline)
            if isinstance(token, Failure):
                return _Failed([*failures, token])
            answer = yield from self._send(endpoint, path, body, token, parse, deadline)
            if not isinstance(answer, Failure):
                return answer
            failures.append(answer)
            # Another store may have got a new one meanwhile.
            if answer.stale and self._tokens.get(endpoint) == token:
                self._tokens.pop(endpoint, None)
            if not (answer.stale and had):
                break
        return _Failed(failures)

    def _token(self, endpoint: str, deadline: float) -> Operation[str | Failure | None]:
        """A token of an endpoint; a member that was down does not know those of the others."""
        known = self._tokens.get(endpoint)
        if self._credentials is None or known is not None:
            return known
        body = json.dumps(etcd_wire.credentials(*self._credentials)).encode()
        token = yield from self._send(endpoint, etcd_wire.AUTHENTICATE, body, None, etcd_wire.token, deadline)
        if isinstance(token, Failure):
            return replace(token, uncertain=False)
        self._tokens[endpoint] = token
        return token

    def _send(
        self, endpoint: str, path: str, body: bytes, token: str | None, parse: Parse[T], deadline: float
    ) -> Operation[T | Failure]:
        seconds = deadline - self._now()
        if seconds <= 0:
            return etcd_failures.late(endpoint)
        try:
            reply = yield Post(endpoint, path, body, token, seconds)
        except Unsent as error:
            return etcd_failures.not_sent(endpoint, error)
        except OSError as error:
            return etcd_failures.no_answer(endpoint, error)
        answer = etcd_failures.understood(endpoint, reply)
        if isinstance(answer, Failure):
            return answer
        try:
            cluster, parsed = etcd_wire.cluster(answer), parse(answer)
        except etcd_wire.MALFORMED as error:
            return etcd_failures.foreign(endpoint, f"{path} answers without {error}", uncertain=True)
        self._first = (self._identity.cluster if self._identity else "") or self._first or cluster
        if cluster == self._first:
            return parsed
        return etcd_failures.other_cluster(endpoint, self._first, cluster)
