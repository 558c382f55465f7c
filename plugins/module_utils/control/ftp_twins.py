# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""FTP authorization rules of a site and of its twins: no export of a site holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..ha.facts import NodeFacts
from ..windows.ftp_rules import Rule, read_rules, write_rules
from .fleet import Fleet

Rules = Mapping[str, tuple[Rule, ...]]


def rules_of(fleet: Fleet, name: str, facts: Mapping[str, NodeFacts]) -> dict[str, tuple[Rule, ...]]:
    """The rules that hold for a site on each node where it is served by FTP.

    Raises:
        StandbyError: a node could not be read.
    """
    sites = {node: seen.iis.site(name) for node, seen in facts.items() if seen.iis is not None}
    having = [node for node, site in sites.items() if site is not None and site.has_ftp]
    return fleet.on_all(lambda node: read_rules(node, name), having)


def outdated(rules: Rules, source: str, nodes: Iterable[str]) -> list[str]:
    """The nodes whose rules are to be brought up to date; none where the original has no FTP."""
    if source not in rules:
        return []
    return [node for node in nodes if node != source and rules.get(node) != rules[source]]


def bring_rules(fleet: Fleet, name: str, wanted: Sequence[Rule], nodes: Sequence[str]) -> None:
    """Have the same rules hold on some nodes.

    Raises:
        StandbyError: a node refused; the others are finished all the same.
    """
    if nodes:
        fleet.on_all(lambda node: write_rules(node, name, wanted), list(nodes))
