# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the comparison works on: two nodes as they were read, and what it says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from ...errors import StandbyError
from ...windows.environment import Machine
from ...windows.iis_config import IisConfiguration, IisSite, Pool
from ...windows.iis_schema import Described
from ...windows.twin_reading import TwinReading
from ..facts import NodeFacts
from ..on_node import bound_elsewhere, information
from ..paths import expand, place
from .values import ABSENT, Value


class Verdict(StrEnum):
    """What a difference means."""

    BREAKS = "breaks failover"
    PURPOSE = "differs on purpose"
    COSMETIC = "cosmetic"


@dataclass(frozen=True)
class Side:
    """One node.

    Attributes:
        facts: addresses, volumes, sites and pools.
        reading: the rest.
        features: names of the features of Windows that are installed; empty where they were not asked for.
    """

    facts: NodeFacts
    reading: TwinReading
    features: frozenset[str] = frozenset()

    @property
    def node(self) -> str:
        """Inventory name."""
        return self.facts.name

    @property
    def iis(self) -> IisConfiguration:
        """Sites and pools; StandbyError where they were not read."""
        if self.facts.iis is None:
            raise StandbyError("its IIS configuration was not read", node=self.node)
        return self.facts.iis

    @property
    def machine(self) -> Machine:
        """The machine; StandbyError where it was not read."""
        if self.facts.machine is None:
            raise StandbyError("what machine it is was not read", node=self.node)
        return self.facts.machine

    def elsewhere(self, moved: Mapping[str, str]) -> Side:
        """The node with its sites bound to the addresses that they have on another one."""
        if not moved:
            return self
        bound = {(site, information(one, moved)): by for (site, one), by in self.reading.bound.items()}
        return replace(
            self,
            facts=replace(self.facts, iis=bound_elsewhere(self.iis, moved)),
            reading=replace(self.reading, bound=bound),
        )

    def site(self, name: str) -> IisSite | None:
        """The site of that name."""
        return self.iis.site(name)

    def pool(self, name: str) -> Pool | None:
        """The pool of that name."""
        return self.iis.pool(name)

    def section(self, path: str) -> Described | None:
        """What the schema says of a section."""
        return self.reading.schema.get(path)

    def expanded(self, path: str) -> str:
        """A path of content on this node; UnknownVariableError where it names what the node does not have."""
        names = {name.upper(): value for name, value in self.machine.variables.items()}
        return place(expand(path, names)).path

    def account(self, name: str) -> str:
        """An account; one of the machine itself has the same name on every machine."""
        domain, _rest, user = name.rpartition("\\")
        own = domain.casefold() in ("", ".", self.machine.computer_name.casefold())
        return f".\\{user}" if own and "@" not in user else name


@dataclass(frozen=True)
class Subject:
    """What is compared.

    Attributes:
        site: its name.
        moving: paths of volumes that move with it, whose content is the same by being one.
        ignore: patterns of paths that differ on purpose, as the operator says.
        now: by which certificates are judged.
        certificate_days: with fewer left, a certificate is warned of.
    """

    site: str
    moving: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    now: datetime | None = None
    certificate_days: float = 30.0


@dataclass(frozen=True)
class Found:
    """One setting that is not the same.

    Attributes:
        path: where.
        here: its value on the node with the original.
        there: on the backup.
        where: location and section, where it is a setting of one.
    """

    path: str
    here: Value = ABSENT
    there: Value = ABSENT
    where: tuple[str, str] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Difference:
    """One difference, judged.

    Attributes:
        path: where, such as ``pools[Shop]/processModel/idleTimeout``.
        here: on the node with the original.
        there: on the backup.
        verdict: what it means.
        remedy: what to do, without a final full stop.
        repairable: ``repair`` makes it the same.
    """

    path: str
    here: str
    there: str
    verdict: Verdict
    remedy: str
    repairable: bool = False


@dataclass(frozen=True)
class Drift:
    """A site compared with its twin.

    Attributes:
        site: its name.
        here: the node with the original.
        there: the backup.
        differences: in the order of the areas.
        warnings: what is no difference and should be looked at all the same, one sentence each.
        not_compared: secrets that each server encrypts for itself, and parts that were left out.
    """

    site: str
    here: str
    there: str
    differences: tuple[Difference, ...] = ()
    warnings: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = field(default=())

    @property
    def breaking(self) -> tuple[Difference, ...]:
        """Those that would break a failover."""
        return tuple(one for one in self.differences if one.verdict is Verdict.BREAKS)

    def counted(self) -> Mapping[Verdict, int]:
        """How many there are of each verdict."""
        verdicts = [one.verdict for one in self.differences]
        return {verdict: verdicts.count(verdict) for verdict in Verdict}
