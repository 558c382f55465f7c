# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Agents on all nodes of a cluster, as asked for: added where they are missing, replaced node by node.

An agent that runs is never stopped: it is relieved, and its successor goes on with its lease and what it has
in service. The next node follows once the successor is well; the first bad sign ends it all. What is in
service and no agent looks after yet is taken out of service first: an agent must not take what another node
has.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from ..agent import bundle
from ..agent.declared import membership
from ..agent.peers.keys import new_key
from ..agent.settings import timers_of
from ..control.fleet import Fleet
from ..control.hierarchy import take_out_of_service
from ..control.info import hierarchies_of
from ..control.store import read_cluster
from ..errors import StandbyError, Unreachable
from ..ha.model import Cluster, Hierarchy
from ..ha.ownership.timing import bound
from ..node import Clock, Node
from ..windows.files import Files
from . import health, keys, readiness, seen
from .all_nodes import check_nodes
from .case import Case, case_of
from .install import Installer, unregister
from .newcomers import newcomers, order
from .same_witness import check_same
from .seen import Seen
from .steps import PREPARING, Act
from .wanted import KEYS, Request, wanted

# Seconds beyond what the timers promise: programs start, sites start.
_ALLOWANCE = 60.0
_REASON = "agents take over the cluster"
_OUT = "out_of_service"


class Rollout:
    """One run over all nodes.

    Args:
        fleet: all nodes of the cluster.
        request: what is asked for.
        script: text of ``receive_file.ps1``.
        clock: time.

    Attributes:
        handovers: node -> seconds from the relief of its agent to a successor that is well.
    """

    def __init__(self, fleet: Fleet, request: Request, script: str, clock: Clock = time) -> None:
        self._fleet, self._request, self._script, self._clock = fleet, request, script, clock
        self._names = tuple(request.settings)
        self.handovers: dict[str, float] = {}
        timers = timers_of(next(iter(request.settings.values())))
        self._seconds = bound(timers, nodes=len(self._names)) + _ALLOWANCE
        self._passing = timers.ttl

    # Looking

    def look(self, *, check: bool) -> list[Case]:
        """Every node, and what is to be done there.

        Args:
            check: nothing will be done; tasks before this one may have declared nodes on paper alone.

        Raises:
            StandbyError: a node cannot be read, or has what must not be there.
        """
        cluster = self._cluster()
        if cluster.records:
            program = bundle.with_dnspython(self._request.program)
            self._request = replace(self._request, program=program)
        check_nodes(cluster, self._names, check=check)
        membership(cluster, next(iter(self._request.settings.values())).options)
        asked = {name: wanted(self._request, name) for name in self._names}

        def one(node: Node) -> Seen:
            own = asked[node.name]
            return seen.look(node, self._files(node), own.home, tuple(own.files), own.caches)

        found = self._fleet.on_all(one)
        if silent := [name for name, has in found.items() if has.running and not has.status]:
            readiness.wait_shown(lambda: self._statuses(silent), self._passing, self._clock)
            found |= self._fleet.on_all(one, silent)
        check_same(self._request.settings, found)
        return [case_of(name, asked[name], found[name]) for name in self._names]

    def key_rounds(self, cases: Sequence[Case], *, rotate: bool) -> list[keys.Round]:
        """What is to be written of the cluster's key."""

        def read(node: Node) -> keys.Keys:
            path = f"{self._request.home}\\{KEYS}"
            return keys.parse(self._files(node).read(path), node.name)

        has = [case.node for case in cases if case.seen.files[KEYS] is not None]
        found = self._fleet.on_all(read, has)
        return keys.rounds({case.node: found.get(case.node, ()) for case in cases}, new_key(), rotate=rotate)

    def newcomers(self, cases: Sequence[Case]) -> list[str]:
        """The hierarchies that no agent looks after yet, and of which something is up on a node."""
        names = [one.name for one in self._new(cases)]
        return [name for name in names if hierarchies_of(self._fleet, name)[0]["state"] != _OUT]

    def check_ready(self, cases: Sequence[Case], up: Sequence[str] = ()) -> None:
        """See to it that agents may be replaced now, where some are to be.

        Args:
            cases: every node.
            up: newcomers that are taken out of service before: agents have to be able to bring them back.

        Raises:
            StandbyError: one that runs could hand nothing on, and that does not pass.
        """
        replaced = [] if up else [case.node for case in cases if case.of(Act.SWAP)]
        self._await_ready([case.node for case in cases if case.seen.running], replaced)

    def _await_ready(self, running: Sequence[str], replaced: Sequence[str]) -> None:
        readiness.wait_ready(lambda: self._statuses(running), replaced, self._passing, self._clock)

    def _new(self, cases: Sequence[Case]) -> tuple[Hierarchy, ...]:
        return newcomers(self._cluster(), {case.node: case.seen for case in cases})

    def _cluster(self) -> Cluster:
        cluster = read_cluster(self._fleet)
        if cluster is None:
            raise StandbyError("the cluster has no definition", remedy="Run the configure playbook first")
        return cluster

    # Doing

    def apply(self, cases: Sequence[Case], rounds: Sequence[keys.Round], up: Sequence[str]) -> None:
        """Do it.

        Args:
            cases: every node.
            rounds: of the key.
            up: newcomers, of which something is up.

        Raises:
            StandbyError: a step failed, or an agent that was started is not well; nothing more was done.
        """
        by_name = {case.node: case for case in cases}

        def prepare(node: Node) -> None:
            case = by_name[node.name]
            for step in case.of(*PREPARING):
                self._installer(node, case).take(step)

        self._fleet.on_all(prepare)
        self.write_keys(rounds)
        if any(case.seen.running for case in cases):
            new = self._new(cases)
            if up:
                self.check_ready(cases, up)
            self._take_out(up)
            self._renew_all(by_name, new)
            self._await_service([one.name for one in new if one.sites])
        else:
            self._begin(cases, up)
        self._fleet.on_all(lambda node: self._take(node, by_name[node.name], Act.TIDY))

    def write_keys(self, rounds: Sequence[keys.Round]) -> None:
        """Write keys, one round on all nodes after the other."""
        path = f"{self._request.home}\\{KEYS}"

        def write(node: Node, one: keys.Round) -> None:
            self._files(node).put({path: keys.text(one[node.name])})

        for one in rounds:
            self._fleet.on_all(partial(write, one=one), list(one))

    def _begin(self, cases: Sequence[Case], up: Sequence[str]) -> None:
        """Start all agents at once, where none runs and nothing is in service any more.

        Records of agents that were removed are closed before: who starts first would count the others lost.
        While they are closed what is in service stays so: no agent runs that could take it.
        """
        by_name = {case.node: case for case in cases}
        self._fleet.on_all(lambda node: self._place(node, by_name[node.name]))
        self._fleet.on_all(unregister)  # none begins by itself meanwhile
        self._fleet.on_all(
            lambda node: self._installer(node, by_name[node.name]).retire(self._seconds, self._clock)
        )
        self._take_out(up)

        def start(node: Node) -> None:
            case = by_name[node.name]
            self._installer(node, case).register(tuple(case.wanted.tasks))
            self._installer(node, case).start()
            self._well(node, case, case.seen.status, ())

        self._fleet.on_all(start)
        self._await_service([one.name for one in self._new(cases) if one.sites])

    def _take_out(self, up: Sequence[str]) -> None:
        for name in up:
            take_out_of_service(self._fleet, name, False, _REASON, beside_agents=True, clock=self._clock)

    def _await_service(self, names: Sequence[str]) -> None:
        """Wait until agents have in service what they did not look after before."""

        def problem() -> str:
            return health.unserved(self._statuses(self._names), names)

        if not names:
            return
        if why := health.wait_until(problem, self._seconds, self._clock):
            raise StandbyError(
                f"the agents run, and after {self._seconds:g} s {why}",
                remedy="Look at the status of that hierarchy on its nodes",
            )

    def _renew_all(self, cases: Mapping[str, Case], new: Iterable[Hierarchy]) -> None:
        """One node after the other; right before each of them, all agents that run must be ready for it."""
        found = {name: case.seen for name, case in cases.items()}
        running = [name for name, has in found.items() if has.running]
        left = [name for name, case in cases.items() if case.of(Act.SWAP)]
        statuses = self._statuses(running)
        unwell = [name for name in left if readiness.unready(statuses[name])]
        for name in order(found, new, unwell):
            self._renew(cases[name], partial(self._await_ready, tuple(running), tuple(left)))
            running = [*dict.fromkeys((*running, name))]
            left = [one for one in left if one != name]

    def _renew(self, case: Case, await_ready: Callable[[], None]) -> None:
        """One node, while agents run on others: its own is started, or relieved by a new one."""
        with self._fleet.lease(case.node) as node:
            if not case.of(Act.SWAP, Act.START):
                self._take(node, case, Act.TASKS)
                return
            self._stage(node, case)
            await_ready()
            earlier = self._statuses([case.node])[case.node]
            serving = case.seen.serving
            began = self._clock.monotonic()
            if case.of(Act.SWAP):
                self._swap(node, case)
            else:
                self._settle(node, case)
                self._take(node, case, Act.TASKS)
                self._installer(node, case).start()
            self._well(node, case, earlier, serving)
            if case.of(Act.SWAP):
                self.handovers[case.node] = round(self._clock.monotonic() - began, 3)

    def _swap(self, node: Node, case: Case) -> None:
        """From here on the lease runs down: nothing is done that can be done before or after."""
        installer = self._installer(node, case)
        try:
            installer.relieve()
            self._settle(node, case)
            self._take(node, case, Act.TASKS)
        finally:
            # Whatever happened: an agent that starts serves on, and its peers see to one that does not.
            installer.start_again(self._clock)

    def _place(self, node: Node, case: Case) -> None:
        self._stage(node, case)
        self._settle(node, case)

    def _stage(self, node: Node, case: Case) -> None:
        self._take(node, case, Act.FILES)
        self._installer(node, case).try_program()

    def _settle(self, node: Node, case: Case) -> None:
        for step in case.of(Act.FILES):
            self._installer(node, case).settle(step)

    def _take(self, node: Node, case: Case, act: Act) -> None:
        for step in case.of(act):
            self._installer(node, case).take(step)

    def _well(self, node: Node, case: Case, earlier: health.Status, serving: Sequence[str]) -> None:
        expected = health.Expected(earlier, serving, case.wanted.works_by)
        files, home = self._files(node), self._request.home
        health.wait_well(node, files, home, expected, self._seconds, self._clock)

    # Nodes

    def _statuses(self, names: Sequence[str]) -> dict[str, health.Status]:
        """What agents show of themselves; nothing where that cannot be read at this moment."""

        def read(node: Node) -> health.Status:
            try:
                return seen.shown(self._files(node), self._request.home)
            except Unreachable:
                raise
            except StandbyError:
                return {}

        return self._fleet.on_all(read, names)

    def _files(self, node: Node) -> Files:
        return Files(node, self._script)

    def _installer(self, node: Node, case: Case) -> Installer:
        return Installer(node, self._files(node), case.wanted, case.seen)
