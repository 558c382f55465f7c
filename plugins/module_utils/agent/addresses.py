# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Floating addresses that this node holds: their lifetimes are renewed in step with the lease."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta

from ..errors import StandbyError
from ..node import Node, Reference
from ..windows.address import read_addresses, remove_address, renew_addresses


class Addresses:
    """Renews the addresses of one node, on a thread of its own, as often as it is asked to.

    Args:
        node: the node.
        rest: the lifetime an address may be given at this moment; raises StandbyError where there is none.
    """

    def __init__(self, node: Node, rest: Callable[[], timedelta]) -> None:
        self._node, self._rest = node, rest
        self._held: set[str] = set()
        self._references: dict[str, Reference] = {}
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._running = True
        threading.Thread(target=self._run, name="addresses", daemon=True).start()

    def hold(self, addresses: Iterable[str]) -> None:
        """These are to live as long as the lease from now on."""
        with self._lock:
            self._held.update(addresses)

    def release(self, addresses: Iterable[str]) -> None:
        """These are not renewed any more."""
        with self._lock:
            for address in addresses:
                self._held.discard(address)
                self._references.pop(address, None)

    def renew(self) -> None:
        """The lease has become longer: renew, soon."""
        self._wanted.set()

    def drop(self, address: str) -> None:
        """Remove an address at once; one that cannot be removed ends with its lifetime."""
        self.release([address])
        with suppress(StandbyError):
            remove_address(self._node, address)

    def close(self) -> None:
        """End the thread."""
        self._running = False
        self._wanted.set()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if not self._running:
                return
            # Whatever it is: the next renewal comes with the next of the lease, and looks for all anew.
            try:
                self._renew_all()
            except Exception:
                with self._lock:
                    self._references.clear()

    def _renew_all(self) -> None:
        with self._lock:
            held, known = set(self._held), dict(self._references)
        if held - known.keys():
            self._look(held)
        with self._lock:
            known = {address: one for address, one in self._references.items() if address in self._held}
        failures = renew_addresses(self._node, list(known.values()), self._rest)
        with self._lock:
            for address, failure in zip(known, failures, strict=True):
                if failure is not None:
                    self._references.pop(address, None)

    def _look(self, held: set[str]) -> None:
        """Find the instances; an address that is not there yet is looked for again the next time."""
        seen = read_addresses(self._node)
        with self._lock:
            for found in seen:
                if found.address in held and not found.persistent and found.reference is not None:
                    self._references[found.address] = found.reference
