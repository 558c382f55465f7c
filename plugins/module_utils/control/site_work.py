# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What protecting a site takes, and what is told of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..ha.discovered import SiteDiscovery
from ..ha.facts import NodeFacts
from ..ha.model import Cluster, Ip, Site, SiteType, StandbyMode, Volume
from ..ha.on_node import bound_elsewhere, moved_addresses
from ..ha.site_types import self_starting
from ..ha.twin import Make, TwinPlan, describe, describe_twin, plan_twin
from ..ha.warm import Warmth
from ..windows.iis_config import IisConfiguration
from .ftp_twins import Rules, outdated
from .outcome import Outcome
from .repair import NOTHING, Findings
from .warm_twins import preload_notes, standing_by, without_needless_stop


@dataclass(frozen=True)
class Work:
    """What protecting a site takes on each node; ``findings`` where its twins are to be repaired too."""

    site: Site
    source: str
    configurations: Mapping[str, IisConfiguration]
    facts: Mapping[str, NodeFacts] = field(default_factory=dict)
    volumes: tuple[Volume, ...] = ()
    ips: tuple[Ip, ...] = ()
    rules: Rules = field(default_factory=dict)
    findings: Findings = NOTHING

    @property
    def original(self) -> IisConfiguration:
        """Configuration of the node that has the original."""
        return self.configurations[self.source]

    @property
    def clear_auto_start(self) -> tuple[SiteType, ...]:
        """The services of the original that Windows would start by itself."""
        return self_starting(self.original.site(self.site.name))

    @property
    def twins(self) -> dict[str, TwinPlan]:
        """What is to be done on each backup that needs something."""
        return {node: plan for node, plan in self.plan_twins().items() if plan.needed}

    @property
    def new_rules(self) -> list[str]:
        """The nodes whose FTP authorization rules are to be brought up to date."""
        return outdated(self.rules, self.source, self.site.nodes)

    def plan_twins(self) -> dict[str, TwinPlan]:
        """What is to be done on each backup, needed or not.

        Raises:
            StandbyError: a twin cannot be made there.
        """
        return {
            node: without_needless_stop(
                self._plan(node), self.site, self.facts.get(node), self.volumes, self.ips
            )
            for node in self.configurations
            if node != self.source
        }

    def _plan(self, node: str) -> TwinPlan:
        return plan_twin(
            node,
            self.site.name,
            self.original,
            self.configurations[node],
            self.findings.paths.get(node, ()),
            moved_addresses(self.ips, self.source, node),
        )

    def original_on(self, node: str) -> IisConfiguration:
        """The same with its sites bound to the addresses that they have on another node."""
        return bound_elsewhere(self.original, moved_addresses(self.ips, self.source, node))

    @property
    def standby(self) -> dict[str, Warmth]:
        """How it stands by on each backup where it is to be kept warm."""
        made = {
            node for node, plan in self.twins.items() if plan.site is not Make.KEEP or plan.pools or plan.stop
        }
        return standing_by(self.site, self.source, self.facts, (self.volumes, self.ips), made)

    @property
    def to_warm(self) -> list[str]:
        """The backups on which it is to be started, to be kept warm."""
        return [node for node, one in self.standby.items() if one.lacking and not one.cold]


def outcome_of(work: Work, found: SiteDiscovery, before: Cluster, after: Cluster) -> Outcome:
    """What protecting a site did, or would do.

    Args:
        work: what it takes.
        found: what discovery found of the site.
        before: the definition before.
        after: the definition with it.
    """
    name, twins, sections = work.site.name, work.twins, work.findings.sentences
    to_warm = work.to_warm
    changed = before != after or bool(twins or work.new_rules or sections or work.clear_auto_start or to_warm)
    steps = [sentence for plan in twins.values() for sentence in plan.sentences]
    steps += [f"bring the FTP authorization rules on {node} up to date" for node in work.new_rules]
    steps += sections
    if work.clear_auto_start:
        steps.append(f"take automatic start from the site on {work.source}")
    if before != after:
        steps.append("store the definition on every node")
    steps += [f"start the site on {node}, without its addresses, and keep it warm there" for node in to_warm]
    backups = [node for node in work.site.nodes if node != work.source]
    state = "is protected" if changed else "is protected already"
    beside = f", with its twin on {', '.join(backups)}" if backups else ""
    return Outcome(
        changed=changed,
        message=f'site "{name}" {state}: it is on {work.source}{beside}',
        before={**_shown(work, before), **_lacking(work.findings.shown())},
        after=_predicted(work, after, twins),
        data={
            "site": _returned(work.site, found),
            "steps": steps,
            "source": work.source,
            "standby": {
                node: replace(one, pools=(), start=False).sentence for node, one in work.standby.items()
            },
            "standby_notes": [*preload_notes(work.site, work.original), *_of_agents(work.site, before)],
        },
    )


def _of_agents(site: Site, before: Cluster) -> list[str]:
    """What agents make of a changed standby mode: they read the definition as they begin."""
    former = next((one.standby_mode for one in before.sites if one.name == site.name), None)
    if former is None or former is site.standby_mode:
        return []
    until = "until the role monitor has run again"
    if site.standby_mode is StandbyMode.WARM:
        return [f"agents, where they run, leave it cold {until}"]
    return [f"agents, where they run, start it on its backups again, {until}"]


def _lacking(paths: Mapping[str, list[str]]) -> dict[str, Any]:
    return {"not_the_same": dict(paths)} if paths else {}


def _shown(work: Work, cluster: Cluster) -> dict[str, Any]:
    """The definition, and the site on every node, for the diff."""
    name = work.site.name
    defined = next((site for site in cluster.sites if site.name == name), None)
    return {
        "definition": asdict(defined) if defined else None,
        "nodes": {node: describe(name, configuration) for node, configuration in work.configurations.items()},
        **({"ftp_rules": _shown_rules(work.rules)} if work.rules else {}),
    }


def _predicted(work: Work, cluster: Cluster, twins: Collection[str]) -> dict[str, Any]:
    """What ``_shown`` says once everything is done."""
    name, shown = work.site.name, _shown(work, cluster)
    for node in twins:
        shown["nodes"][node] = describe_twin(name, work.original_on(node))
    for node in work.to_warm:
        shown["nodes"][node] = {**(shown["nodes"][node] or {}), "started": True}
    shown["nodes"][work.source] = {**shown["nodes"][work.source], "auto_start": False}
    if work.rules:
        shown["ftp_rules"] = _shown_rules(dict.fromkeys(work.site.nodes, work.rules.get(work.source, ())))
    return shown


def _shown_rules(rules: Rules) -> dict[str, list[str]]:
    return {node: [str(rule) for rule in those] for node, those in rules.items()}


def _returned(site: Site, found: SiteDiscovery) -> dict[str, Any]:
    return {
        "name": site.name,
        "type": site.type.value,
        "services": [one.value for one in site.services],
        "standby_mode": site.standby_mode.value,
        "nodes": list(site.nodes),
        "ips": list(site.ips),
        "volumes": list(site.volumes),
        "pools": list(site.pools),
        "missing_pools": list(found.missing_pools),
        "hosts": list(found.hosts),
        "other_bindings": list(found.other_bindings),
        "loopback_bindings": list(found.loopback_bindings),
        "unc_paths": list(found.unc_paths),
        "ftp": asdict(found.ftp) if found.ftp is not None else None,
        "smtp": asdict(found.smtp) if found.smtp is not None else None,
        "certificates": [asdict(certificate) for certificate in found.certificates],
        "checks": [asdict(one) for one in site.checks],
    }
