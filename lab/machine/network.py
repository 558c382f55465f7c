# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adapters, interfaces and addresses of a node, with duplicate address detection and lifetimes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from lab.machine.clock import Clock
from lab.machine.netmodel import (
    IPV4,
    LOOPBACK_ALIAS,
    LOOPBACK_INDEX,
    AlreadyExists,
    Held,
    Interface,
    Origin,
    PersistentStore,
    State,
    adapter_of,
    interfaces_of,
)
from lab.machine.wire import Message, Wire
from lab.topology import Nic


class Network:
    """The network of one node.

    Args:
        host: host name on the wire.
        nics: the adapters.
        store: what survives a reboot.
        clock: the node's clock.
        wire: the connection to the other hosts.
        record: event log.
        changed: called after anything that can change which addresses are usable.
        blocked: says whether a peer is cut off.
    """

    def __init__(
        self,
        host: str,
        nics: tuple[Nic, ...],
        store: PersistentStore,
        clock: Clock,
        wire: Wire,
        record: Callable[..., None],
        changed: Callable[[], None],
        blocked: Callable[[str], bool] = lambda _peer: False,
    ) -> None:
        self.host = host
        self._store = store
        self._clock = clock
        self._wire = wire
        self._record = record
        self._changed = changed
        self._blocked = blocked
        self._nics = nics
        self.adapters = {nic.index: adapter_of(host, nic) for nic in nics}
        self.interfaces = interfaces_of(nics)
        self.stored: dict[tuple[int, str], Held] = {}
        self.active: dict[tuple[int, str], Held] = {}

    # Start and end

    def start(self) -> None:
        """Boot: read the persistent store, take every address in it."""
        self._wire.listen(self._hear)
        self.stored = {held.key: held for held in self._store.load(self._nics, self.interfaces)}
        loopback = Held("127.0.0.1", 8, LOOPBACK_INDEX, prefix_origin=Origin.WELL_KNOWN)
        loopback.suffix_origin = Origin.WELL_KNOWN
        for held in (loopback, *self.stored.values()):
            self._take(replace(held, persistent=False, ends=[]))

    def stop(self) -> None:
        """Shut down: every address is gone, the wire is left."""
        for held in list(self.active.values()):
            self._drop(held, "shutdown")
        self._wire.close()

    # What the machine sees

    def usable(self) -> frozenset[str]:
        """Addresses that serve: Preferred or Deprecated on an adapter that is up."""
        return frozenset(
            held.address
            for held in self.active.values()
            if held.state in (State.PREFERRED, State.DEPRECATED) and self._up(held.index)
        )

    def alias(self, index: int) -> str:
        """The name of an interface."""
        return LOOPBACK_ALIAS if index == LOOPBACK_INDEX else self.adapters[index].nic.alias

    def index_of(self, alias: str) -> int | None:
        """The index of an interface by its name without case, None where there is none."""
        aliases = {LOOPBACK_ALIAS.casefold(): LOOPBACK_INDEX}
        aliases |= {adapter.nic.alias.casefold(): index for index, adapter in self.adapters.items()}
        return aliases.get(alias.casefold())

    def interface(self, index: int, family: int) -> Interface:
        """The interface of that index and family."""
        return next(i for i in self.interfaces if (i.index, i.family) == (index, family))

    def remaining(self, end: float | None) -> float | None:
        """Seconds left of a lifetime, None for infinite."""
        return None if end is None else max(0.0, end - self._clock.now())

    # Changes

    def add(self, held: Held, *, active: bool, persistent: bool) -> list[Held]:
        """Put an address into one store or both and return the entries.

        Raises:
            AlreadyExists: one of the stores has it on this interface.
        """
        if (active and held.key in self.active) or (persistent and held.key in self.stored):
            raise AlreadyExists
        made = []
        if persistent:
            made.append(replace(held, persistent=True, state=State.INVALID, ends=[]))
            self.stored[held.key] = made[-1]
            self._store.save(self.stored.values(), self.interfaces)
        if active:
            made.append(self._take(replace(held, persistent=False, ends=[])))
        return made

    def remove(self, held: Held) -> None:
        """Remove an entry from its store."""
        if held.persistent:
            del self.stored[held.key]
            self._store.save(self.stored.values(), self.interfaces)
            self._record(
                "address_stored", address=held.address, interface=self.alias(held.index), stored=False
            )
        else:
            self._drop(held, "deleted")

    def set_lifetimes(self, held: Held, valid: float | None, preferred: float | None) -> None:
        """Set what is left of the lifetimes of an active entry, seconds; None is infinite."""
        now = self._clock.now()
        held.valid_end = None if valid is None else now + valid
        held.preferred_end = None if preferred is None else now + preferred
        if held.state is State.DEPRECATED:
            self._enter(held, State.PREFERRED)
        self._watch_lifetimes(held)
        self._record("address_renewed", address=held.address, valid=valid, preferred=preferred)

    def set_skip_as_source(self, held: Held, value: bool) -> None:
        """Set SkipAsSource."""
        held.skip_as_source = value
        if held.persistent:
            self._store.save(self.stored.values(), self.interfaces)

    def set_interface(self, interface: Interface, settings: dict[str, int]) -> None:
        """Change settings of an interface, for now and for after a reboot."""
        interface.settings.update(settings)
        self._store.save(self.stored.values(), self.interfaces)
        self._record("interface", interface=interface.alias, family=interface.family, **settings)

    def disable_dhcp(self, index: int) -> None:
        """A manual address switches DHCP off; what DHCP had given is gone."""
        interface = self.interface(index, IPV4)
        if not interface.settings["Dhcp"]:
            return
        self.set_interface(interface, {"Dhcp": 0})
        for held in [h for h in self.active.values() if h.index == index and h.prefix_origin == Origin.DHCP]:
            self._drop(held, "dhcp off")

    def set_link(self, index: int, *, enabled: bool | None = None, cable: bool | None = None) -> None:
        """Enable or disable an adapter, or move its cable; addresses are tested again when it comes up."""
        adapter = self.adapters[index]
        before = adapter.up
        adapter.enabled = adapter.enabled if enabled is None else enabled
        adapter.cable = adapter.cable if cable is None else cable
        if adapter.up == before:
            return
        self._record("adapter", interface=adapter.nic.alias, up=adapter.up)
        for held in [h for h in self.active.values() if h.index == index]:
            self._test(held)
        self._changed()

    # Life of an active address

    def _take(self, held: Held) -> Held:
        self.active[held.key] = held
        self._watch_lifetimes(held)
        self._test(held)
        return held

    def _drop(self, held: Held, why: str) -> None:
        self._cancel_ends(held)
        if held.test:
            held.test.cancel()
        del self.active[held.key]
        self._log(held, "Gone", why=why)
        self._changed()

    def _enter(self, held: Held, state: State) -> None:
        held.state = state
        self._log(held, state.name.title())
        self._changed()

    def _log(self, held: Held, state: str, **more: object) -> None:
        self._record("address", address=held.address, interface=self.alias(held.index), state=state, **more)

    def _test(self, held: Held) -> None:
        """Duplicate address detection from its start (a link that is down leaves the address Tentative)."""
        if held.test:
            held.test.cancel()
        held.probes_left = self.interface(held.index, held.family).settings["DadTransmits"]
        if held.probes_left or not self._up(held.index):
            self._enter(held, State.TENTATIVE)
            self._probe(held)
        else:
            self._pass(held)

    def _probe(self, held: Held) -> None:
        if held.state is not State.TENTATIVE or not self._up(held.index):
            return
        if not held.probes_left:
            self._pass(held)
            return
        held.probes_left -= 1
        wait = self.interface(held.index, held.family).settings["DadRetransmitTime"] / 1000
        held.test = self._clock.after(wait, lambda: self._probe(held))
        self._say("probe", held)

    def _pass(self, held: Held) -> None:
        over = held.preferred_end is not None and held.preferred_end <= self._clock.now()
        self._enter(held, State.DEPRECATED if over else State.PREFERRED)
        self._say("announce", held)

    def _watch_lifetimes(self, held: Held) -> None:
        """Arm the ends of the lifetimes, in place of earlier ones."""
        self._cancel_ends(held)
        for end, reached in ((held.preferred_end, self._deprecate), (held.valid_end, self._expire)):
            if end is not None:
                held.ends.append(self._clock.after(max(0.0, end - self._clock.now()), partial(reached, held)))

    def _deprecate(self, held: Held) -> None:
        if held.state is State.PREFERRED:
            self._enter(held, State.DEPRECATED)

    def _expire(self, held: Held) -> None:
        self._drop(held, "lifetime over")

    def _cancel_ends(self, held: Held) -> None:
        for timer in held.ends:
            timer.cancel()
        held.ends.clear()

    # The wire

    def _say(self, kind: str, held: Held) -> None:
        if held.index in self.adapters and self._up(held.index):
            segment = self.adapters[held.index].nic.segment
            self._wire.send(Message(kind, segment, held.address, self.host))

    def _hear(self, message: Message) -> None:
        if self._blocked(message.sender):
            return
        for held in [h for h in self.active.values() if h.address == message.address]:
            adapter = self.adapters.get(held.index)
            if adapter and adapter.up and adapter.nic.segment == message.segment:
                self._answer(held, message)

    def _answer(self, held: Held, message: Message) -> None:
        """RFC 5227 2.1.1: a probe from another host is a conflict too while this one still tests."""
        if held.state is State.TENTATIVE:
            self._record("address_conflict", address=held.address, peer=message.sender)
            self._enter(held, State.DUPLICATE)
        elif held.state in (State.PREFERRED, State.DEPRECATED):
            if message.kind == "probe":
                self._say("reply", held)
            else:
                self._record("address_conflict", address=held.address, peer=message.sender)

    # The persistent store

    def _up(self, index: int) -> bool:
        return index == LOOPBACK_INDEX or self.adapters[index].up
