# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where an agent is, and what it has beside its node and the witness."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ..ha.check_times import CheckSettings
from ..ha.model import Hierarchy
from ..ha.ownership.decision import Decision
from ..ha.ownership.snapshot import Membership, Snapshot
from ..ha.ownership.succession import Standing
from ..ha.ownership.timing import Timers
from ..node import Node
from .lookout import Views
from .store.interface import Store

if TYPE_CHECKING:
    from ..control.dns_record import Keys


class Outside(Protocol):
    """What an agent has beside its node and the witness. ``done`` may be called on any thread, or never."""

    def ask(self, peer: str, incarnation: int, done: Callable[[], None]) -> None:
        """Ask a peer to promise that it will not fence this incarnation; ``done`` where it does."""

    def views(self, peer: str, hierarchies: Sequence[str], now: bool, done: Callable[[Views], None]) -> None:
        """Ask a peer what it sees, if ``now`` by looking; ``done`` once, with nothing for no answer."""

    def cut_power(self, node: str, done: Callable[[bool], None]) -> None:
        """Run the fence of a node; ``done`` is told whether it is surely off."""

    def decided(self, snapshot: Snapshot, decision: Decision) -> None:
        """What was decided; on the loop, so it must not wait."""

    def standing(self, standing: Standing | None, told: Callable[[], None]) -> None:
        """What a next process could go on from, after every tick; on the loop.

        ``told`` is called, on any thread, once the supervisor has it; never where something newer is told.
        """

    def standby(self, hierarchy: str, sentence: str) -> None:
        """How ready a hierarchy is that is kept warm here, "" where it is not; on the loop."""

    def say(self, sentence: str) -> None:
        """Something that people want to know; on the loop."""


@dataclass(frozen=True)
class Place:
    """Where an agent is.

    Attributes:
        name: of its node.
        instance: random text, new for every agent; the same for its processes that go on from one another.
        machine: text that no other machine has.
        node: the node, for several threads at once.
        renewals: the node once more, so that no renewal of an address waits for anything else.
        hierarchies: by name, those that have this node.
        cluster: what was declared of ownership.
        timers: of the cluster.
        open_store: makes a store that nobody else uses.
        checks: what is set otherwise of health checks.
        definition: digest of the definition that all this was made of.
        dns_keys: reads the TSIG keys by which records are updated; raises StandbyError.
    """

    name: str
    instance: str
    machine: str
    node: Node
    renewals: Node
    hierarchies: Mapping[str, Hierarchy]
    cluster: Membership
    timers: Timers
    open_store: Callable[[], Store]
    checks: CheckSettings = field(default_factory=CheckSettings)
    definition: str = ""
    dns_keys: Callable[[], Keys] = dict
